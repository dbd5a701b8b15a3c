"""A key and no money: the free models answer, as often as their provider allows and not once more."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from pointsman.build import Times
from pointsman.daemon import Options, running, settle
from pointsman.ledger.record import FreeCallRecord
from pointsman.ledger.writer import Writer
from pointsman.money import NANO
from tests.fakes import answers, faults
from tests.fakes.engine import FakeEngine
from tests.fakes.openrouter import FREE, PAID, FakeOpenRouter, day_used_up
from tests.journeys.clock import Clock, clock_of_this_loop
from tests.journeys.conftest import Here, chat
from tests.journeys.daemon import Daemon

DAY = 86_400.0
NOON = 20_833.5 * DAY  # in UTC, seconds since 1970
ALONE = "[discovery]\nlocal = false\n"
MINUTE_USED_UP = "its 20 free requests a minute are used up"
DAY_USED_UP = "its 50 free requests a day are used up until midnight (UTC)"


@pytest.fixture
async def cloud(stack: AsyncExitStack) -> AsyncIterator[FakeOpenRouter]:
    async with FakeOpenRouter() as cloud:
        yield cloud


async def start(stack: AsyncExitStack, cloud: FakeOpenRouter, more: str = "") -> Here:
    """A daemon that knows of the cloud by the environment alone, and has heard what it tells of the key."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pm-")))
    (folder / "config.toml").write_text(ALONE + more, encoding="utf-8")
    environ = {"HOME": str(folder), **cloud.environ}
    setup = settle(Options(config=folder / "config.toml", state=folder, port=0), environ)
    now = clock_of_this_loop().time
    times = Times(wall=lambda: NOON + now(), monotonic=now, sleepless=now)
    rooms = await stack.enter_async_context(running(setup, environ, times))
    await rooms.sweeper.sweep("test", everything=True)
    if "remote = false" not in more:
        await cloud.key_question()
        await rooms.sweeper.sweep("test", everything=True)  # meanwhile the answer is read
    return Here(rooms)


async def ask(http: httpx.AsyncClient, base: str, model: str = "auto") -> httpx.Response:
    return await http.post(f"{base}/chat/completions", json=chat(model))


async def asked_times(times: int, http: httpx.AsyncClient, base: str) -> None:
    for _ in range(times):
        assert (await ask(http, base)).status_code == 200


async def used(http: httpx.AsyncClient, url: str) -> dict[str, tuple[int, int]]:
    """By span: how much is used up, and of how much."""
    told = (await http.get(f"{url}/control/v0/limits")).json()["free"]
    return {one["span"]: (one["used"], one["limit"]) for one in told}


