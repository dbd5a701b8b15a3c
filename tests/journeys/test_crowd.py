"""Many at once: all are served whole, and nothing of them stays behind."""

import asyncio
import json
import resource
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import httpx
import psutil
import pytest

from pointsman.net import allow_connections
from tests.fakes import answers, faults
from tests.fakes.engine import FakeEngine
from tests.journeys.conftest import chat, config_of
from tests.journeys.daemon import COMMAND, Daemon

CROWD = 1000
SPRINTERS = 200  # clients that vanish together
SOON = 1.0  # seconds within which nothing of theirs may be left open
PATIENCE = 60.0
MEBIBYTE = 1024 * 1024
FEW = 5.0  # MiB by which memory may differ
LITTLE = 0.03  # MiB
END = b"data: [DONE]\n\n"
# Their connections and first words take as long as a busy machine takes for a thousand of them.
PATIENTLY = f"[timeouts]\nconnect = {PATIENCE:g}\nheaders = {PATIENCE:g}\n"
CONTENT = b'"content":"'
WITH_FEW_FILES = ("/bin/sh", "-c", 'ulimit -Sn 256; exec "$0" "$@"', *COMMAND)  # as systems give at first


@pytest.fixture(autouse=True)
def _room_for_all() -> None:
    """The engine and all clients are in this process."""
    allow_connections()
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 3 * CROWD:
        pytest.skip(f"this system lets a process open fewer than {3 * CROWD} files")


@pytest.fixture
async def engine() -> AsyncIterator[FakeEngine]:
    async with FakeEngine("one") as engine:
        yield engine


@pytest.fixture
async def daemon(engine: FakeEngine) -> AsyncIterator[Daemon]:
    """A process of its own, so that its memory and files are no others'."""
    async with Daemon(config=config_of(a=engine) + PATIENTLY, command=WITH_FEW_FILES) as daemon:
        await (await Client.asking(daemon)).whole()  # the engine is found: it would not be, by a crowd's side
        engine.seen.clear()
        yield daemon


class Client:
    """One stream on a connection of its own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._got = b""

    @classmethod
    async def connected(cls, daemon: Daemon) -> "Client":
        url = httpx.URL(daemon.url)
        return cls(*await asyncio.open_connection(url.host, url.port))

    @classmethod
    async def asking(cls, daemon: Daemon) -> "Client":
        client = await cls.connected(daemon)
        body = json.dumps(chat(stream=True)).encode()
        fields = f"Host: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        client._writer.write(b"POST /v1/chat/completions HTTP/1.1\r\n" + fields.encode() + body)
        return client

    async def content(self) -> None:
        """Waits for the first of it."""
        try:
            self._got = await self._reader.readuntil(CONTENT)
        except asyncio.IncompleteReadError as error:
            raise AssertionError(f"no content came: {error.partial!r}") from None

    async def whole(self) -> bytes:
        try:
            return self._got + await self._reader.read()
        finally:
            await self.leave()

    async def leave(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


async def arrive(engine: FakeEngine, daemon: Daemon, count: int) -> list[Client]:
    """A crowd of clients whose answers have all begun, and stand still until the engine is told to go on."""
    before = len(engine.chats)
    clients = await asyncio.gather(*(Client.asking(daemon) for _ in range(count)))
    await asyncio.gather(*(client.content() for client in clients))
    assert len(engine.chats) == before + count
    return clients


def text_of(told: bytes) -> str:
    """What a stream said, without the frames of its transport."""
    lines = [line for line in told.decode().split("\n") if line.startswith("data: {")]
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines]
    return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"])


def resident(daemon: Daemon) -> float:
    """MiB."""
    return psutil.Process(daemon.pid).memory_info().rss / MEBIBYTE


def connections(daemon: Daemon, port: int) -> int:
    """How many the daemon has with whoever listens on that port."""
    links = psutil.Process(daemon.pid).net_connections("tcp")
    return sum(
        bool(link.raddr) and link.raddr.port == port and link.status == "ESTABLISHED" for link in links
    )


async def served(engine: FakeEngine, daemon: Daemon, count: int) -> float:
    """The memory that the daemon has after a crowd that got its answers, all of them whole."""
    engine.fault = faults.stall(3)
    async with asyncio.timeout(PATIENCE):
        clients = await arrive(engine, daemon, count)
        engine.release()
        told = await asyncio.gather(*(client.whole() for client in clients))
    engine.seen.clear()
    assert {text_of(one) for one in told} == {answers.TEXT}
    assert all(END in one for one in told)
    return resident(daemon)


async def test_a_thousand_streams_at_once_are_whole_and_two_more_crowds_take_no_more_memory(
    engine: FakeEngine, daemon: Daemon
) -> None:
    counts = (CROWD, CROWD // 2, CROWD // 2, CROWD // 2)
    _, first, _, last = [await served(engine, daemon, count) for count in counts]
    assert last - first < FEW


@pytest.mark.soak
async def test_after_ten_thousand_streams_memory_is_flat(engine: FakeEngine, daemon: Daemon) -> None:
    taken = [await served(engine, daemon, CROWD) for _ in range(10)]
    assert taken[-1] - taken[2] < FEW


async def test_of_clients_that_vanish_together_nothing_is_open_within_a_second(
    engine: FakeEngine, daemon: Daemon
) -> None:
    engine.fault = faults.stall(3)
    async with asyncio.timeout(PATIENCE):
        clients = await arrive(engine, daemon, SPRINTERS)
    async with asyncio.timeout(SOON):
        await asyncio.gather(*(client.leave() for client in clients))
        await asyncio.gather(*(seen.closed.wait() for seen in engine.chats))
    assert connections(daemon, engine.port) == 0
    async with httpx.AsyncClient(base_url=daemon.url, trust_env=False) as http:
        told = (await http.get("/control/v0/decisions", params={"limit": SPRINTERS})).json()["requests"]
        assert [(one["status"], one["attempts"]) for one in told] == [(499, 1)] * SPRINTERS
        last = (await http.get("/control/v0/decisions/last")).json()
        assert [attempt["outcome"] for attempt in last["attempts"]] == ["cancelled"]


async def test_a_thousand_connections_that_ask_nothing_cost_little(
    engine: FakeEngine, daemon: Daemon
) -> None:
    before = resident(daemon)
    async with AsyncExitStack() as idle:
        for _ in range(CROWD):
            client = await Client.connected(daemon)
            idle.push_async_callback(client.leave)
        async with httpx.AsyncClient(base_url=daemon.url, trust_env=False) as http:
            assert (await http.post("/v1/chat/completions", json=chat())).status_code == 200
        assert psutil.Process(daemon.pid).num_fds() > CROWD
        assert resident(daemon) - before < LITTLE * CROWD
