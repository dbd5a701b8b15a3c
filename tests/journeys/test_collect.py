"""`[streams] collect`: plain answers that are asked for as streams, and what that shows and spares."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.fakes import answers, faults, messages, texts
from tests.fakes.answers import Answer
from tests.fakes.engine import FakeEngine
from tests.fakes.faults import Fault, Kind, Voice
from tests.fakes.ollama import OllamaModel
from tests.journeys.clock import Clock
from tests.journeys.conftest import HELLO, Here, StartDaemon, StartEngine, StartOllama
from tests.journeys.views import (
    ANTHROPIC,
    OPENAI,
    Dialect,
    ask,
    attempts_at,
    elsewhere,
    outcomes,
    written_down,
)

COLLECT = "[streams]\ncollect = true\n"
HURRY = 2.0  # seconds that all but waiting may take, on a busy machine
CALLING = Answer(text="Hm. ", reasoning="I add", tool="add", arguments='{"a": [1, "é"]}')

# Each path, with who says what is answered there, and a body to ask with
PATHS: Mapping[str, tuple[Voice, Mapping[str, object]]] = {
    "/v1/chat/completions": (answers, {"messages": HELLO}),
    "/v1/completions": (texts, {"prompt": "Once"}),
    "/v1/messages": (messages, {"messages": HELLO, "max_tokens": 99}),
}

every_dialect = pytest.mark.parametrize("dialect", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])

# What breaks in mid-answer, and after how many seconds that is seen: by the clocks of a stream
BREAKS = {
    "cut": (faults.cut(2), 0.0),
    "stall": (faults.stall(2), 30.0),
    "ends": (faults.ends(2), 0.0),
    "half-closed": (faults.half_closed(2), 0.0),
    "truncated": (Fault(Kind.TRUNCATED, 2), 0.0),
    "error": (faults.error_in_200(2), 0.0),
    "silence": (faults.SILENCE, 30.0),
    "slow first token": (faults.SLOW, 60.0),
    "empty": (faults.EMPTY, 0.0),
    "a web page": (faults.WRONG_TYPE, 0.0),
    "503": (faults.status(503), 0.0),
}


@pytest.fixture
async def one(start_engine: StartEngine) -> FakeEngine:
    return await start_engine("one", key="sk-a")


@pytest.fixture
async def two(start_engine: StartEngine) -> FakeEngine:
    return await start_engine("two", key="sk-b")


@pytest.fixture
async def daemon(start_daemon: StartDaemon, one: FakeEngine, two: FakeEngine) -> Here:
    return await start_daemon(elsewhere(a=one, b=two) + COLLECT)


async def asked(http: httpx.AsyncClient, daemon: Here, path: str, **more: object) -> Any:
    got = await http.post(daemon.url + path, json={"model": "auto", **PATHS[path][1], **more})
    assert got.headers["Content-Type"] == "application/json"
    return got.json()


@pytest.mark.parametrize("answer", [answers.USUAL, CALLING], ids=["words", "a call"])
@pytest.mark.parametrize("path", PATHS)
async def test_a_client_gets_the_plain_answer_of_an_engine_that_was_asked_for_a_stream(
    path: str, answer: Answer, one: FakeEngine, daemon: Here, http: httpx.AsyncClient
) -> None:
    one.answer = answer
    voice, _ = PATHS[path]
    assert await asked(http, daemon, path, stream=False) == json.loads(voice.completion(answer, "a/one"))
    (seen,) = [seen for seen in one.seen if seen.path == path]
    assert seen.stream
    assert seen.wants_usage == (voice is not messages)
    record = await written_down(http, daemon)
    assert outcomes(record) == [("a/one", "ok")]
    assert not record["request"]["stream"]
    assert (record["attempts"][0]["input_tokens"], record["attempts"][0]["estimated"]) == (19, False)


async def test_whoever_asks_for_a_stream_gets_one(
    one: FakeEngine, daemon: Here, http: httpx.AsyncClient
) -> None:
    told = await ask(http, daemon, stream=True)
    assert (told.is_whole, told.text) == (True, answers.TEXT)


async def test_what_can_not_be_streamed_is_asked_for_plainly(
    one: FakeEngine, daemon: Here, http: httpx.AsyncClient
) -> None:
    await asked(http, daemon, "/v1/completions", best_of=2)
    await http.post(f"{daemon.api_base}/embeddings", json={"model": "a/one", "input": "Once"})
    assert [seen.stream for seen in one.seen if seen.method == "POST"] == [False, False]


@every_dialect
@pytest.mark.parametrize(("fault", "seconds"), BREAKS.values(), ids=BREAKS)
async def test_an_answer_that_breaks_or_falls_silent_is_another_models_and_sooner(
    fault: Fault,
    seconds: float,
    dialect: Dialect,
    *,
    one: FakeEngine,
    two: FakeEngine,
    daemon: Here,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    one.fault = fault
    with clock.hurrying():
        told = await ask(patient, daemon, dialect=dialect)
    assert (told.is_whole, told.text, told.models) == (True, answers.TEXT, {"b/two"})
    assert seconds <= told.seconds < seconds + HURRY
    assert attempts_at(one, two) == [1, 1]
    assert outcomes(await written_down(patient, daemon)) == [("a/one", "failed"), ("b/two", "ok")]


async def test_what_a_provider_may_charge_for_is_counted_though_nobody_saw_it(
    one: FakeEngine, daemon: Here, http: httpx.AsyncClient
) -> None:
    one.fault = faults.cut(4)
    await ask(http, daemon)
    record = await written_down(http, daemon)
    assert record["attempts"][0]["output_tokens"] > 0


@every_dialect
async def test_an_answer_that_lacks_its_terminal_mark_is_whole(
    dialect: Dialect, one: FakeEngine, daemon: Here, http: httpx.AsyncClient
) -> None:
    one.fault = faults.NO_DONE
    told = await ask(http, daemon, dialect=dialect)
    assert (told.is_whole, told.text, told.models) == (True, answers.TEXT, {"a/one"})


async def test_of_answers_that_all_break_the_client_gets_an_error_and_nothing_else(
    one: FakeEngine, two: FakeEngine, daemon: Here, http: httpx.AsyncClient
) -> None:
    one.fault = two.fault = faults.cut(2)
    told = await ask(http, daemon)
    assert told.status == 503
    assert told.error["src"] == "pointsman"
    assert all(name in told.error["message"] for name in ("a/one", "b/two"))


async def test_the_time_of_the_first_content_is_known_though_the_answer_is_plain(
    one: FakeEngine, daemon: Here, patient: httpx.AsyncClient, clock: Clock
) -> None:
    one.fault = faults.stall(2)
    with clock.hurrying():
        await ask(patient, daemon)
    first, _ = (await written_down(patient, daemon))["attempts"]
    assert 0 < first["first_content"] < HURRY
    assert first["ended"] > 29


async def test_an_ollama_that_is_asked_in_its_own_dialect_streams_too(
    start_ollama: StartOllama, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_ollama(OllamaModel("qwen3:8b", trained=40_960))
    daemon = await start_daemon(COLLECT, ollama=engine)
    told = await ask(http, daemon, messages=[{"role": "user", "content": "word " * 16_000}])
    assert (told.is_whole, told.models) == (True, {"ollama/qwen3:8b"})
    assert told.text == engine.answer.text
    assert [(seen.path, seen.stream) for seen in engine.chats] == [("/api/chat", True)]
