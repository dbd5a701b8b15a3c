"""What Ollama's /api/chat answers, told as OpenAI's API tells it: plain ones whole, streams as they come."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec

from pointsman.calls import Call, Candidate, Frame, Whole
from pointsman.chat import Event, EventKind
from pointsman.errors import UpstreamError, broken
from pointsman.money import Usage
from pointsman.wire import halves, ndjson, sse
from pointsman.wire.foreign import error_message, is_error, refuse_error
from pointsman.wire.openai_answer import demand_own, text_size
from pointsman.wire.openai_usage import UNREADABLE, count

LONGEST_TIME = 40  # characters of a time that are read
LONGEST_MARK = 28  # characters; OpenAI takes 40 for a call's whole id

ONLY_LOADED = "it loaded or unloaded its model, and answered nothing"

_LOADS = ("load", "unload")


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


class _ToolCall(msgspec.Struct):
    function: _Function
    id: str | None = None


class _Message(msgspec.Struct):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[_ToolCall | None] | dict[str, Any] | None = None

    @property
    def calls(self) -> list[_ToolCall]:
        told = self.tool_calls if isinstance(self.tool_calls, list) else []
        return [call for call in told if call and call.function.name]


class _Line(msgspec.Struct):
    """`Any` where something odd spoils no answer. A count of zero is left away by the server."""

    message: _Message | None = None
    done: bool | None = None
    done_reason: Any = None
    created_at: Any = None
    model: Any = None
    prompt_eval_count: Any = None
    eval_count: Any = None
    error: msgspec.Raw = msgspec.Raw(b"")


_line = msgspec.json.Decoder(_Line)
_json = msgspec.json.Encoder()


class _Told:
    """One answer in OpenAI's words, as far as it is known. `model` is said to have given it."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._time = ""
        self._calls = 0

    def said(self, line: _Line) -> tuple[dict[str, Any], list[Event]]:
        """What a line adds, as the fields of a message or a delta and as events."""
        self._time = self._time or _time(line)
        message = line.message or _Message()
        words = (
            (EventKind.REASONING, "reasoning", message.thinking),
            (EventKind.TEXT, "content", message.content),
        )
        said: dict[str, Any] = {name: text for _, name, text in words if text}
        events = [Event(kind, text=text) for kind, _, text in words if text]
        if calls := [self._call(call) for call in message.calls]:
            said["tool_calls"] = calls
            events.append(Event(EventKind.TOOL_CALL))
            events += [Event(EventKind.ARGUMENTS, text=call["function"]["arguments"]) for call in calls]
        return said, events

    def finish(self, line: _Line) -> str:
        if self._calls:
            return "tool_calls"
        return "length" if line.done_reason == "length" else "stop"

    def answer(self, kind: str, choices: list[dict[str, Any]], usage: Usage | None = None) -> bytes:
        counted = {"usage": _counts(usage)} if usage else {}
        about = {"id": f"chatcmpl-{_mark(self._time)}", "object": kind, "created": _seconds(self._time)}
        return halves.restored(_json.encode({**about, "model": self._model, "choices": choices, **counted}))

    def _call(self, call: _ToolCall) -> dict[str, Any]:
        number, self._calls = self._calls, self._calls + 1
        function = {"name": call.function.name, "arguments": _text(call.function.arguments)}
        known_by = call.id or f"call_{_mark(self._time)}_{number}"
        return {"index": number, "id": known_by, "type": "function", "function": function}


def read_whole(body: bytes, _call: Call, candidate: Candidate) -> Whole:
    """A plain answer, as OpenAI's API would have given it. Raises UpstreamError."""
    return read_answer(body, candidate.model.id, candidate.model.known_as)


def read_answer(body: bytes, model: str, known_as: Collection[str] = ()) -> Whole:
    """Raises UpstreamError when it is broken, empty, another model's, or an error in disguise."""
    try:
        line = halves.decode(_line, body)
    except UNREADABLE as error:
        raise broken(f"its answer is not a whole chat: {error}") from None
    refuse_error(line.error)
    demand_own(line.model, known_as)
    told, usage = _Told(model), _usage(line)
    said, events = told.said(line)
    if not line.done:
        raise broken("its answer is not a whole chat: it does not say that it is done")
    if not events and (line.done_reason in _LOADS or not usage or not usage.output):
        raise UpstreamError(ONLY_LOADED if line.done_reason in _LOADS else "its answer is empty")
    choice = {"index": 0, "message": _message(said), "finish_reason": told.finish(line)}
    whole = told.answer("chat.completion", [choice], usage or Usage())
    return Whole(whole, usage, text_size(events))


