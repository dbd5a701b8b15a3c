"""A machine that sleeps, or whose time of day is set, while somebody is left alone."""

import asyncio
from dataclasses import dataclass

import httpx
import pytest

from pointsman.build import Times
from pointsman.machine import PERIOD
from tests.fakes import answers, faults
from tests.fakes.engine import FakeEngine
from tests.journeys.clock import Clock
from tests.journeys.conftest import StartDaemon, StartEngine
from tests.journeys.views import ask, attempts_at, attempts_of, elsewhere, pauses

TODAY = 1_800_000_000.0  # seconds since 1970


@dataclass(slots=True)
class Machine:
    """Its clocks go with the loop's, which stands still while it sleeps."""

    clock: Clock
    slept: float = 0.0
    set_by: float = 0.0

    def times(self) -> Times:
        return Times(
            wall=lambda: TODAY + self.clock.time() + self.slept + self.set_by,
            monotonic=self.clock.time,
            sleepless=lambda: self.clock.time() + self.slept,
        )

    async def look(self) -> None:
        """Returns when the daemon has looked at the clocks."""
        with self.clock.hurrying():
            await asyncio.sleep(PERIOD + 1)


@pytest.fixture
def machine(clock: Clock) -> Machine:
    return Machine(clock)


@pytest.fixture
async def one(start_engine: StartEngine) -> FakeEngine:
    return await start_engine("one", key="sk-a")


async def test_a_limit_goes_on_while_the_machine_sleeps(
    machine: Machine, one: FakeEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient, clock: Clock
) -> None:
    one.faults(faults.status(429, retry_after="60"))
    daemon = await start_daemon(elsewhere(a=one), machine.times())
    assert (await ask(patient, daemon)).headers["Retry-After"] == "60"
    machine.slept += 47
    await machine.look()
    with clock.hurrying():
        told = await ask(patient, daemon)
    assert (told.text, told.attempts) == (answers.TEXT, 1)
    (pause,) = pauses(one)
    assert 13 <= pause < 15, "on our clock; on the provider's it is a minute"


async def test_what_was_broken_before_a_sleep_is_tried_again_after_it(
    machine: Machine, one: FakeEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient
) -> None:
    one.faults(faults.status(401))
    daemon = await start_daemon(elsewhere(a=one), machine.times())
    assert (await ask(patient, daemon)).status == 503
    machine.slept += 30
    await machine.look()
    assert (await ask(patient, daemon)).text == answers.TEXT
    assert attempts_at(one) == [2]


@pytest.mark.parametrize("seconds", [7200.0, -7200.0], ids=["ahead", "back"])
async def test_a_clock_that_is_set_changes_no_recovery(
    seconds: float,
    *,
    machine: Machine,
    one: FakeEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    one.faults(faults.status(429, retry_after="60"))
    daemon = await start_daemon(elsewhere(a=one), machine.times())
    assert (await ask(patient, daemon)).status == 429
    machine.set_by = seconds
    await machine.look()
    told = await ask(patient, daemon)
    assert (told.status, attempts_at(one)) == (429, [1])
    assert 50 < int(told.headers["Retry-After"]) <= 54
    clock.advance(54)
    assert (await ask(patient, daemon)).text == answers.TEXT


@pytest.mark.parametrize("slept", [0.0, 30.0], ids=["awake", "asleep"])
async def test_after_a_sleep_no_connection_from_before_is_used(
    slept: float,
    *,
    machine: Machine,
    one: FakeEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
) -> None:
    """One that was in use meanwhile is the only one that would still be kept."""
    one.faults(faults.SILENCE)
    daemon = await start_daemon(elsewhere(a=one), machine.times())
    asking = asyncio.create_task(ask(patient, daemon, stream=True))
    await one.chat()
    machine.slept += slept
    await machine.look()
    one.release()
    assert (await asking).is_whole
    assert (await ask(patient, daemon)).text == answers.TEXT
    first, second = attempts_of(one)
    assert (first.peer == second.peer) is (slept == 0)
