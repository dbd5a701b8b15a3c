"""Daemons on their way, each with the engines that its test names and no others."""

import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from pointsman.build import MACHINE, Times
from pointsman.daemon import Options, running, settle
from pointsman.server.rooms import Rooms
from tests.fakes.engine import FakeEngine
from tests.fakes.ollama import FakeOllama, OllamaModel
from tests.journeys.clock import Clock, clock_of_this_loop


@dataclass(frozen=True, slots=True)
class Here:
    """A whole daemon in this process: real sockets, a real ledger, and the test's own event loop."""

    rooms: Rooms

    @property
    def url(self) -> str:
        return self.rooms.info.url

    @property
    def api_base(self) -> str:
        return f"{self.url}/v1"

    @property
    def socket(self) -> Path:
        return Path(self.rooms.info.socket)


StartDaemon = Callable[..., Awaitable[Here]]
StartEngine = Callable[..., Awaitable[FakeEngine]]
StartOllama = Callable[..., Awaitable[FakeOllama]]

NO_TLS = ssl.SSLContext(
    ssl.PROTOCOL_TLS_CLIENT
)  # reads no certificates, which takes longer than most journeys
FOR_EVER = 1e7  # seconds
HELLO = [{"role": "user", "content": "Hello"}]


def config_of(**engines: FakeEngine) -> str:
    """A configuration that names these engines as providers and looks nowhere else."""
    providers = "".join(f'[providers.{name}]\napi_base = "{one.api_base}"\n' for name, one in engines.items())
    return f"[discovery]\nlocal = false\nremote = false\n{providers}"


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, type[Clock]]:
    """All that happens in one journey happens on one clock, which its test may push ahead."""
    return {"clock": Clock}


@pytest.fixture
async def clock() -> Clock:
    return clock_of_this_loop()


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def start_engine(stack: AsyncExitStack) -> StartEngine:
    async def start(*models: str, **options: object) -> FakeEngine:
        return await stack.enter_async_context(FakeEngine(*models, **options))  # type: ignore[arg-type]

    return start


@pytest.fixture
async def one(start_engine: StartEngine) -> FakeEngine:
    """Of two services elsewhere, each with a key of its own: `elsewhere(a=one, b=two)` names them."""
    return await start_engine("one", key="sk-a")


@pytest.fixture
async def two(start_engine: StartEngine) -> FakeEngine:
    return await start_engine("two", key="sk-b")


@pytest.fixture
def start_ollama(stack: AsyncExitStack) -> StartOllama:
    async def start(*library: OllamaModel, **options: object) -> FakeOllama:
        return await stack.enter_async_context(FakeOllama(*library, **options))  # type: ignore[arg-type]

    return start


@pytest.fixture
def start_daemon(stack: AsyncExitStack) -> StartDaemon:
    """Starts a daemon for the engines named, and more configuration if given; returns when it has looked."""

    async def start(more: str = "", times: Times | None = None, **engines: FakeEngine) -> Here:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pm-")))
        (folder / "config.toml").write_text(config_of(**engines) + more, encoding="utf-8")
        options = Options(config=folder / "config.toml", state=folder, port=0)
        never_asleep = replace(MACHINE, sleepless=clock_of_this_loop().time)
        setup = settle(options, {"HOME": str(folder)})
        rooms = await stack.enter_async_context(running(setup, {}, times or never_asleep))
        await rooms.sweeper.sweep("test", everything=True)
        return Here(rooms)

    return start


@pytest.fixture
async def patient(stack: AsyncExitStack) -> httpx.AsyncClient:
    """A client that waits for ever, as its time-outs would run by the clock that a test pushes ahead.

    Nor does it keep connections, which the daemon closes when they are idle for long on that clock.
    """
    once = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return await stack.enter_async_context(
        httpx.AsyncClient(timeout=FOR_EVER, trust_env=False, verify=NO_TLS, limits=once)
    )


@pytest.fixture
async def http(stack: AsyncExitStack) -> httpx.AsyncClient:
    return await stack.enter_async_context(httpx.AsyncClient(timeout=20, trust_env=False, verify=NO_TLS))


def chat(model: str = "auto", *, stream: bool = False, **more: object) -> dict[str, object]:
    return {"model": model, "messages": HELLO, "stream": stream, **more}
