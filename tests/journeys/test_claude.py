"""Anthropic's own API, and what else speaks its dialect alone: asked in that dialect, with its own key."""

import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import anthropic
import httpx
import pytest
from anthropic.types import MessageParam

from tests.fakes import claude, faults
from tests.fakes.claude import FakeClaude
from tests.fakes.faults import Fault
from tests.journeys.clock import Clock
from tests.journeys.conftest import HELLO, Here, StartDaemon, chat

KEY = "sk-ant-fake"
SDK_HELLO: list[MessageParam] = [{"role": "user", "content": "Hello"}]
WRITTEN = len(claude.ANSWER.pieces)
HASTY = "[streams]\npatience = 0.05\n"

StartClaude = Callable[..., Awaitable[FakeClaude]]


@pytest.fixture
def start_claude(stack: AsyncExitStack) -> StartClaude:
    async def start(*models: str, key: str = KEY) -> FakeClaude:
        return await stack.enter_async_context(FakeClaude(*models, key=key))

    return start


def config(tier: str = "free", **clouds: FakeClaude) -> str:
    """Clouds of the user's own, each with its account."""
    return "".join(
        f'[providers.{name}]\nkind = "anthropic"\napi_base = "{cloud.url}"\napi_key = "{cloud.key}"\n'
        + (f'tier = "{tier}"\n' if tier else "")
        for name, cloud in clouds.items()
    )


async def ask(
    http: httpx.AsyncClient, daemon: Here, model: str = "auto", *, stream: bool = False, **options: Any
) -> httpx.Response:
    body = {"model": model, "max_tokens": 9, "messages": HELLO, "stream": stream}
    return await http.post(f"{daemon.url}/v1/messages", json=body, **options)


async def streamed(http: httpx.AsyncClient, daemon: Here) -> str:
    """Whatever came, when it was broken off."""
    text = ""
    body = {"model": "auto", "max_tokens": 9, "messages": HELLO, "stream": True}
    async with http.stream("POST", f"{daemon.url}/v1/messages", json=body) as got:
        with suppress(httpx.RemoteProtocolError):
            async for piece in got.aiter_text():
                text += piece
    return text


async def last(http: httpx.AsyncClient, daemon: Here) -> list[dict[str, object]]:
    """The attempts of the last request."""
    record = (await http.get(f"{daemon.url}/control/v0/decisions/last")).json()
    attempts: list[dict[str, object]] = record["attempts"]
    return attempts


def sdk(daemon: Here) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=daemon.url, api_key="none", max_retries=0)


# -- what goes up and what comes down


