"""When engines of this machine fail, are gone or serve another model; when all fail, or the client goes."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest

from tests.fakes import answers, faults
from tests.fakes.router import FakeRouter
from tests.journeys.clock import Clock
from tests.journeys.conftest import StartDaemon, StartEngine, chat
from tests.journeys.views import ask, attempts_at, outcomes, written_down


@pytest.mark.parametrize(
    ("fault", "asked"),
    [(faults.status(429), 1), (faults.status(503), 1), (faults.status(500), 2), (faults.RESET, 2)],
    ids=["429", "503", "500", "reset"],
)
async def test_an_engine_here_that_fails_is_asked_first_again_by_the_next_request(
    fault: faults.Fault,
    asked: int,
    *,
    start_engine: StartEngine,
    start_daemon: StartDaemon,
    http: httpx.AsyncClient,
) -> None:
    first, second = await start_engine("one"), await start_engine("two")
    first.fault = fault
    daemon = await start_daemon(a=first, b=second)
    told = [await ask(http, daemon, stream=stream) for stream in (True, False)]
    assert [(one.is_whole, one.text, one.models) for one in told] == [(True, answers.TEXT, {"b/two"})] * 2
    assert attempts_at(first, second) == [2 * asked, 2]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
async def test_a_silent_engine_here_is_left_when_a_load_would_be_over(
    stream: bool,
    *,
    start_engine: StartEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    first, second = await start_engine("one"), await start_engine("two")
    first.fault = faults.SILENCE
    daemon = await start_daemon("[timeouts]\ntotal = 900\n", a=first, b=second)
    with clock.hurrying():
        told = await ask(patient, daemon, stream=stream)
    assert told.is_whole
    assert told.text == answers.TEXT
    assert told.seconds >= 300
    assert attempts_at(first, second) == [1, 1]
    assert outcomes(await written_down(patient, daemon)) == [("a/one", "failed"), ("b/two", "ok")]


async def test_six_attempts_are_made_and_a_second_try_takes_no_place_its_first(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engines = {name: await start_engine(name) for name in ("a", "b", "c", "d", "e")}
    for engine in engines.values():
        engine.fault = faults.status(500)
    engines["a"].fault = faults.status(503)
    daemon = await start_daemon(**engines)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert (got.status_code, got.headers["X-Pointsman-Attempts"]) == (503, "6")
    assert [len(engine.chats) for engine in engines.values()] == [1, 2, 1, 1, 1]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
async def test_nobody_is_asked_when_the_time_of_the_request_is_over(
    stream: bool,
    start_engine: StartEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    first, second = await start_engine("one"), await start_engine("two")
    first.fault = faults.SILENCE
    daemon = await start_daemon("[timeouts]\ntotal = 10\n", a=first, b=second)
    with clock.hurrying():
        got = await patient.post(f"{daemon.api_base}/chat/completions", json=chat(stream=stream))
    assert (got.status_code, got.headers["X-Pointsman-Attempts"]) == (503, "1")
    assert [len(engine.chats) for engine in (first, second)] == [1, 0]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
async def test_an_engine_that_serves_another_model_by_now_does_not_answer_for_the_old_one(
    stream: bool, start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    daemon = await start_daemon(a=engine)
    engine.models = ("other",)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat("one", stream=stream))
    assert got.status_code == 503
    assert "answers as 'other' now" in got.json()["error"]["message"]
    await http.post(f"{daemon.url}/control/v0/discover")
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat("other", stream=stream))
    assert got.headers["X-Pointsman-Model"] == "a/other"


async def test_an_engine_that_serves_another_model_by_now_makes_no_vectors_for_the_old_one(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    daemon = await start_daemon(a=engine)
    body = {"model": "one", "input": "Hello"}
    got = await http.post(f"{daemon.api_base}/embeddings", json=body)
    assert (got.status_code, got.json()["model"]) == (200, "a/one")
    engine.models = ("other",)
    got = await http.post(f"{daemon.api_base}/embeddings", json=body)
    assert got.status_code == 503
    assert "answers as 'other' now" in got.json()["error"]["message"]


async def test_when_all_fail_the_error_names_every_attempt(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    first, second = await start_engine("one"), await start_engine("two")
    first.fault, second.fault = faults.status(503), faults.EMPTY
    daemon = await start_daemon(a=first, b=second)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat(stream=True))
    assert got.status_code == 503
    message = got.json()["error"]["message"]
    assert "a/one: it answered 503: fake trouble 503" in message
    assert "b/two: its answer is empty" in message
    assert got.headers["x-should-retry"] == "false"


async def test_after_an_engine_is_gone_the_next_request_is_answered_by_the_other_and_then_refused_at_once(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    first, second = await start_engine("one"), await start_engine("two")
    daemon = await start_daemon(a=first, b=second)
    await first.stop()
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert got.headers["X-Pointsman-Model"] == "b/two"
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert got.headers["X-Pointsman-Attempts"] == "1"  # the first one is known to be away
    await second.stop()
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert got.status_code == 503
    await first.start()
    await http.post(f"{daemon.url}/control/v0/discover")
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
    assert got.headers["X-Pointsman-Model"] == "a/one"


async def test_a_named_model_is_never_replaced(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    first, second = await start_engine("one"), await start_engine("two")
    first.fault = faults.status(503)
    daemon = await start_daemon(a=first, b=second)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat("one"))
    assert got.status_code == 503
    assert second.chats == []


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
async def test_a_client_that_leaves_takes_the_upstream_call_with_it(
    stream: bool, start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    engine.fault = faults.stall(2)
    daemon = await start_daemon(a=engine)
    async with httpx.AsyncClient(trust_env=False, timeout=0.5) as hasty:
        with pytest.raises(httpx.ReadTimeout):
            await hasty.post(f"{daemon.api_base}/chat/completions", json=chat(stream=stream))
    seen = await engine.chat()
    await seen.closed.wait()
    record = (await http.get(f"{daemon.url}/control/v0/decisions/last")).json()
    assert record["attempts"][0]["outcome"] == "cancelled"


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
async def test_a_client_that_leaves_in_a_load_takes_it_along(
    stream: bool, stack: AsyncExitStack, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    cold = await stack.enter_async_context(FakeRouter("large"))
    cold.auto = False
    daemon = await start_daemon(a=cold)
    asking = asyncio.create_task(ask(http, daemon, stream=stream))
    await cold.load()
    asking.cancel()
    async with asyncio.timeout(1):
        await (await cold.chat()).closed.wait()
    assert daemon.rooms.loads.rest(daemon.rooms.registry.snapshot.models[0]) is None, "it still loads"
