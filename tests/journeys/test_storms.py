"""Who fails or says "not now" is not stormed, is found again once it is well, and paid its due."""

import asyncio

import httpx
import pytest

from tests.fakes import answers, faults
from tests.fakes.engine import FakeEngine
from tests.journeys.clock import Clock
from tests.journeys.conftest import StartDaemon
from tests.journeys.views import (
    ask,
    attempts_at,
    attempts_of,
    elsewhere,
    outcomes,
    pauses,
    streamed_and_plain,
    written_down,
)

CROWD = 20
RECOVERS_WITHIN = 30.0  # seconds that a target which is well again is passed by at the most
READ, WRITTEN = 19 - 4, len(answers.USUAL.pieces)  # tokens, those from the cache left out


@streamed_and_plain
async def test_429_with_retry_after_is_waited_out_where_there_is_no_other(
    stream: bool, one: FakeEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient, clock: Clock
) -> None:
    one.faults(faults.status(429, retry_after="2"))
    daemon = await start_daemon(elsewhere(a=one))
    with clock.hurrying():
        told = await ask(patient, daemon, stream=stream)
    assert told.is_whole
    assert told.text == answers.TEXT
    assert told.attempts == 2
    assert 2 <= told.seconds < 5
    (pause,) = pauses(one)
    assert 2 <= pause < 5
    assert outcomes(await written_down(patient, daemon)) == [("a/one", "failed"), ("a/one", "ok")]


async def test_429_without_a_word_is_asked_again_at_longer_intervals(
    one: FakeEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient, clock: Clock
) -> None:
    one.fault = faults.status(429)
    daemon = await start_daemon(elsewhere(a=one))
    with clock.hurrying():
        told = await ask(patient, daemon)
        assert told.status == 429
        assert told.error["src"] == "pointsman"
        assert int(told.headers["Retry-After"]) in {9, 10}
        assert told.headers["x-should-retry"] == "true"
        while len(attempts_of(one)) < 7:
            await asyncio.gather(*(ask(patient, daemon) for _ in range(5)))
            clock.advance(5)
    assert pauses(one) == pytest.approx([5, 10, 20, 40, 60, 60], abs=1)


async def test_429_without_a_word_is_no_reason_for_a_storm_however_many_ask(
    one: FakeEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient, clock: Clock
) -> None:
    one.fault = faults.status(429)
    daemon = await start_daemon(elsewhere(a=one))
    first = asyncio.create_task(ask(patient, daemon))
    await (await one.chat()).ended.wait()
    crowd = [asyncio.create_task(ask(patient, daemon)) for _ in range(CROWD)]
    with clock.hurrying():
        told = await asyncio.gather(first, *crowd)
    assert {one.status for one in told} == {429}
    begun = attempts_of(one)[0].at
    assert sum(seen.at < begun + 3 for seen in attempts_of(one)) <= 4
    assert all(wait >= 4.9 for wait in pauses(one))


async def test_a_crowd_that_asks_before_the_first_429_has_come_is_no_storm_either(
    one: FakeEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient, clock: Clock
) -> None:
    """Nobody knows yet, so that each asks once; from then on they are one."""
    one.fault = faults.status(429)
    daemon = await start_daemon(elsewhere(a=one))
    with clock.hurrying():
        told = await asyncio.gather(*(ask(patient, daemon) for _ in range(CROWD)))
    assert {one.status for one in told} == {429}
    begun = [seen.at - attempts_of(one)[0].at for seen in attempts_of(one)]
    assert len(begun) == CROWD + 1
    assert begun[CROWD - 1] < 1
    assert begun[CROWD] == pytest.approx(5, abs=0.5)


