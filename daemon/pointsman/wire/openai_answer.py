"""OpenAI's chat/completions: answers, plain and streamed, read, checked and made ready to pass on.

Passed on are the very bytes of every field but `model`, which tells who answered, and usage that
the client did not ask for.
"""

from typing import Annotated, Any

import msgspec

from pointsman.chat import CONTENT, Event, EventKind
from pointsman.errors import UpstreamError
from pointsman.money import Usage
from pointsman.types import Frame, Whole
from pointsman.wire import sse
from pointsman.wire.foreign import error_message

BROKEN_OFF = "its finish reason is `error`"  # OpenRouter's, where the model failed on the way


class _Function(msgspec.Struct):
    name: Any = None


class _ToolCall(msgspec.Struct):
    function: _Function | None = None


class _Said(msgspec.Struct):
    """A message or a delta. `Any` where engines differ: text, null, or a list of parts."""

    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: Any = None
    audio: Any = None
    images: Any = None
    tool_calls: list[_ToolCall] | None = None
    function_call: _Function | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    delta: _Said | None = None
    message: _Said | None = None
    finish_reason: Any = None


_Count = Annotated[int, msgspec.Meta(ge=0)]


class _PromptDetails(msgspec.Struct):
    cached_tokens: _Count | None = None


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: _Count | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: _Count | None = None
    completion_tokens: _Count | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_choices = msgspec.json.Decoder(list[_Choice] | None)
_usage = msgspec.json.Decoder(_Usage | None)
_json = msgspec.json.Encoder()

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read_whole(body: bytes, model: str) -> Whole:
    """Checks a plain answer. Raises UpstreamError when it is broken, empty, or an error in disguise."""
    try:
        fields = _fields.decode(body)
        if (complaint := fields.get("error")) is not None and bytes(complaint) != b"null":
            raise UpstreamError(f"it answered 200 with an error inside: {error_message(bytes(complaint))}")
        choices = _choices.decode(fields.get("choices", b"null")) or []
        usage = _read_usage(fields.get("usage"))
    except _UNREADABLE as error:
        raise UpstreamError(f"its answer is not a whole chat completion: {error}") from None
    events = [event for choice in choices for event in _events(choice, choice.message)]
    if usage and usage.output and any(choice.finish_reason for choice in choices):
        events.append(Event(EventKind.ANSWERED))
    if any(event.kind is EventKind.ERROR for event in events):
        raise UpstreamError(f"it broke off: {BROKEN_OFF}")
    if not Frame(b"", tuple(events)).has_content:
        raise UpstreamError("its answer is empty")
    fields["model"] = msgspec.Raw(_json.encode(model))
    return Whole(_json.encode(fields), usage, _text_size(events))


