"""Many at once for an engine that holds one model: each is answered, and nobody is thrown out for another."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from pointsman.execution.answer import NOTED_AFTER
from tests.fakes import answers, faults
from tests.fakes.router import FakeRouter
from tests.journeys.clock import Clock
from tests.journeys.conftest import Here, StartDaemon, StartEngine, chat
from tests.journeys.test_answers import said

PATIENCE = 15.0  # seconds after which a test that waits is broken
TURNS = 100_000  # of the loop


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False, limits=limits) as client:
        yield client


@pytest.fixture
async def router() -> AsyncIterator[FakeRouter]:
    async with FakeRouter("a", "b", "c") as router:
        yield router


Asked = asyncio.Task[httpx.Response]


class Crowd:
    """Requests under way to one daemon."""

    def __init__(self, daemon: Here, http: httpx.AsyncClient) -> None:
        self.daemon = daemon
        self._http = http

    def ask(self, model: str, *, stream: bool = False, priority: str = "normal") -> Asked:
        url = f"{self.daemon.api_base}/chat/completions"
        headers = {"X-Pointsman-Priority": priority}
        return asyncio.create_task(self._http.post(url, json=chat(model, stream=stream), headers=headers))

    async def waiting(self, number: int) -> None:
        """Returns when so many wait in line."""
        loads = self.daemon.rooms.loads
        for _ in range(TURNS):
            if loads.waiting == number:
                return
            await asyncio.sleep(0)
        raise AssertionError(f"{loads.waiting} wait, not {number}")


MakeCrowd = Callable[..., Awaitable[Crowd]]


@pytest.fixture
def crowd(start_daemon: StartDaemon, http: httpx.AsyncClient) -> MakeCrowd:
    async def make(more: str = "", **engines: object) -> Crowd:
        return Crowd(await start_daemon(more, **engines), http)

    return make


def reason(got: httpx.Response) -> str:
    assert got.status_code == 503
    return str(got.json()["error"]["message"])


async def test_fifty_at_once_for_two_unloaded_models_are_all_answered_by_two_loads(
    router: FakeRouter, crowd: MakeCrowd
) -> None:
    here = await crowd(r=router)
    asked = [here.ask("ab"[number % 2], stream=number % 3 == 0) for number in range(50)]
    for got in await asyncio.gather(*asked):
        assert (got.status_code, said(got)) == (200, answers.TEXT)
    assert sorted(router.loads) == ["a", "b"]
    assert (router.most_loading, router.aborted) == (1, [])
    assert len(router.chats) == 50


async def test_a_long_answer_is_not_cut_by_fifty_for_another_model(
    router: FakeRouter, crowd: MakeCrowd
) -> None:
    router.faults(faults.stall(2))
    here = await crowd(r=router)
    long = here.ask("a", stream=True)
    seen = await router.chat()
    await seen.waiting.wait()
    others = [here.ask("b", stream=number % 2 == 0) for number in range(50)]
    await here.waiting(50)
    assert router.loads == ["a"]
    seen.release.set()
    assert said(await long) == answers.TEXT
    assert {got.status_code for got in await asyncio.gather(*others)} == {200}
    assert (router.loads, router.aborted) == (["a", "b"], [])


async def test_what_waits_in_line_is_in_the_ledger_too(
    router: FakeRouter, crowd: MakeCrowd, http: httpx.AsyncClient, clock: Clock
) -> None:
    """A crash would lose it without a trace."""
    router.faults(faults.stall(2))
    here = await crowd(r=router)
    long = here.ask("a", stream=True)
    seen = await router.chat()
    await seen.waiting.wait()
    second = here.ask("b")
    await here.waiting(1)
    clock.advance(2 * NOTED_AFTER)
    lines = (await http.get(f"{here.daemon.url}/control/v0/decisions")).json()["requests"]
    assert [(line["asked"], line["status"], line["attempts"]) for line in lines] == [("b", 0, 0), ("a", 0, 1)]
    seen.release.set()
    await asyncio.gather(long, second)
    lines = (await http.get(f"{here.daemon.url}/control/v0/decisions")).json()["requests"]
    assert [(line["asked"], line["status"], line["attempts"]) for line in lines] == [
        ("b", 200, 1),
        ("a", 200, 1),
    ]


async def test_what_is_urgent_goes_before_what_is_not(router: FakeRouter, crowd: MakeCrowd) -> None:
    router.faults(faults.stall(2))
    here = await crowd(r=router)
    first = here.ask("a", stream=True)
    seen = await router.chat()
    await seen.waiting.wait()
    asked = [here.ask("b", priority="background")]
    await here.waiting(1)
    asked.append(here.ask("c"))
    await here.waiting(2)
    seen.release.set()
    assert {got.status_code for got in await asyncio.gather(first, *asked)} == {200}
    assert router.loads == ["a", "c", "b"]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
async def test_when_the_client_leaves_whose_request_loads_the_next_one_takes_over(
    stream: bool, router: FakeRouter, crowd: MakeCrowd
) -> None:
    router.auto = False
    here = await crowd(r=router)
    first = here.ask("a", stream=stream)
    await router.load()
    second = here.ask("a", stream=stream)
    await here.waiting(1)
    first.cancel()
    await router.chat(2)  # what the engine has begun for the first, the second waits for there
    router.finish()
    assert said(await second) == answers.TEXT
    assert router.loads == ["a"]


async def test_a_load_that_fails_is_tried_once_and_all_who_waited_are_answered_elsewhere(
    router: FakeRouter, crowd: MakeCrowd, start_engine: StartEngine
) -> None:
    router.auto = False
    here = await crowd('[fallback]\n"r/a" = ["s/spare"]\n', r=router, s=await start_engine("spare"))
    asked = [here.ask("r/a") for _ in range(10)]
    await router.load()
    await here.waiting(9)
    router.finish(ok=False)
    for got in await asyncio.gather(*asked):
        assert got.headers["X-Pointsman-Model"] == "s/spare"
    assert (router.loads, len(router.chats)) == (["a"], 1)


@pytest.mark.parametrize("stream", [False, True])
async def test_an_empty_answer_is_no_failed_load(router: FakeRouter, crowd: MakeCrowd, stream: bool) -> None:
    router.auto = False
    router.faults(faults.EMPTY)
    here = await crowd(r=router)
    asked = [here.ask("a", stream=stream) for _ in range(10)]
    await router.load()
    await here.waiting(9)
    router.finish()
    first, *others = await asyncio.gather(*asked)
    assert "its answer is empty" in reason(first)
    assert {got.status_code for got in others} == {200}


async def test_a_load_that_fails_where_nobody_else_may_answer_is_told_to_all(
    router: FakeRouter, crowd: MakeCrowd
) -> None:
    router.auto = False
    here = await crowd(r=router)
    asked = [here.ask("a") for _ in range(10)]
    await router.load()
    await here.waiting(9)
    router.finish(ok=False)
    for got in await asyncio.gather(*asked):
        assert "r/a: it answered 500: model name=a failed to load" in reason(got)
    assert (router.loads, len(router.chats)) == (["a"], 1)


async def test_when_the_engine_is_killed_all_who_wait_move_on_at_once(
    router: FakeRouter, crowd: MakeCrowd, start_engine: StartEngine
) -> None:
    router.auto = False
    spare = await start_engine("spare")
    here = await crowd('[fallback]\n"r/b" = ["s/spare"]\n', r=router, s=spare)
    asked = [here.ask("a"), *(here.ask("a") for _ in range(5)), *(here.ask("r/b") for _ in range(20))]
    await router.load()
    await here.waiting(25)
    await router.stop()
    done = await asyncio.gather(*asked)
    assert all("r/a: " in reason(got) for got in done[:6])
    assert {got.headers["X-Pointsman-Model"] for got in done[6:]} == {"s/spare"}


async def test_who_finds_the_line_full_is_told_so_at_once(router: FakeRouter, crowd: MakeCrowd) -> None:
    router.auto = False
    here = await crowd(r=router)
    asked = [here.ask("a") for _ in range(70)]
    for early in asyncio.as_completed(asked):
        assert "r/a: 64 requests wait for r already" in reason(await early)
        break
    await router.load()
    await here.waiting(64)
    router.finish()
    statuses = [got.status_code for got in await asyncio.gather(*asked)]
    assert (statuses.count(200), statuses.count(503)) == (65, 5)
    assert router.loads == ["a"]


async def test_after_a_load_the_states_are_known_without_being_asked_for(
    router: FakeRouter, crowd: MakeCrowd
) -> None:
    here = await crowd(r=router)
    rooms = here.daemon.rooms
    with rooms.bus.watch() as news:
        await here.ask("b")
        while (happening := await news.next(PATIENCE)) is not None and happening.kind != "endpoint.changed":
            pass
    states = {model.name: model.state.value for model in rooms.registry.snapshot.models}
    assert states == {"a": "unloaded", "b": "loaded", "c": "unloaded"}
    assert set(router.gets) <= {"/v1/models", "/props"}


async def test_waiting_in_line_takes_nothing_from_the_time_to_begin(
    router: FakeRouter, crowd: MakeCrowd
) -> None:
    router.faults(faults.stall(2))
    here = await crowd("[timeouts]\nfirst_content = 0.8\nidle = 1.0\n", r=router)
    stuck = here.ask("a", stream=True)
    seen = await router.chat()
    await seen.waiting.wait()
    late = here.ask("b", stream=True)
    with pytest.raises(httpx.RemoteProtocolError):  # after a silence of a second
        await stuck
    assert said(await late) == answers.TEXT
    assert router.loads == ["a", "b"]
