"""The signs of life that a stream gives while nobody answers, over a real connection."""

import asyncio
from contextlib import AbstractAsyncContextManager

import pytest
from aiohttp import ClientPayloadError, web
from pytest_aiohttp import AiohttpClient

from pointsman.execution.answer import Answer
from pointsman.router import Journey
from pointsman.server.streams import Signs, stream
from pointsman.wire import openai

SIGNS = Signs(after=0.0, every=0.001)
CALL = openai.decode(b'{"messages": [{"role": "user", "content": "Hello"}], "stream": true}', {})


class Answering(AbstractAsyncContextManager[Answer]):
    """Waits until it is told to go on; then there is no answer, and nobody knows why."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def __aenter__(self) -> Answer:
        await self.go_on.wait()
        raise RuntimeError("a defect")

    async def __aexit__(self, *_: object) -> None:
        pass


async def test_one_sign_of_life_follows_another_and_a_defect_breaks_off_without_an_end(
    aiohttp_client: AiohttpClient,
) -> None:
    answering, app = Answering(), web.Application()

    async def handle(request: web.Request) -> web.StreamResponse:
        return await stream(request, openai, Journey("1", 0.0, 0.0, 0, CALL), answering, SIGNS)

    app.router.add_get("/", handle)
    client = await aiohttp_client(app)
    answer = await client.get("/")
    assert await answer.content.readexactly(3 * len(openai.WAITING)) == 3 * openai.WAITING
    answering.go_on.set()
    with pytest.raises(ClientPayloadError):
        await answer.read()