class StreamReader:
    """Reads one streamed answer. `feed` the bytes as they come, then `end`.

    `usage` is the last that was reported, `text_size` the characters seen, `skipped` the events that
    could not be read and were left out.
    """

    def __init__(self, model: str, *, keep_usage: bool) -> None:
        self._model = msgspec.Raw(_json.encode(model))
        self._keep_usage = keep_usage
        self._blocks = sse.Splitter()
        self._open: set[int] = set()
        self._finished: set[int] = set()
        self.usage: Usage | None = None
        self.done = False
        self.skipped = 0
        self.text_size = 0

    @property
    def complete(self) -> bool:
        """Every answer that was begun has its finish reason, or the terminal marker came."""
        return self.done or (bool(self._finished) and not self._open)

    def feed(self, chunk: bytes) -> Frame:
        """What a chunk brings, as one frame. What follows an error event or `[DONE]` is not read."""
        return self._frame(self._blocks.feed(chunk))

    def end(self) -> Frame:
        """The stream is over. Raises UpstreamError if the answer is not: it was cut."""
        last = self._frame(self._blocks.end())
        if self.done or any(event.kind is EventKind.ERROR for event in last.events):
            return last
        if not self.complete:
            raise UpstreamError("the stream ended without a finish reason: the answer is cut")
        self.done = True
        return Frame(last.raw + sse.event(b"[DONE]"), last.events)

    def _frame(self, blocks: list[bytes]) -> Frame:
        raw: list[bytes] = []
        events: list[Event] = []
        for block in blocks:
            if self.done:
                break
            data = sse.data_of(block)
            if data is None:
                raw.extend([block + b"\n\n"] if block.startswith(b":") else [])
            elif data.strip() == b"[DONE]":
                self.done = True
                raw.append(sse.event(b"[DONE]"))
            elif not self._chunk(data, raw, events):
                break
        return Frame(b"".join(raw), tuple(events))

    def _chunk(self, data: bytes, raw: list[bytes], events: list[Event]) -> bool:
        """Adds one chunk to the frame; False when it is an error, after which nothing counts."""
        try:
            fields = _fields.decode(data)
            if (complaint := fields.get("error")) is not None and bytes(complaint) != b"null":
                events.append(Event(EventKind.ERROR, text=error_message(bytes(complaint))))
                return False
            choices = _choices.decode(fields.get("choices", b"null")) or []
            usage = _read_usage(fields.get("usage"))
        except _UNREADABLE:
            self.skipped += 1
            return True
        events.extend(self._heard(choices, usage))
        if any(event.kind is EventKind.ERROR for event in events):
            return False
        if not self._keep_usage and fields.pop("usage", None) is not None and not choices:
            return True
        fields["model"] = self._model
        raw.append(sse.event(_json.encode(fields)))
        return True

    def _heard(self, choices: list[_Choice], usage: Usage | None) -> list[Event]:
        """What a chunk says, counted."""
        self.usage = usage or self.usage
        for choice in choices:
            self._note(choice)
        said = [event for choice in choices for event in _events(choice, choice.delta)]
        self.text_size += _text_size(said)
        if self.usage and self.usage.output and self._finished:
            said.append(Event(EventKind.ANSWERED))
        return said

    def _note(self, choice: _Choice) -> None:
        if choice.finish_reason:
            self._finished.add(choice.index)
            self._open.discard(choice.index)
        elif choice.index not in self._finished:
            self._open.add(choice.index)


def _events(choice: _Choice, said: _Said | None) -> list[Event]:
    found: list[Event] = []
    if said is not None:
        for value, kind in (
            (said.content, EventKind.TEXT),
            (said.reasoning_content or said.reasoning, EventKind.REASONING),
            (said.refusal, EventKind.REFUSAL),
            (said.audio or said.images, EventKind.MEDIA),
        ):
            if value:
                found.append(Event(kind, choice.index, value if isinstance(value, str) else ""))
        if any(call.function and call.function.name for call in said.tool_calls or ()) or (
            said.function_call and said.function_call.name
        ):
            found.append(Event(EventKind.TOOL_CALL, choice.index))
    if choice.finish_reason == "error":
        found.append(Event(EventKind.ERROR, choice.index, BROKEN_OFF))
    elif choice.finish_reason:
        found.append(Event(EventKind.FINISH, choice.index))
    return found


def _text_size(events: list[Event]) -> int:
    return sum(len(event.text) for event in events if event.kind in CONTENT)


def _read_usage(raw: msgspec.Raw | None) -> Usage | None:
    """None also for figures that can't be read: no reason to throw a good answer away."""
    try:
        usage = _usage.decode(raw) if raw is not None else None
    except _UNREADABLE:
        return None
    if usage is None or usage.prompt_tokens is None:
        return None
    return Usage(
        input=usage.prompt_tokens,
        output=usage.completion_tokens or 0,
        cache_read=(usage.prompt_tokens_details and usage.prompt_tokens_details.cached_tokens) or 0,
        reasoning=(usage.completion_tokens_details and usage.completion_tokens_details.reasoning_tokens) or 0,
    )
