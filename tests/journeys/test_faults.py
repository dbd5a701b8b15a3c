"""Each way in which an engine can fail, and what client, providers and ledger then see of it.

Two models of two accounts elsewhere: `a/one`, which fails, is asked first, and `b/two` could answer as well.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

import httpx
import pytest

from tests.fakes import answers, faults
from tests.fakes.engine import FakeEngine
from tests.fakes.faults import Fault, Kind
from tests.journeys.clock import Clock
from tests.journeys.conftest import Here, StartDaemon, StartEngine
from tests.journeys.views import (
    ANTHROPIC,
    OPENAI,
    Dialect,
    Told,
    ask,
    attempts_at,
    elsewhere,
    outcomes,
    streamed_and_plain,
    written_down,
)

WRITTEN = len(answers.USUAL.pieces)
HURRY = 4.0  # seconds that all but waiting may take, on a busy machine
WHOLE = '[streams]\nhold = "whole"\n'
LIMITED = {"error": {"code": 429, "message": "Slow down", "type": "rate_limit_error"}}
REFUSED_KEY = {"error": {"code": 401, "message": "No such key", "type": "authentication_error"}}


class Ends(NamedTuple):
    """How a request ends: who answers it, how often either was asked, and after how many seconds."""

    by: str
    asked: tuple[int, int]
    seconds: float = 0.0

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        first, second = self.asked
        failed = [("a/one", "failed")] * (first - (not second))
        return [*failed, (self.by, "ok")]


FIRST = Ends("a/one", (1, 0))  # nothing went wrong in the end
RETRIED = Ends("a/one", (2, 0))
NEXT = Ends("b/two", (1, 1))
NEXT_IN_THE_END = Ends("b/two", (2, 1))  # after a second try at the same


@dataclass(frozen=True, slots=True)
class Case:
    """`once`: only the first of its answers is like that. `plain`: where that ends otherwise."""

    fault: Fault
    streamed: Ends
    plain: Ends | None = None
    once: bool = False
    more: str = ""  # configuration

    def ends(self, *, stream: bool) -> Ends:
        return self.streamed if stream or self.plain is None else self.plain


CASES = {
    "429 with Retry-After": Case(faults.status(429, retry_after="2"), NEXT),
    "429 without": Case(faults.status(429), NEXT),
    "500 once": Case(faults.status(500), RETRIED, once=True),
    "500 for good": Case(faults.status(500), NEXT_IN_THE_END),
    "502 once": Case(faults.status(502), RETRIED, once=True),
    "503 for good": Case(faults.status(503), NEXT),
    "503, and its words never end": Case(faults.half_refused(503), NEXT._replace(seconds=5)),
    "504": Case(faults.status(504), NEXT),
    "529": Case(faults.status(529), NEXT),
    "401": Case(faults.status(401), NEXT),
    "402": Case(faults.status(402), NEXT),
    "403": Case(faults.status(403), NEXT),
    "404": Case(faults.status(404), NEXT),
    "400 of its own": Case(faults.status(400), NEXT),
    "reset before headers once": Case(faults.RESET, RETRIED, once=True),
    "reset before headers for good": Case(faults.RESET, NEXT_IN_THE_END),
    "silence": Case(faults.SILENCE, NEXT._replace(seconds=30), NEXT._replace(seconds=300)),
    "slow first token": Case(faults.SLOW, NEXT._replace(seconds=60), NEXT._replace(seconds=30)),
    "slow first token, patience of 10 s": Case(
        faults.SLOW,
        NEXT._replace(seconds=10),
        NEXT._replace(seconds=10),
        more="[timeouts]\nfirst_content = 10\n",
    ),
    "context length": Case(faults.CONTEXT_LENGTH, NEXT),
    "cut before content": Case(faults.cut(), NEXT_IN_THE_END),
    "stall before content": Case(faults.stall(), NEXT._replace(seconds=60), NEXT._replace(seconds=30)),
    "half-closed before content": Case(faults.half_closed(), NEXT_IN_THE_END),
    "ends before content": Case(faults.ends(), NEXT),
    "empty answer": Case(faults.EMPTY, NEXT),
    "a web page": Case(faults.WRONG_TYPE, NEXT),
    "truncated": Case(faults.TRUNCATED, NEXT),
    "error in a 200": Case(faults.error_in_200(), NEXT_IN_THE_END),
    "rate limit in a 200": Case(faults.error_in_200(body=LIMITED), NEXT),
    "refused key in a 200": Case(faults.error_in_200(body=REFUSED_KEY), NEXT),
    "malformed chunk": Case(faults.malformed(2), FIRST, NEXT),
    "no [DONE]": Case(faults.NO_DONE, FIRST),
    "no [DONE], and no end": Case(faults.LINGERS, FIRST),
    "drip": Case(faults.DRIP, FIRST),
}
AFTER_CONTENT = {
    "cut": (faults.cut(2), 0),
    "stall": (faults.stall(2), 30),
    "ends": (faults.ends(2), 0),
    "half-closed": (faults.half_closed(2), 0),
    "truncated": (Fault(Kind.TRUNCATED, 2), 0),
    "error": (faults.error_in_200(2), 0),
}
Start = Callable[..., Awaitable[Here]]
DIALECTS = {"openai": OPENAI, "anthropic": ANTHROPIC}

# To a status Anthropic's clients are no others than OpenAI's.
WAYS = {
    f"{name}-{dialect}": (case, DIALECTS[dialect])
    for name, case in CASES.items()
    for dialect in DIALECTS
    if dialect == "openai" or case.fault.kind is not Kind.STATUS
}
every_way = pytest.mark.parametrize(("case", "dialect"), WAYS.values(), ids=WAYS)
every_dialect = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
every_break = pytest.mark.parametrize(("fault", "seconds"), AFTER_CONTENT.values(), ids=AFTER_CONTENT)


@pytest.fixture
async def one(start_engine: StartEngine) -> FakeEngine:
    return await start_engine("one", key="sk-a")


@pytest.fixture
async def two(start_engine: StartEngine) -> FakeEngine:
    return await start_engine("two", key="sk-b", context=8192)


@pytest.fixture
def start(start_daemon: StartDaemon, one: FakeEngine, two: FakeEngine) -> Start:
    async def begin(more: str = "") -> Here:
        return await start_daemon(elsewhere(a=one, b=two) + more)

    return begin


@streamed_and_plain
@every_way
async def test_what_fails_before_content_is_answered_whole(
    case: Case,
    stream: bool,
    dialect: Dialect,
    *,
    one: FakeEngine,
    two: FakeEngine,
    start: Start,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    fail(one, case)
    daemon = await start(case.more)
    with clock.hurrying():
        told = await ask(patient, daemon, stream=stream, dialect=dialect)
    ends = case.ends(stream=stream)
    assert_whole(told, ends)
    assert told.raw.count(dialect.sign) == signs(ends.seconds) * stream
    assert attempts_at(one, two) == list(ends.asked)
    record = await written_down(patient, daemon)
    assert outcomes(record) == ends.outcomes
    assert (record["attempts"][-1]["input_tokens"], record["attempts"][-1]["output_tokens"]) == (19, WRITTEN)


@every_dialect
@every_break
async def test_a_stream_that_breaks_after_content_ends_in_an_error(
    fault: Fault,
    seconds: float,
    dialect: Dialect,
    *,
    one: FakeEngine,
    two: FakeEngine,
    start: Start,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    one.fault = fault
    daemon = await start()
    with clock.hurrying():
        told = await ask(patient, daemon, stream=True, dialect=dialect)
    assert told.broken
    assert dialect.done not in told.raw
    assert told.error["src"] == "pointsman"
    assert told.text
    assert answers.TEXT.startswith(told.text)
    assert told.models == {"a/one"}
    assert seconds <= told.seconds < seconds + HURRY
    assert attempts_at(one, two) == [1, 0]
    record = await written_down(patient, daemon)
    assert outcomes(record) == [("a/one", "cut")]
    assert 0 < record["attempts"][0]["output_tokens"] < WRITTEN


async def test_usage_that_never_comes_is_not_waited_for_long(
    one: FakeEngine, start: Start, patient: httpx.AsyncClient, clock: Clock
) -> None:
    one.fault, one.tells_usage = faults.LINGERS, False
    daemon = await start()
    with clock.hurrying():
        told = await ask(patient, daemon, stream=True)
    assert told.is_whole
    assert told.text == answers.TEXT
    assert 5 <= told.seconds < 5 + HURRY
    record = await written_down(patient, daemon)
    assert outcomes(record) == [("a/one", "ok")]
    assert record["attempts"][0]["output_tokens"] > 0


@every_dialect
async def test_a_model_that_still_speaks_when_the_time_is_over_is_not_blamed(
    dialect: Dialect,
    *,
    one: FakeEngine,
    two: FakeEngine,
    start: Start,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    one.fault = faults.stall(2)
    daemon = await start("[timeouts]\ntotal = 20\n")
    with clock.hurrying():
        told = await ask(patient, daemon, stream=True, dialect=dialect)
    assert told.broken
    assert told.error["message"] == "its answer was not finished after 20 s (`[timeouts] total`)"
    assert 20 <= told.seconds < 20 + HURRY
    assert attempts_at(one, two) == [1, 0]
    assert not daemon.rooms.router.limits()


@every_dialect
@every_break
async def test_a_stream_that_is_held_is_rescued(
    fault: Fault,
    seconds: float,
    dialect: Dialect,
    *,
    one: FakeEngine,
    two: FakeEngine,
    start: Start,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    one.fault = fault
    daemon = await start(WHOLE)
    with clock.hurrying():
        told = await ask(patient, daemon, stream=True, dialect=dialect)
    ends = NEXT._replace(seconds=seconds)
    assert_whole(told, ends)
    assert attempts_at(one, two) == list(ends.asked)
    record = await written_down(patient, daemon)
    assert outcomes(record) == ends.outcomes
    assert record["attempts"][0]["output_tokens"] > 0  # its provider may charge for what nobody saw


def signs(seconds: float) -> int:
    """Of life, to a streaming client who waits for so long: after 15 s, and every 10 s from then on."""
    return max(0, ceil((seconds - 15) / 10))


def fail(engine: FakeEngine, case: Case) -> None:
    if case.once:
        engine.faults(case.fault)
    else:
        engine.fault = case.fault


def assert_whole(told: Told, ends: Ends) -> None:
    assert told.is_whole, told.raw
    assert told.text == answers.TEXT
    assert told.models == {ends.by}
    assert told.usage == (19, WRITTEN)
    assert ends.seconds <= told.seconds < ends.seconds + HURRY
    if told.seconds < 15:  # later a streaming client has had a sign of life, and with it the head
        assert told.headers["X-Pointsman-Model"] == ends.by
        assert told.attempts == sum(ends.asked)
