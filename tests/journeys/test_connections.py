"""Connections that are kept from one request to the next, while their engine may leave them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import httpx
import pytest

from pointsman.net import AT_ONCE
from tests.fakes import answers
from tests.journeys.clock import clock_of_this_loop
from tests.journeys.conftest import StartDaemon, chat

COUNT = 4  # connections that are kept at once
HEAD = b"HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nContent-Type: application/json\r\nContent-Length: "
MODELS = answers.compact({"object": "list", "data": [{"id": "leaver"}]})


class Leaver:
    """An engine that answers one chat on each connection, and is gone when a second one comes there.

    Chats are answered when `together` of them are there at once. `before_leaving` comes between the second
    chat and the end of its connection.
    """

    def __init__(self) -> None:
        self.together = 1
        self.answered = 0
        self.left = 0
        self.before_leaving: Callable[[], object] = lambda: None
        self.port = 0
        self._asked = 0
        self._all_there = asyncio.Event()

    @property
    def api_base(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if await _is_chat(reader):
                await self._answer(writer)
                await _is_chat(reader)
                self.left += 1
                self.before_leaving()
            else:
                writer.write(HEAD + b"%d\r\nConnection: close\r\n\r\n" % len(MODELS) + MODELS)
                await writer.drain()
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        self._asked += 1
        if self._asked % self.together == 0:
            self._all_there.set()
        await self._all_there.wait()
        body = answers.completion(answers.USUAL, "leaver")
        writer.write(HEAD + b"%d\r\n\r\n" % len(body) + body)
        self.answered += 1


async def _is_chat(reader: asyncio.StreamReader) -> bool:
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"POST"):
        return False
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    await reader.readexactly(int(length.partition(b":")[2]))
    return True


@pytest.fixture
async def leaver() -> AsyncIterator[Leaver]:
    engine = Leaver()
    server = await asyncio.start_server(engine.serve, "127.0.0.1", 0)
    engine.port = server.sockets[0].getsockname()[1]
    yield engine
    server.close()


async def ask(http: httpx.AsyncClient, url: str) -> tuple[int, str]:
    """The status of a chat, and the attempts it took."""
    told = await http.post(f"{url}/chat/completions", json=chat())
    return told.status_code, told.headers["X-Pointsman-Attempts"]


async def test_connections_that_their_engine_has_left_are_dialled_anew_and_that_is_no_attempt(
    leaver: Leaver, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    leaver.together = COUNT
    daemon = await start_daemon(a=leaver)
    for _ in range(2):
        told = await asyncio.gather(*(ask(http, daemon.api_base) for _ in range(COUNT)))
        assert told == [(200, "1")] * COUNT
    assert leaver.answered == 2 * COUNT
    assert leaver.left > 0


async def test_an_engine_that_was_at_work_before_it_left_has_failed(
    leaver: Leaver, start_daemon: StartDaemon, patient: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(a=leaver)
    await ask(patient, daemon.api_base)
    leaver.before_leaving = lambda: clock_of_this_loop().advance(AT_ONCE + 0.1)
    assert await ask(patient, daemon.api_base) == (200, "2")
    assert (leaver.answered, leaver.left) == (2, 1)
