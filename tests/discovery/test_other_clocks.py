"""How far this machine's clock is from those elsewhere."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import formatdate

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from pointsman.discovery.other_clocks import OtherClocks
from pointsman.net import Sessions
from pointsman.types import Place

NOW = 1_800_000_000.0


@asynccontextmanager
async def telling(headers: Mapping[str, str]) -> AsyncIterator[str]:
    """A server whose answers have these headers."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(headers=headers)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        yield f"http://127.0.0.1:{server.port}"


async def heard(headers: Mapping[str, str]) -> list[float]:
    clocks = OtherClocks(lambda: NOW)
    sessions = Sessions(middlewares=[clocks])
    async with telling(headers) as url:
        async with sessions.session(Place(url)).get(f"{url}/v1/models?limit=1") as response:
            assert response.status == 200
        await sessions.close()
    assert set(clocks.ahead) <= {url}
    return list(clocks.ahead.values())


@pytest.mark.parametrize("ahead", [0.0, 3600.0, -400.0])
async def test_the_date_of_an_answer_tells_how_far_ahead_this_clock_is(ahead: float) -> None:
    assert await heard({"Date": formatdate(NOW - ahead, usegmt=True)}) == [ahead]


async def test_an_answer_out_of_a_cache_is_as_old_as_it_says() -> None:
    assert await heard({"Date": formatdate(NOW - 90, usegmt=True), "Age": "90"}) == [0.0]


@pytest.mark.parametrize("date", ["", "yesterday", "9" * 400])
async def test_what_is_no_date_tells_nothing(date: str) -> None:
    assert await heard({"Date": date}) == []
