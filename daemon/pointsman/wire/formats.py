"""Which module speaks which dialect. A dialect is a module that satisfies `Format`."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Protocol

from pointsman.errors import PointsmanError
from pointsman.money import Usage
from pointsman.types import Call, Candidate, Dialect, Frame, Whole
from pointsman.wire import (
    anthropic,
    anthropic_count,
    ollama,
    ollama_embed,
    openai,
    openai_completions,
    openai_embeddings,
)


class Reader(Protocol):
    """Reads one streamed answer, as it comes."""

    done: bool
    text_size: int

    @property
    def usage(self) -> Usage | None: ...
    def feed(self, chunk: bytes) -> Frame: ...
    def end(self) -> Frame: ...


class ReaderMaker(Protocol):
    def __call__(self, model: str, *, keep_usage: bool, known_as: Collection[str] = ()) -> Reader: ...


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


def speech(call: Call, candidate: Candidate) -> Speech:
    """What a candidate is asked in: the client's own dialect, passed through, or the engine's."""
    if candidate.context is None:
        return FORMATS[call.format]
    return NATIVE[call.format, candidate.model.endpoint.dialect]


def asks_in(path: str, headers: Mapping[str, str]) -> str:
    """The format of a client that is told what no format's own route tells: a refusal, a list of models."""
    is_anthropic = path.startswith("/v1/messages") or "anthropic-version" in headers
    return "anthropic.messages" if is_anthropic else "openai.chat"
