"""What servers of Anthropic's dialect answer: read, checked and made ready to pass on.

Passed on are the very bytes that came, but for the model's name, which tells who answered.
"""

import re
from collections.abc import Collection
from types import MappingProxyType
from typing import Annotated, Any

import msgspec

from pointsman.calls import Call, Candidate, Empty, Frame, Whole
from pointsman.chat import Event, EventKind
from pointsman.errors import broken
from pointsman.money import Usage
from pointsman.wire import halves, sse
from pointsman.wire.anthropic_request import named_event
from pointsman.wire.anthropic_retell import retold
from pointsman.wire.foreign import NOTHING, error_message, is_error
from pointsman.wire.openai_answer import LONGEST_NAME, Odd, demand_own, read_fields, said_by, text_size
from pointsman.wire.openai_usage import MOST_TOKENS, UNREADABLE

REFUSAL = "refusal"  # the reason to stop of a model that will not answer

NO_MESSAGE = "its answer is not a whole message: it has no content"

_Count = Annotated[int, msgspec.Meta(ge=0, le=MOST_TOKENS)]


class _Block(msgspec.Struct):
    """A block of an answer, or what a delta adds to one. `Any` where something odd spoils no answer."""

    type: Any = ""
    text: Any = None
    thinking: Any = None
    name: Any = None
    input: msgspec.Raw = msgspec.Raw(b"")  # of a tool call that is told whole
    partial_json: Any = None  # of one that is told in pieces
    stop_reason: Any = None  # of an answer's own delta


class _Written(msgspec.Struct):
    """What was written to a cache, by how long it is kept there."""

    ephemeral_5m_input_tokens: _Count | None = None
    ephemeral_1h_input_tokens: _Count | None = None


class _Thought(msgspec.Struct):
    thinking_tokens: _Count | None = None


class _Figures(msgspec.Struct):
    """Each is the sum so far, and the last that came is the one that counts.

    `input_tokens` is what was neither read from a cache nor written to one.
    """

    input_tokens: _Count | None = None
    output_tokens: _Count | None = None
    cache_read_input_tokens: _Count | None = None
    cache_creation_input_tokens: _Count | None = None
    cache_creation: _Written | None = None
    output_tokens_details: _Thought | None = None


class _Started(msgspec.Struct):
    model: Any = None
    usage: msgspec.Raw = msgspec.Raw(b"")


class _Told(msgspec.Struct):
    """One event of a stream."""

    type: Any = ""
    message: _Started | Odd = None
    content_block: _Block | Odd = None
    delta: _Block | Odd = None
    usage: msgspec.Raw = msgspec.Raw(b"")
    error: msgspec.Raw = msgspec.Raw(b"")


_told = msgspec.json.Decoder(_Told)
_figures = msgspec.json.Decoder(_Figures)
_content = msgspec.json.Decoder(list[_Block] | None)
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_json = msgspec.json.Encoder()

_WORDS = MappingProxyType(
    {
        "text": EventKind.TEXT,
        "text_delta": EventKind.TEXT,
        "thinking": EventKind.REASONING,
        "thinking_delta": EventKind.REASONING,
    }
)
_CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_SILENT = frozenset({"", "signature_delta", "citations_delta"})  # the rest of a block


class Counted:
    """The usage of one answer, as far as it has been told."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def hear(self, raw: msgspec.Raw) -> None:
        """Figures that can't be read are no reason to throw a good answer away."""
        if bytes(raw) in NOTHING:
            return
        try:
            told = _figures.decode(raw)
        except UNREADABLE:
            return
        for part in (told, told.cache_creation, told.output_tokens_details):
            figures = msgspec.structs.asdict(part) if part else {}
            self._last |= {name: count for name, count in figures.items() if isinstance(count, int)}

    @property
    def usage(self) -> Usage | None:
        if "input_tokens" not in self._last:
            return None
        cached, written = self._of("cache_read_input_tokens"), self._of("cache_creation_input_tokens")
        return Usage(
            input=self._last["input_tokens"] + cached + written,
            output=self._of("output_tokens"),
            cache_read=cached,
            cache_write=written,
            cache_write_hour=self._for_an_hour(written),
            reasoning=self._of("thinking_tokens"),
        )

    def _for_an_hour(self, written: int) -> int:
        """Of what was written, what is dearer: a sum that grew after it was split grew by that."""
        if not self._of("ephemeral_1h_input_tokens"):
            return 0
        return max(written - self._of("ephemeral_5m_input_tokens"), 0)

    def _of(self, name: str) -> int:
        return self._last.get(name, 0)


def read_whole(body: bytes, _call: Call, candidate: Candidate) -> Whole:
    """A plain answer, said to be the candidate's.

    Raises UpstreamError when it is broken, empty, another model's, or an error in disguise.
    """
    counted = Counted()
    try:
        fields = read_fields(body, candidate.model.known_as)
        blocks = _content.decode(fields.get("content", b"null")) or []
        stop = msgspec.json.decode(fields.get("stop_reason", b"null"))
    except UNREADABLE as error:
        raise broken(f"its answer is not a whole message: {error}") from None
    counted.hear(fields.get("usage", msgspec.Raw(b"")))
    events = [event for number, block in enumerate(blocks) for event in _said(block, number)]
    events += _ended(stop, counted.usage)
    if not Frame(b"", tuple(events)).has_content:
        raise Empty(counted.usage) if "content" in fields else broken(NO_MESSAGE)
    return Whole(said_by(candidate.model.id, fields), counted.usage, text_size(events))


