"""A cloud of which a key was found, where there is something to pay: what may be spent with it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from tests.fakes.openrouter import PAID, FakeOpenRouter
from tests.journeys.conftest import Here, chat
from tests.journeys.test_free import ask, start

BUDGETS = "http://localhost/control/v0/budgets"
A_DOLLAR = '[budgets.day]\nwindow = "day"\nlimit = 1\n'


@pytest.fixture
async def cloud() -> AsyncIterator[FakeOpenRouter]:
    async with FakeOpenRouter() as cloud:
        yield cloud


def owner(daemon: Here) -> httpx.AsyncClient:
    """At its Unix socket."""
    return httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(daemon.socket)), timeout=20)


async def test_a_key_that_was_only_found_pays_for_nothing_until_a_budget_is_set(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    daemon = await start(stack, cloud)
    refused = await ask(http, daemon.api_base, PAID[0])
    assert refused.status_code == 402
    assert (
        "`pointsman budget set day 1.00` lets it cost that much a day" in refused.json()["error"]["message"]
    )
    async with owner(daemon) as socket:
        assert (await socket.post(f"{BUDGETS}/day", json={"window": "day", "limit": 1})).status_code == 200
    answer = await ask(http, daemon.api_base, PAID[0])
    assert (answer.status_code, answer.headers["X-Pointsman-Tier"]) == (200, "paid")
    assert cloud.chats[-1].body["max_tokens"] == 4096, "what the model can write at the most"


async def test_a_free_model_answers_though_there_is_money(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    daemon = await start(stack, cloud, A_DOLLAR)
    assert (await ask(http, daemon.api_base)).headers["X-Pointsman-Tier"] == "free"


async def test_what_a_key_has_left_at_its_provider_is_a_budget_too(
    cloud: FakeOpenRouter, stack: AsyncExitStack, http: httpx.AsyncClient
) -> None:
    cloud.figures = {"is_free_tier": False, "limit": 5, "limit_remaining": 0.001, "usage": 4.999}
    daemon = await start(stack, cloud, A_DOLLAR + "[degradation]\ncurve = []\n")
    answer = await ask(http, daemon.api_base, PAID[0])
    assert answer.status_code == 200
    assert 400 < int(answer.headers["X-Pointsman-Cap"]) < 500, "tokens that a tenth of a cent pays for"
    body = chat(PAID[0], max_tokens=1_000)
    refused = await http.post(f"{daemon.api_base}/chat/completions", json=body)
    assert refused.status_code == 402
    assert "credit of openrouter: $5.00 of $5.00 spent" in refused.json()["error"]["message"]