class StreamReader:
    """Reads one streamed answer, a JSON object in a line. `feed` the bytes as they come, then `end`.

    As `openai_stream.StreamReader`, whose frames its own are like.
    """

    def __init__(self, model: str, *, keep_usage: bool, known_as: Collection[str] = ()) -> None:
        self._told = _Told(model)
        self._keep_usage = keep_usage
        self._known_as = known_as
        self._lines = ndjson.Splitter()
        self._begun = False
        self.usage: Usage | None = None
        self.done = False
        self.skipped = 0
        self.text_size = 0

    @property
    def complete(self) -> bool:
        return self.done

    def feed(self, chunk: bytes) -> Frame:
        """What a chunk brings, as one frame. What follows an error or the last line is not read."""
        return self._frame(self._lines.feed(chunk))

    def end(self) -> Frame:
        """The stream is over. Raises UpstreamError if the answer is not: it was cut."""
        last = self._frame(self._lines.end())
        if not self.done and not any(event.kind is EventKind.ERROR for event in last.events):
            raise broken("the stream ended before it was done: the answer is cut")
        return last

    def _frame(self, lines: list[bytes]) -> Frame:
        raw: list[bytes] = []
        events: list[Event] = []
        for written in lines:
            if self.done:
                break
            try:
                line = halves.decode(_line, written)
            except UNREADABLE:
                self.skipped += 1
                continue
            if complaint := _complaint(line):
                events.append(Event(EventKind.ERROR, text=complaint, said=bytes(line.error)))
                break
            self._hear(line, raw, events)
        return Frame(b"".join(raw), tuple(events))

    def _hear(self, line: _Line, raw: list[bytes], events: list[Event]) -> None:
        demand_own(line.model, self._known_as)
        said, found = self._told.said(line)
        self.text_size += text_size(found)
        if said:
            raw.append(self._chunk(said if self._begun else _message(said)))
            self._begun = True
        events += found
        if line.done:
            self._finish(line, raw, events)

    def _finish(self, line: _Line, raw: list[bytes], events: list[Event]) -> None:
        self.done = True
        self.usage = _usage(line)
        events.append(Event(EventKind.FINISH))
        if self.usage and self.usage.output:
            events.append(Event(EventKind.ANSWERED))
        raw.append(self._chunk({}, self._told.finish(line)))
        if self._keep_usage:
            raw.append(sse.event(self._told.answer("chat.completion.chunk", [], self.usage or Usage())))
        raw.append(sse.event(b"[DONE]"))

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return sse.event(self._told.answer("chat.completion.chunk", [choice]))


def _complaint(line: _Line) -> str:
    """What went wrong, if the line says so."""
    if is_error(line.error):
        return error_message(bytes(line.error)) or "without a word"
    return ONLY_LOADED if line.done and line.done_reason in _LOADS else ""


def _message(said: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": None if "tool_calls" in said else "", **said}


def _usage(line: _Line) -> Usage | None:
    """None where neither was counted."""
    prompt, answer = count(line.prompt_eval_count), count(line.eval_count)
    return Usage(prompt, answer) if prompt or answer else None


def _counts(usage: Usage) -> dict[str, int]:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
    }


def _text(raw: msgspec.Raw) -> str:
    return bytes(raw).decode("utf-8", "replace")


def _mark(time: str) -> str:
    """What tells this answer from others: short, and of letters and digits, as every server takes it back."""
    return "".join(letter for letter in time if letter.isascii() and letter.isalnum())[:LONGEST_MARK]


def _time(line: _Line) -> str:
    return line.created_at[:LONGEST_TIME] if isinstance(line.created_at, str) else ""


def _seconds(time: str) -> int:
    """Of the epoch; 0 for what is no time."""
    try:
        return int(datetime.fromisoformat(time).timestamp())
    except (ValueError, OverflowError, OSError):
        return 0
