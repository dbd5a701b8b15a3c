"""Lists that take long on their way, each on the pace at which places elsewhere are asked."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from pointsman.catalogue.providers import GENERIC
from pointsman.discovery.configured import SLOW_NOTE, ConfiguredSource
from pointsman.discovery.probe import FAR
from pointsman.discovery.written import Written
from pointsman.net import Sessions
from pointsman.types import Finding, Health, Place, Tier
from tests.fakes import clouds
from tests.fakes.answers import compact
from tests.journeys.clock import Clock

LIST = compact(clouds.openrouter_list(*(clouds.openrouter(f"maker/{number}") for number in range(40))))
PIECE = 1 + len(LIST) // 10


async def look(stack: AsyncExitStack, pieces: Iterator[tuple[float, bytes]]) -> Finding:
    """At a place whose list comes in pieces, each after so many seconds."""

    async def models(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        for pause, piece in pieces:
            await asyncio.sleep(pause)
            if not response.prepared:
                await response.prepare(request)
            await response.write(piece)
        return response

    app = web.Application()
    app.router.add_get("/v1/models", models)
    server = await stack.enter_async_context(TestServer(app, host="127.0.0.1"))
    sessions = Sessions()
    stack.push_async_callback(sessions.close)
    place = Place(f"http://0.0.0.0:{server.port}/v1")
    written = Written("mine", GENERIC, place, None, None, Tier.PAID, ())
    found: list[Finding] = []
    await ConfiguredSource([written], sessions, lambda: 1000.0, remote=True).look(found.append)
    (finding,) = found
    return finding


async def test_a_list_that_is_long_on_its_way_is_had(clock: Clock, stack: AsyncExitStack) -> None:
    pieces = ((5.0, LIST[at : at + PIECE]) for at in range(0, len(LIST), PIECE))
    with clock.hurrying() as watch:
        finding = await look(stack, pieces)
    assert (finding.endpoint.health, len(finding.models or ())) == (Health.UP, 40)
    assert watch.seconds == pytest.approx(50, abs=1)


@pytest.mark.parametrize("first", [(), ((0.0, LIST[:PIECE]),)])
async def test_who_says_nothing_for_long_is_left(
    clock: Clock, stack: AsyncExitStack, first: tuple[tuple[float, bytes], ...]
) -> None:
    with clock.hurrying() as watch:
        finding = await look(stack, iter((*first, (3600.0, LIST))))
    assert (finding.endpoint.health, finding.endpoint.note) == (Health.SILENT, SLOW_NOTE)
    assert watch.seconds == pytest.approx(FAR.silence, abs=1)


async def test_a_list_without_an_end_is_left_in_the_end(clock: Clock, stack: AsyncExitStack) -> None:
    with clock.hurrying() as watch:
        finding = await look(stack, ((5.0, b" ") for _ in range(10_000)))
    assert finding.endpoint.health is Health.SILENT
    assert watch.seconds == pytest.approx(FAR.total, abs=1)
