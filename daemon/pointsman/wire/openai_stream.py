"""OpenAI's chat/completions and completions: streamed answers, read as they come and made ready to pass on.

Passed on are the very bytes of every field but `model`, which tells who answered, and usage that
the client did not ask for.
"""

import re
from collections.abc import Collection
from typing import Any

import msgspec

from pointsman.calls import Frame
from pointsman.chat import Event, EventKind
from pointsman.errors import broken
from pointsman.money import Usage
from pointsman.wire import halves, sse
from pointsman.wire.foreign import NOTHING, error_message, is_error
from pointsman.wire.openai_answer import LONGEST_NAME, Choice, Odd, Said, demand_own, events_of, text_size
from pointsman.wire.openai_retell import retold
from pointsman.wire.openai_usage import UNREADABLE, read_usage


class _Piece(Choice):
    delta: Said | Odd = None


class _Groq(msgspec.Struct):
    """Groq's own corner of a chunk: in the last one, its usage, where no other field tells it."""

    usage: msgspec.Raw = msgspec.Raw(b"")


class _Chunk(msgspec.Struct):
    choices: list[_Piece | Odd] | dict[str, Any] | str | float | bool | None = None
    usage: msgspec.Raw = msgspec.Raw(b"")
    x_groq: _Groq | Odd = None
    error: msgspec.Raw = msgspec.Raw(b"")
    model: Any = None
    object: Any = None
    type: Any = None

    @property
    def told_usage(self) -> msgspec.Raw:
        if bytes(self.usage) in NOTHING and isinstance(self.x_groq, _Groq):
            return self.x_groq.usage
        return self.usage

    @property
    def is_error(self) -> bool:
        """In its own field; or all of it is one: vLLM's once were, and some gateways' are."""
        return is_error(self.error) or (self.choices is None and "error" in (self.object, self.type))


_chunk = msgspec.json.Decoder(_Chunk)
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_json = msgspec.json.Encoder()


class StreamReader:
    """Reads one streamed answer, which is said to be `model`'s. `feed` the bytes as they come, then `end`.

    `known_as` are the names that the model may give itself; none: any. Both raise UpstreamError.

    `usage` is the last that was reported, `text_size` the characters seen, `skipped` the events that
    could not be read and were left out.
    """

    def __init__(self, model: str, *, keep_usage: bool, known_as: Collection[str] = ()) -> None:
        self._model = msgspec.Raw(_json.encode(model))
        self._keep_usage = keep_usage
        self._known_as = known_as
        self._blocks = sse.Splitter()
        self._open: set[int] = set()
        self._finished: set[int] = set()
        self._theirs: str | None = None
        self._named: re.Pattern[bytes] | None = None
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
        return self._frame(self._events(self._blocks.feed(chunk)))

    def end(self) -> Frame:
        """The stream is over. Raises UpstreamError if the answer is not: it was cut.

        Where nothing was said, what is left may be a plain answer: some servers know no streams.
        """
        last = self._frame(self._events(self._blocks.end()))
        if self.done or any(event.kind is EventKind.ERROR for event in last.events):
            return last
        if not self.complete:
            raise broken("the stream ended without a finish reason: the answer is cut")
        self.done = True
        return Frame(last.raw + sse.event(b"[DONE]"), last.events)

    def _events(self, blocks: list[bytes]) -> list[bytes]:
        """As they came; what is JSON where nothing was said yet is told as the events it stands for."""
        if self._open or self._finished or not any(block.lstrip().startswith(b"{") for block in blocks):
            return blocks
        return [told for block in blocks for told in retold(block)]

    def _frame(self, blocks: list[bytes]) -> Frame:
        raw: list[bytes] = []
        events: list[Event] = []
        for block in blocks:
            if self.done:
                break
            data = sse.data_of(block)
            if data is None:
                raw.extend([block + b"\n\n"] if block.startswith(b":") else [])
            elif data.startswith(b"[") and data.strip() == b"[DONE]":
                self.done = True
                raw.append(sse.event(b"[DONE]"))
            elif not self._read(data, raw, events):
                break
        return Frame(b"".join(raw), tuple(events))

    def _read(self, data: bytes, raw: list[bytes], events: list[Event]) -> bool:
        """Adds one chunk to the frame; False when it is an error, after which nothing counts."""
        try:
            chunk = halves.decode(_chunk, data)
            ours = self._ours(data, chunk)
        except UNREADABLE:
            self.skipped += 1
            return True
        if chunk.is_error:
            complaint = bytes(chunk.error) if is_error(chunk.error) else data
            events.append(Event(EventKind.ERROR, text=error_message(complaint), said=complaint))
            return False
        said = self._heard(chunk)
        events.extend(said)
        if any(event.kind is EventKind.ERROR for event in said):
            return False
        raw.extend([sse.event(ours)] if ours else [])
        return True

    def _heard(self, chunk: _Chunk) -> list[Event]:
        """What a chunk says, counted."""
        if bytes(chunk.told_usage) not in NOTHING:
            self.usage = read_usage(chunk.told_usage) or self.usage
        said: list[Event] = []
        for piece in chunk.choices if isinstance(chunk.choices, list) else ():
            if isinstance(piece, _Piece):
                self._note(piece)
                said += events_of(piece, piece.delta if isinstance(piece.delta, Said) else None)
        self.text_size += text_size(said)
        if self._finished and self.usage and self.usage.output:
            said.append(Event(EventKind.ANSWERED))
        return said

    def _note(self, piece: _Piece) -> None:
        number = piece.number
        if piece.finish_reason:
            self._finished.add(number)
            self._open.discard(number)
        elif number not in self._finished:
            self._open.add(number)

    def _ours(self, data: bytes, chunk: _Chunk) -> bytes:
        """The chunk as its client gets it; empty if it brings nothing but usage that nobody asked for."""
        if isinstance(chunk.model, str) and chunk.model != self._theirs:
            self._told_by(chunk.model)
        too_much = bytes(chunk.usage) != b"" and not self._keep_usage
        if too_much and not chunk.choices:
            return b""
        if not too_much and chunk.model == self._theirs and (renamed := self._renamed(data)):
            return renamed
        fields = halves.decode(_fields, data)
        if too_much:
            del fields["usage"]
        fields["model"] = self._model
        return halves.restored(_json.encode(fields))

    def _told_by(self, theirs: str) -> None:
        """A name that is beyond all measure is replaced all the same, though not as fast."""
        demand_own(theirs, self._known_as)
        self._theirs = theirs
        sane = len(theirs) <= LONGEST_NAME
        self._named = re.compile(rb'"model"\s*:\s*' + re.escape(_json.encode(theirs))) if sane else None

    def _renamed(self, data: bytes) -> bytes | None:
        """The chunk with our name for the model; None if it does not hold theirs exactly once."""
        if self._named is None:
            return None
        renamed, count = self._named.subn(lambda _: b'"model":' + bytes(self._model), data)
        return renamed if count == 1 else None
