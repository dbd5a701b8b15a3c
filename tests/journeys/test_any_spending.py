"""Whatever goes wrong, and whoever leaves: in the end nothing is set aside, and what was spent is known."""

import asyncio
from contextlib import suppress

import httpx
import pytest

from tests.fakes import faults
from tests.fakes.engine import FakeEngine
from tests.journeys.clock import Clock
from tests.journeys.conftest import StartDaemon, StartEngine
from tests.journeys.test_budgets import STEADY, paid, spent
from tests.journeys.test_leaving import until
from tests.journeys.views import ask

ENDINGS = [
    faults.OK,
    faults.RESET,
    faults.EMPTY,
    faults.TRUNCATED,
    faults.WRONG_TYPE,
    faults.NO_DONE,
    faults.OTHERWISE,
    faults.CONTENT_FILTER,
    faults.CONTEXT_LENGTH,
    faults.cut(2),
    faults.ends(2),
    faults.malformed(1),
    faults.error_in_200(),
    faults.error_in_200(2),
    faults.half_refused(429),
    *map(faults.status, (400, 401, 402, 413, 429, 500, 503, 529)),
]
WAYS = ["", "[streams]\nhold = 'whole'\n", "[streams]\ncollect = true\n"]


@pytest.fixture
async def clouds(start_engine: StartEngine) -> tuple[FakeEngine, FakeEngine]:
    return (
        await start_engine("big", key="sk-cloud", llama=False),
        await start_engine("other", key="sk-sky", llama=False),
    )


@pytest.mark.parametrize("way", WAYS, ids=["plainly", "held", "collected"])
async def test_however_calls_end_nothing_stays_set_aside_and_all_is_known(
    way: str,
    clouds: tuple[FakeEngine, FakeEngine],
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    one, two = clouds
    config = paid(100, STEADY + way + "[fallback]\nbig = ['big', 'other']\n", cloud=one, sky=two)
    daemon = await start_daemon(config)
    with clock.hurrying():
        for fault in ENDINGS:
            for stream in (True, False):
                one.faults(fault, fault)
                daemon.rooms.router.reset_limits()
                await ask(patient, daemon, "big", stream=stream, max_tokens=500)
    one.fault = faults.stall(2)
    daemon.rooms.router.reset_limits()
    leaving = [
        asyncio.create_task(ask(patient, daemon, "big", stream=stream, max_tokens=500))
        for stream in (True, False)
    ]
    seen = len(one.chats) + len(leaving)
    await one.chat(seen)
    for task in leaving:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*leaving)

    async def is_over() -> bool:
        await patient.get(f"{daemon.url}/healthz")
        return daemon.rooms.budgets.stands()[0].reserved == 0

    await until(is_over)
    (day,) = daemon.rooms.budgets.stands()
    assert day.spent == await spent(patient, daemon) > 0
