"""When a provider refuses the request itself: who else is asked, and what the client is told to mend."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest

from tests.fakes import answers, faults
from tests.fakes.engine import FakeEngine
from tests.fakes.router import FakeRouter
from tests.journeys.clock import Clock
from tests.journeys.conftest import HELLO, StartDaemon, StartEngine
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

WORDS = "assistant message prefill is not supported by this model"
NO_PREFILL = faults.status(400, answers.error(400, WORDS, "invalid_request_error"))
PREFILLED = [*HELLO, {"role": "assistant", "content": "Once"}]

streamed_and_plain = pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
every_dialect = pytest.mark.parametrize("dialect", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])


@pytest.fixture
async def one(start_engine: StartEngine) -> FakeEngine:
    return await start_engine("one", key="sk-a")


@pytest.fixture
async def two(start_engine: StartEngine) -> FakeEngine:
    return await start_engine("two", key="sk-b")


@every_dialect
@streamed_and_plain
async def test_what_a_content_filter_refuses_is_asked_nowhere_else(
    stream: bool,
    dialect: Dialect,
    *,
    one: FakeEngine,
    two: FakeEngine,
    start_daemon: StartDaemon,
    http: httpx.AsyncClient,
) -> None:
    one.fault = faults.CONTENT_FILTER
    daemon = await start_daemon(elsewhere(a=one, b=two))
    told = await ask(http, daemon, stream=stream, dialect=dialect)
    assert told.status == 400
    assert told.error["src"] == "pointsman"
    assert "a/one: it answered 400: The response was filtered" in told.error["message"]
    assert told.headers["x-should-retry"] == "false"
    assert attempts_at(one, two) == [1, 0]
    record = await written_down(http, daemon)
    assert outcomes(record) == [("a/one", "failed")]
    assert record["request"]["status"] == 400
    one.fault = faults.OK
    told = await ask(http, daemon, stream=stream, dialect=dialect)
    assert told.models == {"a/one"}, "a refused request says nothing of the model"


@streamed_and_plain
async def test_what_every_model_calls_wrong_is_the_clients_to_mend(
    stream: bool, *, one: FakeEngine, two: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    one.fault, two.fault = faults.status(422), faults.status(400)
    daemon = await start_daemon(elsewhere(a=one, b=two))
    told = await ask(http, daemon, stream=stream)
    assert told.status == 422
    assert "a/one: it answered 422: fake trouble 422" in told.error["message"]
    assert "b/two: it answered 400: fake trouble 400" in told.error["message"]
    assert attempts_at(one, two) == [1, 1]


@streamed_and_plain
async def test_a_prompt_too_long_for_one_is_asked_only_where_the_context_is_larger(
    stream: bool,
    *,
    start_engine: StartEngine,
    start_daemon: StartDaemon,
    http: httpx.AsyncClient,
) -> None:
    sizes = {"a": 4096, "b": 2048, "c": 8192}
    engines = {name: await start_engine(key=f"sk-{name}", context=size) for name, size in sizes.items()}
    engines["a"].fault = engines["c"].fault = faults.CONTEXT_LENGTH
    daemon = await start_daemon(elsewhere(**engines))
    told = await ask(http, daemon, stream=stream)
    assert (told.status, told.error["code"]) == (400, "context_length_exceeded")
    assert "try increasing it" in told.error["message"]
    assert sorted(zip(sizes, attempts_at(*engines.values()), strict=True)) == [("a", 1), ("b", 0), ("c", 1)]


@every_dialect
@streamed_and_plain
async def test_a_fallback_that_refuses_a_prefill_is_not_masked(
    stream: bool,
    dialect: Dialect,
    *,
    one: FakeEngine,
    two: FakeEngine,
    start_daemon: StartDaemon,
    http: httpx.AsyncClient,
) -> None:
    """503 and not 400: the first would have taken the request as it is, and may take it the next time."""
    one.fault, two.fault = faults.status(503), NO_PREFILL
    daemon = await start_daemon(elsewhere(a=one, b=two) + '[fallback]\n"a/one" = ["b/two"]\n')
    told = await ask(http, daemon, "a/one", stream=stream, dialect=dialect, messages=PREFILLED)
    assert told.status == 503
    assert "a/one: it answered 503: fake trouble 503" in told.error["message"]
    assert f"b/two: it answered 400: {WORDS}" in told.error["message"]
    assert attempts_at(one, two) == [1, 1]
    assert outcomes(await written_down(http, daemon)) == [("a/one", "failed"), ("b/two", "failed")]


@streamed_and_plain
async def test_a_refusal_that_tells_of_a_quota_is_none_of_the_request(
    stream: bool, *, one: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    words = "Your credit balance is too low to access the API."
    one.fault = faults.status(400, answers.error(400, words, "invalid_request_error"))
    daemon = await start_daemon(elsewhere(a=one))
    told = await ask(http, daemon, stream=stream)
    assert told.status == 429
    assert words in told.error["message"]
    assert int(told.headers["Retry-After"]) in {599, 600}
    assert told.headers["x-should-retry"] == "false"


async def test_who_comes_too_late_to_refuse_may_take_it_the_next_time(
    clock: Clock,
    one: FakeEngine,
    stack: AsyncExitStack,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
) -> None:
    """The load that was waited for in vain goes on: 503, and when to come again."""
    cold = await stack.enter_async_context(FakeRouter("large"))
    cold.auto = False
    one.fault = faults.status(400)
    daemon = await start_daemon(elsewhere(a=one), cold=cold)
    loading = asyncio.create_task(ask(patient, daemon, "cold/large", stream=True))
    await cold.load()
    with clock.hurrying():
        told = await ask(patient, daemon)
    assert told.status == 503
    assert "cold/large: its turn at cold did not come in 20 s" in told.error["message"]
    assert "a/one: it answered 400" in told.error["message"]
    assert int(told.headers["Retry-After"]) >= 1
    cold.finish()
    assert (await loading).is_whole
