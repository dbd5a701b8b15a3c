"""When a provider refuses the request itself: who else is asked, and what the client is told to mend."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest

from pointsman.calls import lasting
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
    pauses,
    streamed_and_plain,
    written_down,
)

WORDS = "assistant message prefill is not supported by this model"
NO_PREFILL = faults.status(400, answers.error(400, WORDS, "invalid_request_error"))
PREFILLED = [*HELLO, {"role": "assistant", "content": "Once"}]

every_dialect = pytest.mark.parametrize("dialect", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])


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


@streamed_and_plain
async def test_a_prompt_that_is_too_long_for_all_is_told_so_before_anybody_is_asked(
    stream: bool, *, start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine(key="sk-a", context=2048)
    daemon = await start_daemon(elsewhere(a=engine))
    told = await ask(http, daemon, stream=stream, messages=[{"role": "user", "content": "word " * 3000}])
    assert (told.status, told.error["code"]) == (503, "context_length_exceeded")
    assert "2,048" in told.error["message"]
    assert engine.chats == []


@every_dialect
@streamed_and_plain
async def test_a_fallback_that_refuses_a_prefill_is_not_masked(
    stream: bool,
    dialect: Dialect,
    *,
    one: FakeEngine,
    two: FakeEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    """503 and not 400: the first would have taken the request, and is asked again as if it were alone."""
    one.fault, two.fault = faults.status(503), NO_PREFILL
    daemon = await start_daemon(elsewhere(a=one, b=two) + '[fallback]\n"a/one" = ["b/two"]\n')
    with clock.hurrying():
        told = await ask(patient, daemon, "a/one", stream=stream, dialect=dialect, messages=PREFILLED)
    assert (told.status, told.headers["Retry-After"]) == (503, "8")
    assert "a/one: it answered 503: fake trouble 503" in told.error["message"]
    assert f"b/two: it answered 400: {WORDS}" in told.error["message"]
    assert attempts_at(one, two) == [3, 1], "who has refused a request is not asked it again"
    assert pauses(one) == pytest.approx([2, 4], abs=0.5)
    record = await written_down(patient, daemon)
    assert [model for model, _ in outcomes(record)] == ["a/one", "b/two", "a/one", "a/one"]


@every_dialect
@streamed_and_plain
async def test_who_is_parked_for_a_moment_is_waited_for_where_the_other_refuses(
    stream: bool,
    dialect: Dialect,
    *,
    one: FakeEngine,
    two: FakeEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    one.faults(faults.status(503))
    daemon = await start_daemon(elsewhere(a=one, b=two))
    assert (await ask(patient, daemon)).models == {"b/two"}
    two.fault = NO_PREFILL
    with clock.hurrying():
        told = await ask(patient, daemon, stream=stream, dialect=dialect, messages=PREFILLED)
    assert told.is_whole
    assert (told.text, told.models) == (answers.TEXT, {"a/one"})
    assert attempts_at(one, two) == [2, 2]
    assert outcomes(await written_down(patient, daemon)) == [("b/two", "failed"), ("a/one", "ok")]


@pytest.mark.parametrize(
    ("wait", "refusal", "status"),
    [
        ("40", faults.status(400), 503),
        ("40", faults.status(404), 503),
        ("40", faults.EMPTY, 503),
        ("4000", faults.status(404), 503),
        ("4000", faults.status(400), 400),
        ("40", faults.CONTENT_FILTER, 400),
    ],
    ids=["refused", "unknown", "empty", "unknown, for long", "refused, for long", "filtered"],
)
@streamed_and_plain
async def test_where_one_is_parked_and_the_other_refuses_the_client_hears_of_both_and_when_to_come_again(
    stream: bool,
    wait: str,
    refusal: faults.Fault,
    status: int,
    *,
    one: FakeEngine,
    two: FakeEngine,
    start_daemon: StartDaemon,
    http: httpx.AsyncClient,
) -> None:
    """What all others call wrong is the client's to mend if it is parked for longer than a minute."""
    one.fault, two.fault = faults.status(429, retry_after=wait), refusal
    daemon = await start_daemon(elsewhere(a=one, b=two))
    for _ in range(2):
        told = await ask(http, daemon, stream=stream)
    assert told.status == status
    assert told.headers.get("Retry-After") == (wait if status == 503 else None)
    assert told.headers["x-should-retry"] == ("true" if status == 503 and wait == "40" else "false")
    assert "b/two: it" in told.error["message"]
    heard = f"a/one: parked for {lasting(float(wait))} more: it answered 429" in told.error["message"]
    assert heard is (refusal is not faults.CONTENT_FILTER)
    assert attempts_at(one, two) == [1, 2]


async def test_a_prompt_too_long_for_one_is_told_so_where_the_other_that_is_parked_has_no_larger_context(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    parked = await start_engine("one", key="sk-a", context=2048)
    other = await start_engine("two", key="sk-b", context=4096)
    parked.fault, other.fault = faults.status(429, retry_after="40"), faults.CONTENT_FILTER
    daemon = await start_daemon(elsewhere(a=parked, b=other))
    await ask(http, daemon, "a/one")
    other.fault = faults.CONTEXT_LENGTH
    told = await ask(http, daemon)
    assert (told.status, told.error["code"]) == (400, "context_length_exceeded")


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
