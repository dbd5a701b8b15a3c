"""A model that takes a hundred seconds to load: nobody waits in vain, and no load is given up."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import httpx
import pytest

from pointsman.execution.line import STALE
from pointsman.types import ModelState
from tests.fakes import answers, faults
from tests.fakes.engine import FakeEngine
from tests.fakes.ollama import FakeOllama, OllamaModel
from tests.fakes.router import FakeRouter
from tests.fakes.studio import FakeStudio
from tests.journeys.clock import Clock
from tests.journeys.conftest import Here, StartDaemon, StartEngine
from tests.journeys.views import Told, ask, attempts_of, outcomes, written_down

LOAD = 100.0  # seconds
CLIENT = 60.0  # seconds that an ordinary client waits for the head of an answer


@pytest.fixture
async def cold(stack: AsyncExitStack) -> FakeRouter:
    router = await stack.enter_async_context(FakeRouter("large"))
    router.auto = False
    return router


def ollama() -> FakeEngine:
    engine = FakeOllama(OllamaModel("large"))
    engine.faults(faults.SILENCE)
    return engine


def studio() -> FakeEngine:
    engine = FakeStudio("large")
    engine.slow = True
    engine.faults(faults.SILENCE)
    return engine


async def asked(
    clock: Clock,
    cold: FakeRouter,
    http: httpx.AsyncClient,
    daemon: Here,
    model: str = "auto",
    *,
    stream: bool,
) -> Told:
    """The answer to a request that makes the engine load, for as long as that takes."""
    asyncio.get_running_loop().call_later(LOAD, cold.finish)
    with clock.hurrying():
        return await ask(http, daemon, model, stream=stream)


async def seen(daemon: Here, state: ModelState) -> None:
    """Returns when a look has seen the engine's model so; one that was under way may have come too early."""
    for _ in range(3):
        await daemon.rooms.sweeper.sweep("test")
        if daemon.rooms.registry.snapshot.models[0].state is state:
            return
    raise AssertionError(f"it was never seen {state}")


async def test_a_streaming_client_survives_the_load(
    clock: Clock, cold: FakeRouter, start_daemon: StartDaemon, stack: AsyncExitStack
) -> None:
    daemon = await start_daemon(a=cold)
    impatient = httpx.AsyncClient(timeout=httpx.Timeout(None, read=CLIENT), trust_env=False)
    http = await stack.enter_async_context(impatient)
    told = await asked(clock, cold, http, daemon, stream=True)
    assert told.is_whole
    assert told.text == answers.TEXT
    assert told.seconds == pytest.approx(LOAD, abs=3)
    assert told.raw.count(": waiting") == pytest.approx((LOAD - 15) / 10, abs=1.5)
    assert cold.loads == ["large"]


