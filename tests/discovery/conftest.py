import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from pointsman.net import Sessions
from tests.discovery.servers import Server
from tests.journeys.clock import Clock

Listen = Callable[[Server], Awaitable[int]]
ListenApp = Callable[[web.Application], Awaitable[int]]


@pytest.fixture
async def sessions() -> AsyncIterator[Sessions]:
    made = Sessions()
    yield made
    await made.close()


@pytest.fixture
def listen(listen_app: ListenApp) -> Listen:
    """Starts a server on a free port of 127.0.0.1 and tells which."""

    async def start(server: Server) -> int:
        return await listen_app(server.app)

    return start


@pytest.fixture
async def listen_app() -> AsyncIterator[ListenApp]:
    started: list[TestServer] = []

    async def start(app: web.Application) -> int:
        started.append(TestServer(app, host="127.0.0.1"))
        await started[-1].start_server()
        assert started[-1].port
        return started[-1].port

    yield start
    for each in started:
        await each.close()


@pytest.fixture
def released() -> Iterator[asyncio.Event]:
    """What silent servers wait for; set when the test is over."""
    event = asyncio.Event()
    yield event
    event.set()


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, type[Clock]]:
    """On this clock a busy machine makes no time pass: who is silent here is, and not merely slow."""
    return {"clock": Clock}
