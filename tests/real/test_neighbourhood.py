"""With nothing configured: who is found, under which names, and that nobody is disturbed by it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import psutil
import pytest
import pytest_asyncio

from tests.journeys.daemon import Daemon
from tests.real.engine import RealEngine, real_engine
from tests.real.neighbourhood import ANOTHER, CLOUD, HANGING, PROXY, Neighbourhood, neighbourhood

IDLE_SECONDS = 600.0
MOST_CPU = 0.2  # per cent of one core


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(llama: None) -> AsyncIterator[Neighbourhood]:
    async with AsyncExitStack() as stack:

        def start(**options: Any) -> RealEngine:
            return stack.enter_context(real_engine(**options))

        try:
            found = await stack.enter_async_context(neighbourhood(start))
        except (OSError, RuntimeError) as error:
            pytest.skip(f"one of the usual ports is taken: {error}")
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def daemon(here: Neighbourhood) -> AsyncIterator[Daemon]:
    async with Daemon() as daemon:
        yield daemon


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(daemon: Daemon) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=daemon.url, timeout=30, trust_env=False) as http:
        (await http.post("/control/v0/discover")).raise_for_status()
        yield http


async def control(http: httpx.AsyncClient, path: str) -> Any:
    return (await http.get(f"/control/v0/{path}")).json()


async def test_all_engines_are_found_once_and_keep_their_names(
    here: Neighbourhood, daemon: Daemon, http: httpx.AsyncClient
) -> None:
    for look in range(2):
        if look:
            await http.post("/control/v0/discover")
        endpoints = (await control(http, "status"))["endpoints"]
        ours = [one for one in endpoints if one["place"] in here.expected.values()]
        assert sorted((one["id"], one["place"]) for one in ours) == sorted(here.expected.items())
        assert {one["health"] for one in ours} == {"up"}


async def test_what_may_pass_prompts_on_is_shown_and_not_used(
    here: Neighbourhood, daemon: Daemon, http: httpx.AsyncClient
) -> None:
    status = await control(http, "status")
    tiers = {one["id"]: one["tier"] for one in status["endpoints"]}
    assert {name for name, tier in tiers.items() if tier == "unknown"} == {f"generic-{PROXY}"}
    assert not any(f":{port}/" in one["place"] for one in status["endpoints"] for port in (ANOTHER, HANGING))
    models = {one["id"]: one["tier"] for one in (await control(http, "models"))["models"]}
    assert models[CLOUD] == "paid"
    listed = [one["id"] for one in (await http.get("/v1/models")).json()["data"]]
    assert CLOUD not in listed
    assert f"generic-{PROXY}/gpt-5" not in listed
    for name in (CLOUD, f"generic-{PROXY}/gpt-5"):
        body = {"model": name, "messages": [{"role": "user", "content": "Hello"}]}
        answer = await http.post("/v1/chat/completions", json=body)
        assert answer.status_code == (402 if name == CLOUD else 503), answer.text


async def test_looking_disturbs_nobody(here: Neighbourhood, daemon: Daemon, http: httpx.AsyncClient) -> None:
    await http.post("/control/v0/discover")  # once more
    assert list(here.disturbed()) == []


@pytest.mark.soak
async def test_ten_idle_minutes_take_next_to_nothing_and_disturb_nobody(
    here: Neighbourhood, daemon: Daemon, http: httpx.AsyncClient
) -> None:
    process = psutil.Process(daemon.pid)
    before = process.cpu_times()
    assert not await asyncio.to_thread(daemon.ends_within, IDLE_SECONDS)
    after = process.cpu_times()
    share = (after.user + after.system - before.user - before.system) / IDLE_SECONDS * 100
    assert share < MOST_CPU
    assert list(here.disturbed()) == []
