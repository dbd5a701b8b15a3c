"""Which module speaks which dialect. A dialect is a module that satisfies `Format`."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Protocol

from pointsman.errors import PointsmanError
from pointsman.money import Usage
from pointsman.types import Call, Frame, Whole
from pointsman.wire import openai


class Reader(Protocol):
    """Reads one streamed answer, as it comes."""

    usage: Usage | None
    done: bool
    text_size: int

    @property
    def complete(self) -> bool: ...
    def feed(self, chunk: bytes) -> Frame: ...
    def end(self) -> Frame: ...


class ReaderMaker(Protocol):
    def __call__(self, model: str, *, keep_usage: bool, known_as: Collection[str] = ()) -> Reader: ...


class Format(Protocol):
    """One dialect's way with one kind of call: what clients send, what servers are sent and answer."""

    @property
    def PATH(self) -> str: ...  # noqa: N802 - a module's constant
    @property
    def StreamReader(self) -> ReaderMaker: ...  # noqa: N802 - a module's class
    def decode(self, body: bytes, headers: Mapping[str, str]) -> Call: ...
    def encode(self, call: Call, served_as: str) -> bytes: ...
    def read_whole(self, body: bytes, model: str, known_as: Collection[str] = ()) -> Whole: ...
    def error_body(self, error: PointsmanError) -> bytes: ...
    def error_event(self, error: PointsmanError) -> bytes: ...


FORMATS: Mapping[str, Format] = MappingProxyType({"openai.chat": openai})
