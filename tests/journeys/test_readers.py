"""Clients that stand still: nobody waits for them for ever, and what is kept for them has an end."""

import asyncio
import json
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import httpx
import pytest

from pointsman.server.inference import SLOWEST_BODY
from pointsman.server.listen import IDLE
from pointsman.server.streams import GRACE, STOPPED_READING
from tests.fakes import answers
from tests.fakes.answers import Answer
from tests.journeys.clock import clock_of_this_loop
from tests.journeys.conftest import Here, StartDaemon, StartEngine, chat

TOTAL = 600.0  # seconds, of `[timeouts]`
PATIENCE = 3 * TOTAL  # on the clock that is hurried
MEBIBYTE = 1024 * 1024
HEAD = b"HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nConnection: close"
WORDS = answers.event({"choices": [{"index": 0, "delta": {"content": "word " * 3000}}], "model": "endless"})


class Endless:
    """An engine whose answer has no end, sent as fast as it is taken."""

    def __init__(self) -> None:
        self.sent = 0
        self.hung_up = asyncio.Event()  # its client has
        self.port = 0

    @property
    def api_base(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"POST"):
                await self._answer(writer)
            page = answers.compact({"object": "list", "data": [{"id": "endless"}]})
            writer.write(HEAD + b"\r\nContent-Length: %d\r\n\r\n" % len(page) + page)
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"\r\nContent-Type: text/event-stream\r\n\r\n")
        try:
            while True:
                writer.write(WORDS)
                await writer.drain()
                self.sent += len(WORDS)
        except ConnectionError:
            self.hung_up.set()
            raise


@pytest.fixture
async def endless(stack: AsyncExitStack) -> Endless:
    engine = Endless()
    server = await asyncio.start_server(engine.serve, "127.0.0.1", 0)
    stack.callback(server.close)
    engine.port = server.sockets[0].getsockname()[1]
    return engine


class Raw:
    """A client that reads when it is told to."""

    def __init__(self, socket: sockets.socket) -> None:
        self._socket = socket

    async def send(self, text: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._socket, text)

    async def rest(self) -> bytes:
        """All that still comes."""
        got = bytearray()
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionError):
                while piece := await asyncio.get_running_loop().sock_recv(self._socket, MEBIBYTE):
                    got += piece
        return bytes(got)


@asynccontextmanager
async def raw(daemon: Here) -> AsyncIterator[Raw]:
    with sockets.socket() as socket:
        socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        socket.setblocking(False)
        url = httpx.URL(daemon.url)
        await asyncio.get_running_loop().sock_connect(socket, (url.host, url.port))
        yield Raw(socket)


def request(*, stream: bool) -> bytes:
    body = json.dumps(chat(stream=stream)).encode()
    return head(len(body)) + body


def head(length: int) -> bytes:
    fields = f"Host: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    return b"POST /v1/chat/completions HTTP/1.1\r\n" + fields.encode()


async def test_who_stops_reading_a_stream_holds_no_engine_for_longer_than_a_request_may_take(
    endless: Endless, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(a=endless)
    async with raw(daemon) as client:
        with clock_of_this_loop().hurrying() as watch:
            await client.send(request(stream=True))
            async with asyncio.timeout(PATIENCE):
                await endless.hung_up.wait()
        assert watch.seconds == pytest.approx(TOTAL + GRACE, abs=5)
        assert endless.sent < 16 * MEBIBYTE  # most of it in the system's own buffers: the engine had to wait
        assert b"[DONE]" not in await client.rest()
    record = (await http.get(f"{daemon.url}/control/v0/decisions/last")).json()
    assert (record["request"]["status"], record["request"]["error"]) == (499, STOPPED_READING)
    assert [attempt["outcome"] for attempt in record["attempts"]] == ["cancelled"]


async def test_who_does_not_read_a_plain_answer_is_left_when_his_time_is_over(
    start_engine: StartEngine, start_daemon: StartDaemon
) -> None:
    daemon = await start_daemon(a=await start_engine(answer=Answer("x" * 24 * MEBIBYTE)))
    async with raw(daemon) as client:
        with clock_of_this_loop().hurrying():
            await client.send(request(stream=False))
            await asyncio.sleep(TOTAL + 1)
        assert 0 < len(await client.rest()) < 24 * MEBIBYTE


async def test_a_body_that_does_not_come_is_not_waited_for(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon()
    async with raw(daemon) as client:
        with clock_of_this_loop().hurrying() as watch:
            await client.send(head(1000) + b'{"model": "au')
            told = await client.rest()
        assert watch.seconds == pytest.approx(SLOWEST_BODY, abs=5)
        assert told.startswith(b"HTTP/1.1 408 ")
        assert b"the body was not there after 120 s" in told


@pytest.mark.parametrize(
    "text", [b"", b"POST /v1/chat/completions HTTP/1.1\r\nHost: lo"], ids=["nothing", "half"]
)
async def test_who_connects_and_does_not_ask_is_left_after_a_while(
    text: bytes, start_daemon: StartDaemon
) -> None:
    daemon = await start_daemon()
    async with raw(daemon) as client:
        with clock_of_this_loop().hurrying() as watch:
            await client.send(text)
            assert await client.rest() == b""
        assert watch.seconds == pytest.approx(IDLE, abs=5)
