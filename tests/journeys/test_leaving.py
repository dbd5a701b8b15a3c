"""Clients that leave while their request waits: nothing of it is left, and nobody is asked for it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import httpx
import pytest

from tests.fakes import answers, faults
from tests.fakes.engine import FakeEngine
from tests.fakes.router import FakeRouter
from tests.journeys.clock import Clock
from tests.journeys.conftest import Here, StartDaemon, StartEngine
from tests.journeys.views import ask, attempts_at, elsewhere, outcomes, streamed_and_plain, written_down

TURNS = 1000  # of the loop


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(TURNS):
        if await holds():
            return
    raise AssertionError("it never came to that")


async def is_written_down(http: httpx.AsyncClient, daemon: Here, status: int) -> bool:
    got = await http.get(f"{daemon.url}/control/v0/decisions", params={"limit": 1})
    return [one["status"] for one in got.json()["requests"]] == [status]


@pytest.fixture
async def router(stack: AsyncExitStack) -> FakeRouter:
    return await stack.enter_async_context(FakeRouter("one"))


@streamed_and_plain
async def test_who_leaves_while_a_limit_is_waited_out_asks_nobody_any_more(
    stream: bool,
    *,
    start_engine: StartEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    one: FakeEngine = await start_engine("one", key="sk-a")
    one.faults(faults.status(429, retry_after="5"))
    daemon = await start_daemon(elsewhere(a=one))
    asking = asyncio.create_task(ask(patient, daemon, stream=stream))
    await (await one.chat()).ended.wait()
    asking.cancel()
    await until(lambda: is_written_down(patient, daemon, 499))
    assert outcomes(await written_down(patient, daemon)) == [("a/one", "failed")]
    clock.advance(6)
    assert (await ask(patient, daemon)).text == answers.TEXT
    assert attempts_at(one) == [2], "the one before the limit, and the next client's"


@streamed_and_plain
async def test_who_leaves_the_line_for_a_load_is_not_asked_for_when_it_is_over(
    stream: bool,
    *,
    router: FakeRouter,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
) -> None:
    router.auto = False
    daemon = await start_daemon(a=router)
    first = asyncio.create_task(ask(patient, daemon, "a/one", stream=True))
    await router.load()
    second = asyncio.create_task(ask(patient, daemon, "a/one", stream=stream))

    async def waits() -> bool:
        await asyncio.sleep(0)
        return daemon.rooms.loads.waiting == 1

    await until(waits)
    second.cancel()
    await until(lambda: is_written_down(patient, daemon, 499))
    assert daemon.rooms.loads.waiting == 0
    assert outcomes(await written_down(patient, daemon)) == []
    router.finish()
    assert (await first).text == answers.TEXT
    assert attempts_at(router) == [1]