async def test_a_primary_that_comes_and_goes_is_soon_back_when_it_is_well(
    one: FakeEngine, two: FakeEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient, clock: Clock
) -> None:
    daemon = await start_daemon(elsewhere(a=one, b=two))
    one.fault = faults.status(503)
    sick = clock.time()
    for _ in range(35):
        both = [await ask(patient, daemon, stream=stream) for stream in (True, False)]
        assert [told.headers["X-Pointsman-Model"] for told in both] == ["b/two"] * 2
        assert all(told.is_whole for told in both)
        clock.advance(2)
    assert [round(wait) for wait in pauses(one)] == pytest.approx([2, 4, 8, 16, 30], abs=2.5)
    one.fault, well = faults.OK, clock.time()
    while (await ask(patient, daemon)).headers["X-Pointsman-Model"] != "a/one":
        clock.advance(2)
    assert clock.time() - well <= RECOVERS_WITHIN + 2
    assert well - sick > 60


async def test_one_probe_at_a_time(
    one: FakeEngine, two: FakeEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient, clock: Clock
) -> None:
    daemon = await start_daemon(elsewhere(a=one, b=two))
    one.faults(faults.status(503), faults.SLOW)
    assert (await ask(patient, daemon)).headers["X-Pointsman-Model"] == "b/two"
    clock.advance(2)
    crowd = [asyncio.create_task(ask(patient, daemon, stream=True)) for _ in range(CROWD)]
    probe = await one.chat(2)
    await two.chat(CROWD)  # one for the request before, and all of the crowd but the probe
    assert attempts_at(one, two) == [2, CROWD]
    probe.release.set()
    told = await asyncio.gather(*crowd)
    assert sorted(one.headers["X-Pointsman-Model"] for one in told) == ["a/one", *["b/two"] * (CROWD - 1)]
    assert (await ask(patient, daemon)).headers["X-Pointsman-Model"] == "a/one"


@pytest.mark.parametrize(
    ("fault", "more", "charged"),
    [
        (faults.status(503), "", False),
        (faults.RESET, "", False),
        (faults.error_in_200(), "", False),
        (faults.cut(3), '[streams]\nhold = "whole"\n', True),
    ],
    ids=["refused", "reset", "error in a 200", "cut after content"],
)
async def test_a_failed_attempt_costs_what_its_provider_charges(
    fault: faults.Fault,
    more: str,
    charged: bool,
    *,
    one: FakeEngine,
    two: FakeEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
) -> None:
    one.fault = fault
    prices = '[prices."a/one"]\ninput = 10\noutput = 50\n[prices."b/two"]\ninput = 1\noutput = 5\n'
    daemon = await start_daemon(elsewhere(a=one, b=two) + prices + more)
    told = await ask(patient, daemon, stream=True)
    assert told.is_whole
    record = await written_down(patient, daemon)
    *failed, last = record["attempts"]
    assert last["cost"] == (19 * 1 + WRITTEN * 5) * 1_000  # nano-dollars, of dollars per million tokens
    assert {attempt["outcome"] for attempt in failed} == {"failed"}
    for attempt in failed:
        assert (attempt["cost"] > 0) is charged
        assert attempt["estimated"] is charged  # it broke off before it said how much it was
        assert (
            attempt["cost"]
            == ((attempt["input_tokens"] or 0) * 10 + (attempt["output_tokens"] or 0) * 50) * 1_000
        )
    assert record["request"]["cost"] == sum(attempt["cost"] for attempt in record["attempts"])


@streamed_and_plain
async def test_a_limit_that_is_told_inside_a_200_parks_as_any_other(
    stream: bool, one: FakeEngine, two: FakeEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient
) -> None:
    said = {"error": {"code": 429, "message": "Slow down", "type": "rate_limit_error"}}
    one.fault = faults.error_in_200(body=said)
    daemon = await start_daemon(elsewhere(a=one, b=two))
    told = [await ask(patient, daemon, stream=stream) for _ in range(3)]
    assert [one.models for one in told] == [{"b/two"}] * 3
    assert attempts_at(one, two) == [1, 3]
    (shut,) = (await patient.get(f"{daemon.url}/control/v0/limits")).json()["limits"]
    assert (shut["id"], shut["limited"]) == ("a/one", True)


