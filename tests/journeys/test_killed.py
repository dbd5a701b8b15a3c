"""A daemon that is killed in the midst of what costs money: all of it is known and charged afterwards."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.fakes import faults
from tests.fakes.engine import FakeEngine
from tests.journeys.conftest import NO_TLS, chat, config_of
from tests.journeys.daemon import Daemon
from tests.journeys.test_budgets import paid
from tests.journeys.views import Json

STREAMS = 20
TOKENS = 1_000
BUDGET = 2  # dollars a day


@pytest.fixture
async def cloud() -> AsyncIterator[FakeEngine]:
    async with FakeEngine("big", key="sk-cloud", llama=False) as cloud:
        yield cloud


@pytest.fixture
async def daemon(cloud: FakeEngine) -> AsyncIterator[Daemon]:
    async with Daemon(config=config_of() + paid(BUDGET, cloud=cloud)) as daemon:
        yield daemon


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30, trust_env=False, verify=NO_TLS) as http:
        yield http


async def get(http: httpx.AsyncClient, daemon: Daemon, path: str) -> Json:
    found: Json = (await http.get(f"{daemon.url}/control/v0/{path}")).json()
    return found


async def begun(http: httpx.AsyncClient, daemon: Daemon, model: str = "big") -> None:
    """A stream whose client goes on to listen until it breaks off."""
    body = chat(model, stream=True, max_tokens=TOKENS)
    try:
        async with http.stream("POST", f"{daemon.api_base}/chat/completions", json=body) as got:
            async for _ in got.aiter_bytes():
                pass
    except httpx.HTTPError:
        return


async def killed_in_the_midst(http: httpx.AsyncClient, daemon: Daemon, cloud: FakeEngine) -> None:
    """Of so many streams, some before their first content; one answer was whole before."""
    whole = await http.post(f"{daemon.api_base}/chat/completions", json=chat("big", max_tokens=TOKENS))
    assert whole.status_code == 200
    cloud.faults(*[faults.stall(3), faults.SLOW, faults.SILENCE, faults.stall(1)] * (STREAMS // 4))
    listening = [asyncio.create_task(begun(http, daemon)) for _ in range(STREAMS)]
    for number in range(STREAMS):
        await (await cloud.chat(2 + number)).waiting.wait()
    daemon.kill()
    await asyncio.gather(*listening)


async def test_each_stream_is_in_the_ledger_and_charged_what_was_set_aside(
    cloud: FakeEngine, daemon: Daemon, http: httpx.AsyncClient
) -> None:
    await killed_in_the_midst(http, daemon, cloud)
    cloud.mend()
    await asyncio.to_thread(daemon.start)
    lines = (await get(http, daemon, "decisions?limit=100"))["requests"]
    records = [await get(http, daemon, f"decisions/{line['id']}") for line in lines]
    lost = [one for record in records for one in record["attempts"] if one["outcome"] == "lost"]
    assert len(lost) == STREAMS
    assert all(one["cost"] == one["reserved"] > TOKENS * 10_000 for one in lost)
    assert all("was ended in the middle of it" in one["error"] for one in lost)
    (day,) = (await get(http, daemon, "budgets"))["budgets"]
    assert (day["spent"], day["reserved"]) == (sum(line["cost"] for line in lines), 0)
    assert (await get(http, daemon, "spend?since=all"))["total"]["cost"] == day["spent"]


async def test_a_stream_that_costs_nothing_is_in_the_ledger_too(http: httpx.AsyncClient) -> None:
    async with FakeEngine("small") as engine, Daemon(config=config_of(here=engine)) as daemon:
        engine.fault = faults.stall(2)
        listening = asyncio.create_task(begun(http, daemon, "small"))
        async with asyncio.timeout(10):
            while not (await get(http, daemon, "decisions"))["requests"]:
                pass
        daemon.kill()
        await listening
        await asyncio.to_thread(daemon.start)
        (attempt,) = (await get(http, daemon, "decisions/last"))["attempts"]
    assert (attempt["outcome"], attempt["cost"]) == ("lost", 0)


async def test_budgets_go_on_from_there(cloud: FakeEngine, daemon: Daemon, http: httpx.AsyncClient) -> None:
    await killed_in_the_midst(http, daemon, cloud)
    cloud.mend()
    before = len(cloud.chats)
    await asyncio.to_thread(daemon.start)
    (day,) = (await get(http, daemon, "budgets"))["budgets"]
    too_many = day["left"] // 10_000 + 1
    body = chat("big", max_tokens=too_many)
    refused = await http.post(f"{daemon.api_base}/chat/completions", json=body)
    assert refused.status_code == 402
    assert len(cloud.chats) == before
    answered = await http.post(f"{daemon.api_base}/chat/completions", json=chat("big", max_tokens=TOKENS))
    assert answered.status_code == 200