async def test_a_free_model_answers_and_the_paid_ones_say_why_they_do_not(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    daemon = await start(stack, cloud)
    answer = await ask(http, daemon.api_base)
    assert answer.status_code == 200
    assert answer.headers["X-Pointsman-Model"].removeprefix("openrouter/") in FREE
    assert answer.headers["X-Pointsman-Tier"] == "free"
    explained = await http.post(f"{daemon.url}/control/v0/explain", json=chat())
    (budget,) = (one for one in explained.json()["excluded"] if one["rule"] == "no budget")
    assert set(budget["models"]) == {f"openrouter/{name}" for name in PAID}


async def test_a_key_that_its_provider_has_told_of_works(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    daemon = await start(stack, cloud)
    (key,) = (
        one for one in (await http.get(f"{daemon.url}/control/v0/keys")).json()["keys"] if one["origin"]
    )
    assert (key["name"], key["state"]) == ("openrouter", "works")


async def test_a_key_that_was_refused_is_used_again_once_its_provider_tells_of_it(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    daemon = await start(stack, cloud)
    cloud.faults(faults.status(401))
    for _ in range(2):
        assert (await ask(http, daemon.api_base)).status_code == 503
    await daemon.rooms.key_watch.look()
    await asked_times(1, http, daemon.api_base)


async def test_the_21st_call_in_a_minute_never_reaches_it_and_the_answer_says_until_when(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    daemon = await start(stack, cloud)
    await asked_times(20, http, daemon.api_base)
    for model in ("auto", f"openrouter/{FREE[1]}"):
        refused = await ask(http, daemon.api_base, model)
        assert refused.status_code == 429
        assert 50 < int(refused.headers["Retry-After"]) <= 65
        assert MINUTE_USED_UP in refused.json()["error"]["message"]
    assert len(cloud.chats) == 20


async def test_of_many_who_ask_at_once_no_more_than_20_get_through_and_the_rest_are_told(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    daemon = await start(stack, cloud)
    answers = await asyncio.gather(*(ask(http, daemon.api_base) for _ in range(40)))
    assert sorted(answer.status_code for answer in answers) == [200] * 20 + [429] * 20
    assert len(cloud.chats) == 20
    refused = [answer for answer in answers if answer.status_code == 429]
    assert all(MINUTE_USED_UP in answer.json()["error"]["message"] for answer in refused)
    assert all(int(answer.headers["Retry-After"]) > 50 for answer in refused)


async def test_the_51st_call_of_a_day_never_reaches_it(
    cloud: FakeOpenRouter, stack: AsyncExitStack, patient: httpx.AsyncClient, clock: Clock
) -> None:
    daemon = await start(stack, cloud)
    for times in (20, 20, 10):
        await asked_times(times, patient, daemon.api_base)
        clock.advance(66)
    refused = await ask(patient, daemon.api_base)
    assert refused.status_code == 429
    assert DAY_USED_UP in refused.json()["error"]["message"]
    assert int(refused.headers["Retry-After"]) == pytest.approx(DAY / 2 - clock.time(), abs=5)
    assert len(cloud.chats) == 50


async def test_whose_account_has_bought_credits_has_a_thousand_a_day(
    cloud: FakeOpenRouter, stack: AsyncExitStack, patient: httpx.AsyncClient, clock: Clock
) -> None:
    cloud.figures = {"is_free_tier": False}
    daemon = await start(stack, cloud)
    for _ in range(3):
        await asked_times(20, patient, daemon.api_base)
        clock.advance(66)
    assert (await used(patient, daemon.url))["day"] == (60, 1000)


async def test_what_the_provider_itself_has_counted_counts(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    """Somebody else asks with the same key."""
    cloud.figures = {
        "is_free_tier": False,
        "free_model_daily_requests": {"limit": 50, "used": 48, "remaining": 2},
    }
    daemon = await start(stack, cloud)
    assert (await used(http, daemon.url))["day"] == (48, 50)
    await asked_times(2, http, daemon.api_base)
    assert DAY_USED_UP in (await ask(http, daemon.api_base)).json()["error"]["message"]


async def test_a_refusal_that_tells_its_limits_is_followed(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient, clock: Clock
) -> None:
    cloud.fault = day_used_up(50, NOON + clock.time() + 3600)
    daemon = await start(stack, cloud)
    refused = await ask(http, daemon.api_base)
    assert refused.status_code == 429
    assert 3500 < int(refused.headers["Retry-After"]) <= DAY
    assert (await ask(http, daemon.api_base, f"openrouter/{FREE[1]}")).status_code == 429
    assert len(cloud.chats) == 1
    assert (await used(http, daemon.url))["day"] == (50, 50)


async def test_after_a_reset_what_a_refusal_told_of_the_day_keeps_nobody_waiting(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient, clock: Clock
) -> None:
    cloud.faults(day_used_up(50, NOON + clock.time() + 3600))
    daemon = await start(stack, cloud)
    assert (await ask(http, daemon.api_base)).status_code == 429
    await http.post(f"{daemon.url}/control/v0/limits/reset")
    await asked_times(1, http, daemon.api_base)
    assert (await used(http, daemon.url))["day"] == (2, 50)


async def test_after_a_refusal_the_provider_is_asked_about_the_key(
    cloud: FakeOpenRouter, stack: AsyncExitStack, patient: httpx.AsyncClient, clock: Clock
) -> None:
    daemon = await start(stack, cloud)
    clock.advance(100)
    cloud.faults(faults.status(429, retry_after="1"))
    await ask(patient, daemon.api_base)
    await cloud.key_question(2)


async def test_what_is_used_up_is_told_by_the_status_and_counts_as_a_tier_of_its_place(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    daemon = await start(stack, cloud)
    await asked_times(20, http, daemon.api_base)
    status = (await http.get(f"{daemon.url}/control/v0/status")).json()
    (alone,) = status["limits"]
    assert (alone["kind"], alone["limited"], alone["reason"]) == ("free", True, MINUTE_USED_UP)
    assert 50 < alone["seconds"] <= 65
    (place,) = status["endpoints"]
    assert place["tiers"] == ["free", "paid"]


async def test_402_puts_the_account_aside_says_so_once_and_all_else_goes_on(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    other = await stack.enter_async_context(FakeEngine("spare", llama=False))
    cloud.fault = faults.status(402, answers.error(402, "Insufficient credits", "payment_required"))
    spare = f'[providers.spare]\napi_base = "{other.api_base}"\ntier = "free"\n'
    daemon = await start(stack, cloud, spare)
    told = [await ask(http, daemon.api_base) for _ in range(3)]
    assert [one.headers["X-Pointsman-Model"] for one in told] == ["spare/spare"] * 3
    assert len(cloud.chats) == 1
    named = await ask(http, daemon.api_base, f"openrouter/{FREE[0]}")
    assert named.status_code in {429, 503}
    assert "Insufficient credits" in named.json()["error"]["message"]
    assert len(cloud.chats) == 1
    status = (await http.get(f"{daemon.url}/control/v0/status")).json()
    (alone,) = status["limits"]
    assert alone["kind"] == "account"
    assert "402" in alone["reason"]


async def test_a_users_own_limit_of_a_minute_holds_for_what_costs_nothing_and_is_named(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    limited = f'[providers.mine]\napi_base = "{cloud.api_base}"\napi_key = "{cloud.key}"\n'
    daemon = await start(stack, cloud, limited + 'tier = "free"\nrate_limit_rpm = 2\n')
    names = [f"mine/{name}" for name in (PAID[0], PAID[1], PAID[2])]
    told = [await ask(http, daemon.api_base, name) for name in names]
    assert [one.status_code for one in told] == [200, 200, 429]
    assert "its 2 requests (rate_limit_rpm) a minute are used up" in told[2].json()["error"]["message"]
    assert len(cloud.chats) == 2


async def test_a_key_without_credit_is_not_asked_and_says_where_to_raise_its_limit(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    cloud.figures = {"limit": 5, "limit_remaining": 0, "usage": 5, "is_free_tier": False}
    daemon = await start(stack, cloud)
    words = (await ask(http, daemon.api_base)).json()["error"]["message"]
    assert "its key's credit limit of $5 is used up: raise it at https://openrouter.ai/" in words
    assert not cloud.chats
    (key,) = (
        one for one in (await http.get(f"{daemon.url}/control/v0/keys")).json()["keys"] if one["origin"]
    )
    assert key["state"] == "works"
    assert "its key's credit limit of $5 is used up" in key["note"]
    (credit,) = (await http.get(f"{daemon.url}/control/v0/limits")).json()["credit"]
    assert (credit["limit"], credit["remaining"], credit["spent"]) == (5 * NANO, 0, 5 * NANO)


async def test_a_provider_without_a_page_about_keys_answers_all_the_same(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    cloud.figures = None
    daemon = await start(stack, cloud)
    await asked_times(1, http, daemon.api_base)


async def test_who_asks_for_no_lists_asks_nothing_about_keys(
    cloud: FakeOpenRouter, stack: AsyncExitStack
) -> None:
    await start(stack, cloud, "remote = false\n")
    assert not cloud.seen


async def test_what_never_reached_it_does_not_count(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    daemon = await start(stack, cloud)
    await asked_times(1, http, daemon.api_base)
    await cloud.stop()
    assert (await ask(http, daemon.api_base)).status_code == 503
    assert await used(http, daemon.url) == {"minute": (1, 20), "day": (1, 50)}


async def test_a_failure_that_reached_it_counts(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    cloud.faults(faults.status(503), faults.status(503))
    daemon = await start(stack, cloud)
    await ask(http, daemon.api_base)
    assert (await used(http, daemon.url))["day"][0] == len(cloud.chats)


async def test_the_plan_of_a_key_makes_its_models_free_and_counted(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    groq = f'[providers.groq]\napi_base = "{cloud.api_base}"\napi_key = "{cloud.key}"\nplan = "free"\n'
    daemon = await start(stack, cloud, groq)
    answer = await ask(http, daemon.api_base, f"groq/{PAID[0]}")
    assert (answer.status_code, answer.headers["X-Pointsman-Tier"]) == (200, "free")
    told = (await http.get(f"{daemon.url}/control/v0/limits")).json()["free"]
    mine = {one["span"]: (one["used"], one["limit"]) for one in told if one["model"] == f"groq/{PAID[0]}"}
    assert mine == {"minute": (1, 30), "day": (1, 1000)}


async def test_a_start_with_nothing_but_a_key_names_what_the_cloud_offers(cloud: FakeOpenRouter) -> None:
    async with Daemon(config=ALONE, environ=cloud.environ) as daemon:
        async with asyncio.timeout(10):
            while "Try: curl" not in daemon.stdout:
                await asyncio.to_thread(daemon.ends_within, 0.02)
        assert "No model was found" not in daemon.stdout
        assert "openrouter" in daemon.stdout


async def test_a_kill_gives_no_request_of_the_minute_back(cloud: FakeOpenRouter) -> None:
    async with (
        Daemon(config=ALONE, environ=cloud.environ) as daemon,
        httpx.AsyncClient(timeout=20, trust_env=False) as http,
    ):
        await asked_times(20, http, daemon.api_base)
        daemon.kill()
        await asyncio.to_thread(daemon.start)
        refused = await ask(http, daemon.api_base)
        assert refused.status_code == 429
        assert 10 < int(refused.headers["Retry-After"]) <= 65
        assert MINUTE_USED_UP in refused.json()["error"]["message"]
    assert len(cloud.chats) == 20


async def test_a_kill_while_it_is_being_asked_loses_no_count(cloud: FakeOpenRouter) -> None:
    """What is counted is in the ledger when the first byte arrives."""
    cloud.fault = faults.SILENCE
    async with (
        Daemon(config=ALONE, environ=cloud.environ) as daemon,
        httpx.AsyncClient(timeout=20, trust_env=False) as http,
    ):
        asking = asyncio.ensure_future(ask(http, daemon.api_base))
        await cloud.chat(1)
        daemon.kill()
        with pytest.raises(httpx.TransportError):
            await asking
        await asyncio.to_thread(daemon.start)
        assert await used(http, daemon.url) == {"minute": (1, 20), "day": (1, 50)}


async def test_a_kill_gives_no_request_of_the_day_back(cloud: FakeOpenRouter) -> None:
    if time.time() % DAY < 200:
        pytest.skip("the day has only just begun")
    async with (
        Daemon(config=ALONE, environ=cloud.environ) as daemon,
        httpx.AsyncClient(timeout=20, trust_env=False) as http,
    ):
        await asked_times(1, http, daemon.api_base)
        (told, *_) = (await http.get(f"{daemon.url}/control/v0/limits")).json()["free"]
        daemon.kill()
        _asked_before(daemon.state, told["account"], 48)
        await asyncio.to_thread(daemon.start)
        await asked_times(1, http, daemon.api_base)
        daemon.kill()
        await asyncio.to_thread(daemon.start)
        refused = await ask(http, daemon.api_base)
        assert refused.status_code == 429
        assert DAY_USED_UP in refused.json()["error"]["message"]
    assert len(cloud.chats) == 2


def _asked_before(state: Path, account: str, times: int) -> None:
    """As if so many had been asked, earlier today."""
    (ledger,) = state.glob("ledger*.sqlite3")
    writer = Writer(ledger)
    writer.start()
    for number in range(times):
        writer.enqueue(FreeCallRecord(account, f"openrouter/{FREE[0]}", time.time() - 100, number))
    writer.stop()
