"""Which module speaks which dialect. A dialect is a module that satisfies `Format`."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

import msgspec

from pointsman.calls import Call, Candidate, Frame, Whole
from pointsman.errors import PointsmanError
from pointsman.money import Usage
from pointsman.types import Dialect
from pointsman.wire import (
    anthropic,
    anthropic_collect,
    anthropic_count,
    ollama,
    ollama_embed,
    openai,
    openai_collect,
    openai_completions,
    openai_embeddings,
)
from pointsman.wire.foreign import NOTHING


class Reader(Protocol):
    """Reads one streamed answer, as it comes. `complete`: it lacks nothing but, maybe, its terminal mark."""

    done: bool
    text_size: int

    @property
    def usage(self) -> Usage | None: ...
    @property
    def complete(self) -> bool: ...
    def feed(self, chunk: bytes) -> Frame: ...
    def end(self) -> Frame: ...


class ReaderMaker(Protocol):
    def __call__(self, model: str, *, keep_usage: bool, known_as: Collection[str] = ()) -> Reader: ...


class Collector(Protocol):
    """Puts a plain answer together from its stream, as its client would get that."""

    def feed(self, raw: bytes) -> None: ...
    def whole(self) -> bytes: ...


class Speech(Protocol):
    """How servers of one dialect are asked one kind of call; what they answer is read into the client's.

    `PATH` is below the place of the API, or below the server's root where `AT_ROOT`.
    """

    @property
    def PATH(self) -> str: ...  # noqa: N802 - a module's constant
    @property
    def AT_ROOT(self) -> bool: ...  # noqa: N802 - a module's constant
    @property
    def StreamReader(self) -> ReaderMaker: ...  # noqa: N802 - a module's class
    def encode(self, call: Call, candidate: Candidate, /) -> bytes: ...
    def read_whole(self, body: bytes, call: Call, candidate: Candidate, /) -> Whole: ...


class Format(Speech, Protocol):
    """One dialect's way with one kind of call, as clients speak it too.

    `WAITING` is what a stream may hold at any time and means nothing: a sign of life.
    """

    @property
    def WAITING(self) -> bytes: ...  # noqa: N802 - a module's constant
    def decode(self, body: bytes, headers: Mapping[str, str]) -> Call: ...
    def error_body(self, error: PointsmanError) -> bytes: ...
    def error_event(self, error: PointsmanError) -> bytes: ...


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "openai.chat": openai,
        "openai.completions": openai_completions,
        "openai.embeddings": openai_embeddings,
        "anthropic.messages": anthropic,
        "anthropic.count": anthropic_count,
    }
)

NATIVE: Mapping[tuple[str, Dialect], Speech] = MappingProxyType(
    {
        ("openai.chat", Dialect.OLLAMA): ollama,
        ("openai.embeddings", Dialect.OLLAMA): ollama_embed,
    }
)
"""Where an engine's own dialect says what the client's has no words for: a context to be set."""

COLLECTORS: Mapping[str, Callable[[str], Collector]] = MappingProxyType(
    {
        "openai.chat": openai_collect.Collector,
        "openai.completions": openai_collect.Collector,
        "anthropic.messages": anthropic_collect.Collector,
    }
)

# OpenAI chooses the best of several only when all are written, and streams sound in one form alone.
_NEVER_STREAMED = ("best_of", "audio")
_CEILINGS = ("max_tokens", "max_completion_tokens")


def as_stream(call: Call) -> Call:
    """A plain call as one for a stream, to collect its answer from; as it is where none can be had."""
    never = any(_is_given(call, name) for name in _NEVER_STREAMED)
    if call.stream or never or call.format not in COLLECTORS:
        return call
    return replace(call, stream=True, fields={**call.fields, "stream": msgspec.Raw(b"true")})


def capped(call: Call, tokens: int, field: str) -> Call:
    """The call with a ceiling for its answer, under the name that its server has for it: of a chat `field`.

    A client's own ceiling is left as it is where it has that name: by another its server may not know it. Of
    vectors and counts there is none.
    """
    name = field if call.format == "openai.chat" else "max_tokens"
    if call.format not in COLLECTORS or _is_given(call, name):
        return call
    others = {other: raw for other, raw in call.fields.items() if other not in _CEILINGS}
    ceiling = msgspec.Raw(str(tokens).encode())
    return replace(call, max_tokens=tokens, fields={**others, name: ceiling})


def _is_given(call: Call, field: str) -> bool:
    raw = call.fields.get(field)
    return isinstance(raw, msgspec.Raw) and bytes(raw) not in NOTHING


def speech(call: Call, candidate: Candidate) -> Speech:
    """What a candidate is asked in: the client's own dialect, passed through, or the engine's."""
    if candidate.context is None:
        return FORMATS[call.format]
    return NATIVE[call.format, candidate.model.endpoint.dialect]


def asks_in(path: str, headers: Mapping[str, str]) -> str:
    """The format of a client that is told what no format's own route tells: a refusal, a list of models."""
    is_anthropic = path.startswith("/v1/messages") or "anthropic-version" in headers
    return "anthropic.messages" if is_anthropic else "openai.chat"