class StreamReader:
    """Reads one streamed answer, which is said to be `model`'s. `feed` the bytes as they come, then `end`.

    `known_as` are the names that the model may give itself; none: any. Both raise UpstreamError. Usage
    belongs to this dialect's answers, asked for or not. `skipped` counts the events that could not be read.
    """

    def __init__(self, model: str, *, keep_usage: bool, known_as: Collection[str] = ()) -> None:  # noqa: ARG002
        self._model = _json.encode(model)
        self._known_as = known_as
        self._blocks = sse.Splitter()
        self._counted = Counted()
        self._begun = False
        self._stopped = False
        self.done = False
        self.skipped = 0
        self.text_size = 0

    @property
    def usage(self) -> Usage | None:
        return self._counted.usage

    @property
    def complete(self) -> bool:
        """It gave its reason to stop."""
        return self._stopped

    def feed(self, chunk: bytes) -> Frame:
        """What a chunk brings, as one frame. What follows an error or `message_stop` is not read."""
        return self._frame(self._events(self._blocks.feed(chunk)))

    def end(self) -> Frame:
        """The stream is over. Raises UpstreamError if the answer is not: it was cut.

        Where nothing was said, what is left may be a plain answer: some servers know no streams.
        """
        last = self._frame(self._events(self._blocks.end()))
        if self.done or any(event.kind is EventKind.ERROR for event in last.events):
            return last
        if not self._stopped:
            raise broken("the stream ended without a stop reason: the answer is cut")
        self.done = True
        return Frame(last.raw + named_event(b"message_stop", b'{"type":"message_stop"}'), last.events)

    def _events(self, blocks: list[bytes]) -> list[bytes]:
        """As they came; what is JSON where nothing was said yet is told as the events it stands for."""
        if self._begun or not any(block.lstrip().startswith(b"{") for block in blocks):
            return blocks
        return [told for block in blocks for told in retold(block)]

    def _frame(self, blocks: list[bytes]) -> Frame:
        raw: list[bytes] = []
        events: list[Event] = []
        for block in blocks:
            if self.done or not self._read(block, raw, events):
                break
        return Frame(b"".join(raw), tuple(events))

    def _read(self, block: bytes, raw: list[bytes], events: list[Event]) -> bool:
        """Adds one event to the frame; False when it is an error, after which nothing counts."""
        if (data := sse.data_of(block)) is None:
            raw.extend([block + b"\n\n"] if block.startswith(b":") else [])
            return True
        try:
            told = halves.decode(_told, data)
            ours = self._ours(block, data, told)
        except UNREADABLE:
            self.skipped += 1
            return True
        if told.type == "error" or is_error(told.error):
            said = bytes(told.error)
            events.append(Event(EventKind.ERROR, text=error_message(said), said=said))
            return False
        events += self._heard(told)
        raw.append(ours)
        return True

    def _heard(self, told: _Told) -> list[Event]:
        """What an event says, counted."""
        self._begun = True
        if isinstance(told.message, _Started):
            self._counted.hear(told.message.usage)
        self._counted.hear(told.usage)
        blocks = [block for block in (told.content_block, told.delta) if isinstance(block, _Block)]
        said = [event for block in blocks for event in _said(block)]
        if told.type == "message_delta" and isinstance(told.delta, _Block) and told.delta.stop_reason:
            self._stopped = True
            said += _ended(told.delta.stop_reason, self.usage)
        self.done = told.type == "message_stop"
        self.text_size += text_size(said)
        return said

    def _ours(self, block: bytes, data: bytes, told: _Told) -> bytes:
        """The event as its client gets it: as it came, but for the name of the model."""
        if not isinstance(told.message, _Started) or not isinstance(told.message.model, str):
            return block + b"\n\n"
        demand_own(told.message.model, self._known_as)
        if len(told.message.model) <= LONGEST_NAME:
            theirs = re.compile(rb'"model"\s*:\s*' + re.escape(_json.encode(told.message.model)))
            renamed, count = theirs.subn(lambda _: b'"model":' + self._model, block)
            if count == 1:
                return renamed + b"\n\n"
        fields = halves.decode(_fields, data)
        fields["message"] = msgspec.Raw(
            _json.encode({**_fields.decode(fields["message"]), "model": msgspec.Raw(self._model)})
        )
        return named_event(b"message_start", halves.restored(_json.encode(fields)))


def _said(block: _Block, number: int = 0) -> list[Event]:
    """What a block says: words, or a call of a tool; any other kind is content that we know nothing of."""
    told = block.type if isinstance(block.type, str) else ""
    if (kind := _WORDS.get(told)) is not None:
        text = block.text if kind is EventKind.TEXT else block.thinking
        return [Event(kind, number, text)] if text and isinstance(text, str) else []
    if told in _CALLS:
        return [Event(EventKind.TOOL_CALL, number), *_arguments(block, number)] if block.name else []
    if told == "input_json_delta":
        return _arguments(block, number)
    return [] if told in _SILENT else [Event(EventKind.MEDIA, number)]


def _arguments(block: _Block, number: int) -> list[Event]:
    """Of a call that is told in pieces the first has none: `{}`."""
    whole = bytes(block.input).decode("utf-8", "replace")
    words = block.partial_json if isinstance(block.partial_json, str) else "" if whole == "{}" else whole
    return [Event(EventKind.ARGUMENTS, number, words)] if words else []


def _ended(stop: object, usage: Usage | None) -> list[Event]:
    if not stop:
        return []
    if stop == REFUSAL:
        return [Event(EventKind.REFUSAL), Event(EventKind.FINISH)]
    answered = [Event(EventKind.ANSWERED)] if usage and usage.output else []
    return [Event(EventKind.FINISH), *answered]