async def test_what_fails_for_many_at_once_has_failed_once(
    one: FakeEngine, two: FakeEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient, clock: Clock
) -> None:
    one.fault = faults.status(503)
    daemon = await start_daemon(elsewhere(a=one, b=two))
    told = await asyncio.gather(*(ask(patient, daemon) for _ in range(CROWD)))
    assert [one.models for one in told] == [{"b/two"}] * CROWD
    one.fault = faults.OK
    clock.advance(2)
    assert (await ask(patient, daemon)).models == {"a/one"}


async def test_who_was_parked_by_others_meanwhile_is_named_among_the_reasons(
    one: FakeEngine,
    two: FakeEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    daemon = await start_daemon(elsewhere(a=one, b=two))
    one.fault = faults.LATE_RESET
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(ask(patient, daemon))
        await one.chat()
        two.fault = faults.status(429, retry_after="60")
        await ask(patient, daemon, "b/two")
        one.fault = faults.status(401)
        one.release()
    told = asking.result()
    assert told.status == 503
    assert "a/one: it answered 401" in told.error["message"]
    assert "b/two: parked for 60 s more: it answered 429" in told.error["message"]
    assert told.headers["Retry-After"] == "60"  # long before a refused key is tried again
    assert attempts_at(one, two) == [2, 1]


@streamed_and_plain
async def test_who_is_parked_for_a_moment_is_waited_for_where_the_others_are_gone_for_long(
    stream: bool,
    *,
    one: FakeEngine,
    two: FakeEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    daemon = await start_daemon(elsewhere(a=one, b=two))
    two.faults(faults.status(503, retry_after="12"))
    await ask(patient, daemon, "b/two", stream=stream)
    clock.advance(5)
    one.fault = faults.status(429, retry_after="3600")
    with clock.hurrying():
        told = await ask(patient, daemon, stream=stream)
    assert told.is_whole
    assert told.models == {"b/two"}
    assert 6 <= told.seconds < 10
    assert attempts_at(one, two) == [1, 2]


async def test_the_first_recovery_is_told_of_all_who_may_answer_those_included_who_were_not_asked(
    one: FakeEngine, two: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(elsewhere(a=one, b=two))
    two.fault = faults.status(429, retry_after="30")
    await ask(http, daemon, "b/two")
    one.fault = faults.status(429, retry_after="3600")
    told = await ask(http, daemon)
    assert (told.status, told.headers["Retry-After"], told.headers["x-should-retry"]) == (429, "30", "true")
    assert "a/one: it answered 429" in told.error["message"]
    assert "b/two: parked for 30 s more: it answered 429" in told.error["message"]


@streamed_and_plain
async def test_who_recovers_while_another_is_asked_in_vain_answers(
    stream: bool,
    *,
    one: FakeEngine,
    two: FakeEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    one.fault = faults.SILENCE
    two.faults(faults.status(429, retry_after="20"))
    daemon = await start_daemon(elsewhere(a=one, b=two) + "[timeouts]\nheaders = 30\nplain = 30\n")
    assert (await ask(patient, daemon, "b/two")).status == 429
    with clock.hurrying():
        told = await ask(patient, daemon, stream=stream)
    assert told.is_whole
    assert told.models == {"b/two"}
    assert attempts_at(one, two) == [1, 2]


@streamed_and_plain
async def test_who_fell_silent_is_not_asked_again_by_the_same_request(
    stream: bool,
    *,
    one: FakeEngine,
    two: FakeEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    one.fault = two.fault = faults.SILENCE
    two.faults(faults.status(429, retry_after="20"))
    more = "[timeouts]\nheaders = 30\nplain = 30\n[streams]\npatience = 400\n"
    daemon = await start_daemon(elsewhere(a=one, b=two) + more)
    assert (await ask(patient, daemon, "b/two")).status == 429
    with clock.hurrying():
        told = await ask(patient, daemon, stream=stream)
    assert told.status == 503
    assert attempts_at(one, two) == [1, 2], "the one is no longer parked by then"