async def test_a_plain_request_is_told_when_to_come_again_and_the_load_goes_on(
    clock: Clock, cold: FakeRouter, start_daemon: StartDaemon, patient: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(a=cold)
    told = await asked(clock, cold, patient, daemon, stream=False)
    assert told.status == 503
    assert told.seconds == pytest.approx(55, abs=2)
    assert int(told.headers["Retry-After"]) >= 1
    assert told.headers["x-should-retry"] == "true"
    assert "the load goes on" in told.error["message"]
    assert outcomes(await written_down(patient, daemon)) == [("a/large", "failed")]
    with clock.hurrying():
        again = await ask(patient, daemon)
    assert again.text == answers.TEXT
    assert again.seconds == pytest.approx(LOAD - told.seconds, abs=5)
    assert cold.loads == ["large"]
    assert cold.aborted == []


async def test_nobody_waits_for_the_answer_of_a_load_that_went_on_alone(
    clock: Clock, cold: FakeRouter, start_daemon: StartDaemon, patient: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(a=cold)
    await asked(clock, cold, patient, daemon, stream=False)
    with clock.hurrying():
        await ask(patient, daemon)
    for seen in cold.chats:
        await seen.ended.wait()
    assert daemon.rooms.loads.waiting == 0
    with clock.hurrying():
        assert (await ask(patient, daemon)).text == answers.TEXT


@pytest.mark.parametrize("make", [ollama, studio])
async def test_the_load_goes_on_whatever_its_engine_tells_of_it_meanwhile(
    make: Callable[[], FakeEngine],
    *,
    clock: Clock,
    stack: AsyncExitStack,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
) -> None:
    """Ollama lists a model as soon as its load begins, and gives the load up when its client leaves."""
    engine = await stack.enter_async_context(make())
    daemon = await start_daemon(a=engine)
    later = asyncio.get_running_loop().call_later
    later(LOAD, engine.release)
    for seconds in (20, 50, 70, 90):
        later(seconds, daemon.rooms.sweeper.hurry, "test")
    with clock.hurrying():
        told = await ask(patient, daemon)
        assert (told.status, told.headers["x-should-retry"]) == (503, "true")
        assert int(told.headers["Retry-After"]) >= 1
        assert told.seconds == pytest.approx(55, abs=2)
        again = await ask(patient, daemon)
    assert again.is_whole
    assert again.text == answers.TEXT
    assert again.seconds == pytest.approx(LOAD - told.seconds, abs=5)
    first, _ = attempts_of(engine)
    assert not first.closed.is_set()


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
async def test_while_a_load_that_is_known_to_be_long_goes_on_another_answers(
    clock: Clock,
    cold: FakeRouter,
    start_engine: StartEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    *,
    stream: bool,
) -> None:
    elsewhere = await start_engine("small", llama=False)
    daemon = await start_daemon('tier = "free"\n', a=cold, b=elsewhere)
    learned = await asked(clock, cold, patient, daemon, "a/large", stream=True)  # learns how long it takes
    assert learned.is_whole
    await seen(daemon, ModelState.LOADED)
    cold.put("large", "unloaded")
    clock.advance(STALE)
    await seen(daemon, ModelState.UNLOADED)
    told = await asked(clock, cold, patient, daemon, stream=stream)
    assert (told.text, told.headers["X-Pointsman-Model"]) == (answers.TEXT, "b/small")
    assert told.seconds < 2
    assert cold.loads == ["large", "large"]
    with clock.hurrying():
        await asyncio.sleep(LOAD + 10)
        back = await ask(patient, daemon, stream=stream)
    assert back.headers["X-Pointsman-Model"] == "a/large"
    assert cold.loads == ["large", "large"]


async def test_a_plain_request_goes_elsewhere_when_the_load_takes_longer_than_its_client_waits(
    clock: Clock,
    cold: FakeRouter,
    start_engine: StartEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
) -> None:
    elsewhere = await start_engine("small", llama=False)
    daemon = await start_daemon('tier = "free"\n', a=cold, b=elsewhere)
    told = await asked(clock, cold, patient, daemon, stream=False)
    assert (told.text, told.headers["X-Pointsman-Model"]) == (answers.TEXT, "b/small")
    assert told.seconds == pytest.approx(55, abs=2)
    with clock.hurrying():
        back = await ask(patient, daemon, "a/large")
    assert back.text == answers.TEXT
    assert cold.loads == ["large"]


def is_loading(engine: FakeEngine, seconds: float) -> None:
    """It says so to whoever asks, for so long; then it is there."""
    engine.loading = True

    def done() -> None:
        engine.loading = False

    asyncio.get_running_loop().call_later(seconds, done)


async def test_a_stream_waits_for_an_engine_that_was_started_anew_and_is_loading(
    start_engine: StartEngine, start_daemon: StartDaemon, stack: AsyncExitStack, clock: Clock
) -> None:
    engine = await start_engine("one")
    daemon = await start_daemon(a=engine)
    impatient = httpx.AsyncClient(timeout=httpx.Timeout(None, read=CLIENT), trust_env=False)
    http = await stack.enter_async_context(impatient)
    is_loading(engine, LOAD)
    with clock.hurrying():
        told = await ask(http, daemon, stream=True)
    assert told.is_whole
    assert told.text == answers.TEXT
    assert told.seconds == pytest.approx(LOAD, abs=3)
    assert told.raw.count(": waiting") == pytest.approx((LOAD - 15) / 10, abs=1.5)


@pytest.mark.parametrize(("load", "status"), [(20.0, 200), (LOAD, 503)])
async def test_a_plain_request_waits_for_it_as_long_as_its_client_does(
    load: float,
    status: int,
    *,
    start_engine: StartEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    engine = await start_engine("one")
    daemon = await start_daemon(a=engine)
    is_loading(engine, load)
    with clock.hurrying():
        told = await ask(patient, daemon)
    assert told.status == status
    assert told.seconds == pytest.approx(min(load, 55), abs=2)
    if status == 503:
        assert told.headers["x-should-retry"] == "true"
        assert int(told.headers["Retry-After"]) >= 1
        assert "Loading model" in told.error["message"]


async def test_one_that_is_loading_is_not_waited_for_long_where_another_may_answer(
    start_engine: StartEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient, clock: Clock
) -> None:
    engine, other = await start_engine("one"), await start_engine("two", llama=False)
    daemon = await start_daemon('tier = "free"\n', a=engine, b=other)
    is_loading(engine, LOAD)
    with clock.hurrying():
        told = await ask(patient, daemon, stream=True)
    assert (told.text, told.models) == (answers.TEXT, {"b/two"})
    assert told.seconds <= 21


@pytest.mark.parametrize("model", ["auto", "one"])
async def test_where_an_engine_is_loading_that_was_never_seen_otherwise_clients_come_again(
    model: str, start_engine: StartEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient, clock: Clock
) -> None:
    engine = await start_engine("one")
    engine.loading = True
    daemon = await start_daemon(a=engine)
    with clock.hurrying():
        told = await ask(patient, daemon, model)
    assert (told.status, told.headers["x-should-retry"]) == (503, "true")
    assert 1 <= int(told.headers["Retry-After"]) <= 10
    assert "a is loading its model" in told.error["message"]


@pytest.mark.parametrize("code", [429, 503])
async def test_an_engine_that_is_busy_for_a_moment_is_waited_for_as_it_says(
    code: int, start_engine: StartEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient, clock: Clock
) -> None:
    engine = await start_engine("one")
    engine.faults(faults.status(code, retry_after="2"))
    daemon = await start_daemon(a=engine)
    with clock.hurrying():
        told = await ask(patient, daemon)
    assert (told.text, told.attempts) == (answers.TEXT, 2)
    assert 2 <= told.seconds < 4
