"""What is told of a key by its page, where that is read slowly."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from pointsman.catalogue.registry import Registry
from pointsman.limits.gate import Gate
from pointsman.net import Sessions
from pointsman.types import Account, Place, Snapshot, Tier
from pointsman.watch.keys import KeyWatch
from tests.routing.house import endpoint, model

USED_UP = {"data": {"limit": 5, "limit_remaining": 0, "usage": 5, "is_free_tier": False}}


class SlowPage:
    """It answers when it is told to."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()

    async def answer(self, _: web.Request) -> web.Response:
        self.asked.set()
        await self.go_on.wait()
        return web.json_response(USED_UP, status=self.status)


@pytest.fixture
async def sessions() -> AsyncIterator[Sessions]:
    made = Sessions()
    yield made
    await made.close()


@pytest.mark.parametrize("status", [200, 401])
@pytest.mark.parametrize("taken_away", [True, False], ids=["taken away", "still there"])
async def test_of_a_key_that_was_taken_away_meanwhile_nothing_is_told(
    status: int, taken_away: bool, sessions: Sessions
) -> None:
    page, gate = SlowPage(status), Gate()
    app = web.Application()
    app.router.add_get("/v1/key", page.answer)
    async with TestServer(app, host="127.0.0.1") as server:
        at = endpoint(
            "openrouter",
            place=Place(f"http://127.0.0.1:{server.port}/v1"),
            account=Account("openrouter-1", "sk"),
        )
        known = Snapshot(endpoints=(at,), models=(model("openrouter/gift", endpoint=at, tier=Tier.FREE),))
        watch = KeyWatch(sessions, Registry(), gate, lambda: 0.0, asks=lambda: True)
        watch.observe(known)
        await page.asked.wait()
        if taken_away:
            watch.observe(Snapshot())
        page.go_on.set()
        await asyncio.gather(*watch.asking)
    assert bool(gate.circuits.report(0.0)) is not taken_away
    assert bool(watch.known) is (status == 200 and not taken_away)