async def test_a_message_goes_up_with_the_accounts_key_and_comes_back_as_it_is(
    start_claude: StartClaude, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    cloud = await start_claude("claude-a")
    daemon = await start_daemon(config(a=cloud))
    theirs = {"x-api-key": "mine", "Authorization": "Bearer mine", "anthropic-beta": "x-1"}
    got = await ask(http, daemon, headers=theirs)
    assert got.status_code == 200, got.text
    assert got.json() == json.loads(claude.Voice(claude.ANSWER).completion(claude.ANSWER, "a/claude-a"))
    (seen,) = cloud.asked
    up = {name.lower(): value for name, value in seen.headers.items()}
    assert (up["x-api-key"], up["anthropic-version"], up["anthropic-beta"]) == (KEY, "2023-06-01", "x-1")
    assert "authorization" not in up
    assert seen.body["model"] == "claude-a"


async def test_the_sdks_beta_requests_go_up_by_their_header_and_without_their_query(
    start_claude: StartClaude, start_daemon: StartDaemon
) -> None:
    cloud = await start_claude("claude-a")
    daemon = await start_daemon(config(a=cloud))
    async with sdk(daemon) as client:
        answer = await client.beta.messages.create(
            model="claude-a", max_tokens=9, messages=[{"role": "user", "content": "Hi"}], betas=["x-1"]
        )
    assert answer.model == "a/claude-a"
    (seen,) = cloud.asked
    assert (seen.path, seen.query, seen.headers["anthropic-beta"]) == ("/v1/messages", "", "x-1")


async def test_tokens_are_counted_there(start_claude: StartClaude, start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(config(a=await start_claude("claude-a")))
    async with sdk(daemon) as client:
        counted = await client.messages.count_tokens(model="claude-a", messages=SDK_HELLO)
    assert counted.input_tokens == 1000


@pytest.mark.parametrize("stream", [False, True])
async def test_each_token_is_paid_for_once_and_by_what_was_done_with_it(
    stream: bool, start_claude: StartClaude, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    prices = "input = 3\noutput = 15\ncache_read = 1\ncache_write = 4\ncache_write_hour = 6\n"
    cloud = await start_claude("claude-a")
    daemon = await start_daemon(config(a=cloud) + f'[prices."a/claude-a"]\n{prices}')
    got = await ask(http, daemon, stream=stream)
    assert got.status_code == 200, got.text
    (attempt,) = await last(http, daemon)
    assert (attempt["input_tokens"], attempt["output_tokens"]) == (1000, WRITTEN)
    micros = 100 * 3 + 600 * 1 + 200 * 4 + 100 * 6 + WRITTEN * 15
    assert attempt["cost"] == micros * 1000, "in nano-dollars"


async def test_other_dialects_requests_are_not_sent_there_and_the_reason_is_told(
    start_claude: StartClaude, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    cloud = await start_claude("claude-a")
    daemon = await start_daemon(config(a=cloud))
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat("a/claude-a"))
    assert got.status_code == 503
    assert "asked by /v1/messages alone" in got.json()["error"]["message"]
    assert not cloud.asked
    assert "a/claude-a" not in (await http.get(f"{daemon.api_base}/models")).text
    listed = await http.get(f"{daemon.api_base}/models", headers={"anthropic-version": claude.VERSIONS[0]})
    assert "a/claude-a" in listed.text


async def test_what_costs_nobody_knows_what_is_not_asked(
    start_claude: StartClaude, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    cloud = await start_claude("claude-a")
    daemon = await start_daemon(config("", a=cloud))
    got = await ask(http, daemon, "a/claude-a")
    assert got.status_code == 402
    assert got.json()["error"]["type"] == "billing_error"
    assert "its price is not known" in got.json()["error"]["message"]
    assert not cloud.asked


# -- what goes wrong


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "fault", [claude.overloaded(), claude.breaks(), claude.too_many(), claude.no_credit()], ids=str
)
async def test_before_the_first_content_another_answers_whole(
    fault: Fault, stream: bool, start_claude: StartClaude, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    first, second = await start_claude("claude-a"), await start_claude("claude-b")
    first.fault = fault
    daemon = await start_daemon(config(a=first, b=second))
    got = await ask(http, daemon, stream=stream)
    assert (got.status_code, got.headers["X-Pointsman-Model"]) == (200, "b/claude-b")
    assert [len(first.asked), len(second.asked)] == [1, 1]
    failed, answered = await last(http, daemon)
    assert (failed["outcome"], answered["outcome"]) == ("failed", "ok")
    assert (await ask(http, daemon, stream=stream)).headers["X-Pointsman-Attempts"] == "1"
    assert len(first.asked) == 1, "it is left alone"


@pytest.mark.parametrize("stream", [False, True])
async def test_who_is_overloaded_and_alone_is_asked_again_after_a_pause(
    stream: bool,
    clock: Clock,
    start_claude: StartClaude,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
) -> None:
    cloud = await start_claude("claude-a")
    cloud.faults(claude.overloaded())
    daemon = await start_daemon(config(a=cloud))
    with clock.hurrying():
        got = await ask(patient, daemon, stream=stream)
    assert (got.status_code, got.headers["X-Pointsman-Attempts"]) == (200, "2")
    told, asked = cloud.asked
    assert asked.at - told.at >= 2.0
    assert [attempt["status"] for attempt in await last(patient, daemon)] == [529, 200]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_used_up_budget_is_waited_for_until_its_reset(
    stream: bool, start_claude: StartClaude, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    cloud = await start_claude("claude-a")
    reset = (datetime.now(UTC) + timedelta(seconds=90)).strftime("%Y-%m-%dT%H:%M:%SZ")
    used_up = {"anthropic_ratelimit_requests_remaining": "0", "anthropic_ratelimit_requests_reset": reset}
    cloud.fault = claude.too_many(**used_up, anthropic_ratelimit_tokens_remaining="9000")
    daemon = await start_daemon(config(a=cloud))
    for _ in range(2):
        got = await ask(http, daemon, stream=stream)
        assert (got.status_code, got.json()["error"]["type"]) == (429, "rate_limit_error")
        assert 85 <= int(got.headers["Retry-After"]) <= 90
        assert got.headers["x-should-retry"] == "false"
    assert len(cloud.asked) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_without_credit_the_whole_account_is_left_alone(
    stream: bool, start_claude: StartClaude, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    cloud = await start_claude("claude-a", "claude-b")
    cloud.fault = claude.no_credit()
    daemon = await start_daemon(config(a=cloud))
    for model in ("a/claude-a", "a/claude-b", "auto"):
        got = await ask(http, daemon, model, stream=stream)
        assert (got.status_code, got.json()["error"]["type"]) == (429, "rate_limit_error")
        assert "credit balance is too low" in got.json()["error"]["message"]
    assert len(cloud.asked) == 1


async def test_after_the_first_content_an_error_ends_the_stream_as_an_error(
    start_claude: StartClaude, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    first, second = await start_claude("claude-a"), await start_claude("claude-b")
    first.fault = claude.breaks(after=3)
    daemon = await start_daemon(config(a=first, b=second))
    text = await streamed(http, daemon)
    *_, final = text.strip().split("\n\n")
    name, data = final.split("\n")
    assert name == "event: error"
    told = json.loads(data.removeprefix("data: "))
    assert (told["type"], told["error"]["src"]) == ("error", "pointsman")
    assert "Overloaded" in told["error"]["message"]
    assert "message_stop" not in text
    assert [len(first.asked), len(second.asked)] == [1, 0]
    (attempt,) = await last(http, daemon)
    assert attempt["outcome"] == "cut"


async def test_an_answer_that_is_held_back_is_rescued_from_an_error_in_its_midst(
    start_claude: StartClaude, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    first, second = await start_claude("claude-a"), await start_claude("claude-b")
    first.fault = claude.breaks(after=3)
    daemon = await start_daemon('[streams]\nhold = "whole"\n' + config(a=first, b=second))
    text = await streamed(http, daemon)
    assert text.count("event: message_start") == text.count("event: message_stop") == 1
    assert "b/claude-b" in text
    assert "error" not in text
    assert [attempt["outcome"] for attempt in await last(http, daemon)] == ["failed", "ok"]


async def test_the_sdk_raises_what_ends_a_stream(
    start_claude: StartClaude, start_daemon: StartDaemon
) -> None:
    cloud = await start_claude("claude-a")
    cloud.fault = claude.breaks(after=3)
    daemon = await start_daemon(config(a=cloud))
    async with (
        sdk(daemon) as client,
        client.messages.stream(model="auto", max_tokens=9, messages=SDK_HELLO) as stream,
    ):
        heard = [await anext(stream.text_stream) for _ in range(2)]
        with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
            await anext(stream.text_stream)
    assert heard == ["one ", "two "]


# -- a client that waits


async def test_the_sdk_reads_past_the_signs_of_life(
    start_claude: StartClaude, start_daemon: StartDaemon
) -> None:
    cloud = await start_claude("claude-a")
    cloud.fault = faults.SILENCE
    daemon = await start_daemon(HASTY + config(a=cloud))
    async with (
        sdk(daemon) as client,
        await client.messages.create(model="auto", max_tokens=9, messages=SDK_HELLO, stream=True) as stream,
    ):  # its head is there: the first sign of life was sent
        assert not cloud.asked[0].release.is_set()
        assert "x-pointsman-model" not in stream.response.headers
        cloud.release()
        kinds = [event.type async for event in stream]
    assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")


async def test_the_sdk_raises_what_fails_after_a_sign_of_life(
    start_claude: StartClaude, start_daemon: StartDaemon
) -> None:
    cloud = await start_claude("claude-a")
    cloud.fault = faults.LATE_RESET
    daemon = await start_daemon(HASTY + config(a=cloud))
    async with sdk(daemon) as client:
        stream = await client.messages.create(model="auto", max_tokens=9, messages=SDK_HELLO, stream=True)
        cloud.fault = faults.status(403)
        cloud.release()
        with pytest.raises(anthropic.APIStatusError, match="every model that may answer was tried"):
            await anext(aiter(stream))
    assert len(cloud.asked) == 2


async def test_who_looks_whether_anybody_is_there_is_answered(
    start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon()
    got = await http.head(f"{daemon.url}/")
    assert (got.status_code, got.content) == (200, b"")
