"""What can go wrong with an engine, as values; and what it then sends, as a script without I/O.

A `Fault` says what is to happen, `reply` turns it into a `Reply`: bytes in order, with `Step`s among
them that only a connection can take (wait for the test, hang up). The server merely acts it out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from tests.fakes import answers
from tests.fakes.answers import Answer


class Kind(StrEnum):
    """`after` counts content chunks of a stream; of a plain answer the same faults fall in mid-body."""

    OK = "ok"
    STATUS = "status"  # an error status, with any body
    HALF_REFUSED = "half-refused"  # the same, with a body that pauses in its midst until the test releases it
    RESET = "reset"  # the connection is reset before any header
    SILENCE = "silence"  # no header comes until the test releases it
    SLOW = "slow"  # headers (and a role) come, no content until the test releases it
    LATE_RESET = "late-reset"  # headers (and a role) come; the connection is reset when the test releases it
    CUT = "cut"  # the connection is reset in mid-answer
    ENDS = "ends"  # the answer just ends, correctly framed: no finish reason, no [DONE]
    STALL = "stall"  # it pauses in mid-answer until the test releases it
    HALF_CLOSED = "half-closed"  # it ends its side in mid-answer, and keeps the connection open
    MALFORMED = "malformed"  # one event that is not JSON, the rest intact; plain: not JSON at all
    NO_DONE = "no-done"  # a stream with a finish reason and without [DONE]
    LINGERS = "lingers"  # as NO_DONE, and the connection stays open until the test releases it
    EMPTY = "empty"  # a well-formed answer that says nothing
    ERROR = "error"  # 200, and an error object: as an event of the stream, or as the plain body
    TRUNCATED = "truncated"  # plain: half of the JSON, correctly framed; a stream: half of an event
    WRONG_TYPE = "wrong-type"  # 200 and a web page
    DRIP = "drip"  # byte by byte
    OTHERWISE = "otherwise"  # a plain answer to who asks for a stream, and a stream to who does not


class Step(StrEnum):
    """What a script holds beside bytes."""

    WAIT = "wait"
    RESET = "reset"
    HALF_CLOSE = "half-close"


@dataclass(frozen=True, slots=True)
class Fault:
    kind: Kind = Kind.OK
    after: int = 0
    status: int = 200
    body: object = None  # of an error: JSON, or a str or bytes as it is
    headers: Mapping[str, str] = field(default_factory=dict)


OK = Fault()
RESET = Fault(Kind.RESET)
SILENCE = Fault(Kind.SILENCE)
SLOW = Fault(Kind.SLOW)
LATE_RESET = Fault(Kind.LATE_RESET)
NO_DONE = Fault(Kind.NO_DONE)
LINGERS = Fault(Kind.LINGERS)
EMPTY = Fault(Kind.EMPTY)
TRUNCATED = Fault(Kind.TRUNCATED)
WRONG_TYPE = Fault(Kind.WRONG_TYPE)
DRIP = Fault(Kind.DRIP)
OTHERWISE = Fault(Kind.OTHERWISE)
CONTEXT_LENGTH = Fault(
    Kind.STATUS,
    status=400,
    body=answers.error(
        400,
        "request (5017 tokens) exceeds the available context size (2048 tokens), try increasing it",
        "exceed_context_size_error",
        n_prompt_tokens=5017,
        n_ctx=2048,
    ),
)
CONTENT_FILTER = Fault(
    Kind.STATUS,
    status=400,
    body={
        "error": {
            "message": "The response was filtered: the prompt triggered the content management policy.",
            "type": None,
            "param": "prompt",
            "code": "content_filter",
        }
    },
)


def status(code: int, body: object = None, retry_after: str | None = None) -> Fault:
    """An error status. Without a body: an OpenAI-shaped one."""
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    shown = answers.error(code, f"fake trouble {code}", "server_error") if body is None else body
    return Fault(Kind.STATUS, status=code, body=shown, headers=headers)


def half_refused(code: int) -> Fault:
    return Fault(Kind.HALF_REFUSED, status=code, body=answers.error(code, "fake trouble", "server_error"))


def cut(after: int = 0) -> Fault:
    return Fault(Kind.CUT, after)


def ends(after: int = 0) -> Fault:
    return Fault(Kind.ENDS, after)


def stall(after: int = 0) -> Fault:
    return Fault(Kind.STALL, after)


def half_closed(after: int = 0) -> Fault:
    return Fault(Kind.HALF_CLOSED, after)


def malformed(after: int = 0) -> Fault:
    return Fault(Kind.MALFORMED, after)


def error_in_200(after: int = 0, body: object = None) -> Fault:
    return Fault(Kind.ERROR, after, body=body or answers.error(500, "fake trouble in a 200", "server_error"))


Part = bytes | Step


@dataclass(frozen=True, slots=True)
class Reply:
    """`before` comes ahead of the headers; `framed` promises the length of all parts."""

    parts: Sequence[Part]
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    before: Step | None = None
    framed: bool = True


BEFORE_HEADERS = MappingProxyType({Kind.RESET: Step.RESET, Kind.SILENCE: Step.WAIT})
MID_ANSWER = MappingProxyType(
    {Kind.CUT: Step.RESET, Kind.STALL: Step.WAIT, Kind.HALF_CLOSED: Step.HALF_CLOSE}
)
NOT_JSON = b'{"choices":[{"delta":{"content": oops'
PAGE = b"<!doctype html><title>Please sign in to the network</title>"
JSON_TYPE = "application/json; charset=utf-8"


class Voice(Protocol):
    """How a dialect says an answer: a module. A stream opens, brings contents, closes, and is `DONE`."""

    @property
    def DONE(self) -> bytes: ...  # noqa: N802 - a module's constant
    @property
    def STREAM_TYPE(self) -> str: ...  # noqa: N802 - a module's constant
    def completion(self, answer: Answer, model: str) -> bytes: ...
    def opening(self, model: str) -> bytes: ...
    def contents(self, answer: Answer, model: str) -> list[bytes]: ...
    def closing(self, answer: Answer, model: str, *, usage: bool) -> list[bytes]: ...
    def framed(self, data: bytes) -> bytes: ...


def reply(
    fault: Fault, answer: Answer, model: str, *, stream: bool, usage: bool, voice: Voice = answers
) -> Reply:
    """What the engine sends for a chat request. `usage`: the stream was asked to include it."""
    if fault.kind is Kind.STATUS:
        return Reply([_raw(fault.body)], JSON_TYPE, fault.status, fault.headers)
    if fault.kind is Kind.HALF_REFUSED:
        words = _raw(fault.body)
        return Reply([words[:10], Step.WAIT, words[10:]], JSON_TYPE, fault.status)
    if fault.kind is Kind.WRONG_TYPE:
        return Reply([PAGE], "text/html")
    said = answers.NOTHING if fault.kind is Kind.EMPTY else answer
    before = BEFORE_HEADERS.get(fault.kind)
    if stream is not (fault.kind is Kind.OTHERWISE):
        parts = _drip(fault, _stream(fault, said, model, voice, usage=usage))
        return Reply(parts, voice.STREAM_TYPE, before=before, framed=False)
    return Reply(_drip(fault, _plain(fault, voice.completion(said, model))), JSON_TYPE, before=before)


def _stream(fault: Fault, answer: Answer, model: str, voice: Voice, *, usage: bool) -> list[Part]:
    contents = voice.contents(answer, model)
    begun: list[Part] = [voice.opening(model), *contents[: fault.after]]
    rest = contents[fault.after :]
    end = voice.closing(answer, model, usage=usage)
    match fault.kind:
        case Kind.CUT | Kind.HALF_CLOSED:
            return [*begun, MID_ANSWER[fault.kind]]
        case Kind.LATE_RESET:
            return [*begun, Step.WAIT, Step.RESET]
        case Kind.ENDS:
            return begun
        case Kind.TRUNCATED:
            return [*begun, rest[0][: len(rest[0]) // 2]]
        case Kind.ERROR:
            return [*begun, voice.framed(answers.compact(fault.body))]
        case Kind.SLOW | Kind.STALL:
            return [*begun, Step.WAIT, *rest, *end, voice.DONE]
        case Kind.MALFORMED:
            return [*begun, voice.framed(NOT_JSON), *rest, *end, voice.DONE]
        case Kind.NO_DONE:
            return [*begun, *rest, *end]
        case Kind.LINGERS:
            return [*begun, *rest, *end, Step.WAIT]
        case _:
            return [*begun, *rest, *end, voice.DONE]


def _plain(fault: Fault, body: bytes) -> list[Part]:
    half = len(body) // 2
    match fault.kind:
        case Kind.CUT | Kind.STALL | Kind.HALF_CLOSED:
            return [body[:half], MID_ANSWER[fault.kind], body[half:]]
        case Kind.SLOW:
            return [Step.WAIT, body]
        case Kind.LATE_RESET:
            return [Step.WAIT, Step.RESET, body]
        case Kind.ENDS | Kind.TRUNCATED:
            return [body[:half]]
        case Kind.ERROR:
            return [answers.compact(fault.body)]
        case Kind.MALFORMED:
            return [NOT_JSON]
        case _:
            return [body]


def _drip(fault: Fault, parts: list[Part]) -> list[Part]:
    if fault.kind is not Kind.DRIP:
        return parts
    return [bytes([byte]) for part in parts if isinstance(part, bytes) for byte in part]


def _raw(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else answers.compact(body)
