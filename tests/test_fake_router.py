"""The fake router loads, throws out and tells as a llama-server in router mode does."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.fakes import answers, faults
from tests.fakes.router import FakeRouter


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session


async def ask(
    http: aiohttp.ClientSession, router: FakeRouter, model: str, *, stream: bool = False
) -> tuple[int, bytes]:
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}], "stream": stream}
    async with http.post(f"{router.api_base}/chat/completions", json=body) as response:
        return response.status, await response.read()


async def states(http: aiohttp.ClientSession, router: FakeRouter) -> dict[str, str]:
    async with http.get(f"{router.api_base}/models") as response:
        return {entry["id"]: entry["status"]["value"] for entry in (await response.json())["data"]}


async def test_a_model_is_loaded_by_the_first_request_and_puts_out_the_other(
    http: aiohttp.ClientSession,
) -> None:
    async with FakeRouter("a", "b") as router:
        assert await states(http, router) == {"a": "unloaded", "b": "unloaded"}
        status, raw = await ask(http, router, "a")
        assert (status, json.loads(raw)["choices"][0]["message"]["content"]) == (200, answers.TEXT)
        assert await states(http, router) == {"a": "loaded", "b": "unloaded"}
        assert (await ask(http, router, "b", stream=True))[0] == 200
        assert await states(http, router) == {"a": "unloaded", "b": "loaded"}
        assert (router.loads, router.evictions, router.aborted) == (["a", "b"], ["a"], [])


async def test_two_fit_where_it_holds_two(http: aiohttp.ClientSession) -> None:
    async with FakeRouter("a", "b", "c", holds=2) as router:
        for model in ("a", "b", "a", "c"):
            await ask(http, router, model)
        assert (router.loads, router.evictions) == (["a", "b", "c"], ["b"])


async def test_who_asks_during_a_load_waits_for_its_end(http: aiohttp.ClientSession) -> None:
    async with FakeRouter("a", "b") as router:
        router.auto = False
        asking = [asyncio.create_task(ask(http, router, "a")) for _ in range(3)]
        await router.chat(3)
        await router.load()
        assert await states(http, router) == {"a": "loading", "b": "unloaded"}
        assert not any(task.done() for task in asking)
        router.finish()
        assert [status for status, _ in await asyncio.gather(*asking)] == [200, 200, 200]
        assert (router.loads, router.most_loading) == (["a"], 1)


async def test_an_answer_of_a_model_that_is_thrown_out_is_cut(http: aiohttp.ClientSession) -> None:
    async with FakeRouter("a", "b") as router:
        router.faults(faults.stall(1))
        asking = asyncio.create_task(ask(http, router, "a", stream=True))
        seen = await router.chat()
        await seen.waiting.wait()
        assert (await ask(http, router, "b"))[0] == 200
        with pytest.raises(aiohttp.ClientError):
            await asking
        assert router.aborted == [seen]


async def test_a_load_that_fails_is_told_to_all_who_wait_for_it(http: aiohttp.ClientSession) -> None:
    async with FakeRouter("a", "b") as router:
        router.broken = {"a"}
        status, raw = await ask(http, router, "a")
        assert (status, b"failed to load" in raw) == (500, True)
        async with http.get(f"{router.api_base}/models") as response:
            entry = (await response.json())["data"][0]
        assert entry["status"]["failed"] is True


async def test_it_says_what_it_is_and_serves_no_other_name(http: aiohttp.ClientSession) -> None:
    async with FakeRouter("a", "b", holds=3) as router:
        async with http.get(f"{router.url}/props") as response:
            props = await response.json()
        assert (props["role"], props["max_instances"]) == ("router", 3)
        assert (await ask(http, router, "zzz"))[0] == 400
        assert router.gets == ["/props"]
        assert router.loads == []


async def test_what_sleeps_wakes_without_putting_anyone_out(http: aiohttp.ClientSession) -> None:
    async with FakeRouter("a", "b") as router:
        router.put("a", "sleeping")
        assert (await ask(http, router, "a"))[0] == 200
        assert (router.loads, router.evictions) == (["a"], [])
