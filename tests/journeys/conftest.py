"""Daemons on their way, each with the engines that its test names and no others."""

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from pointsman.daemon import Options, running, settle
from pointsman.server.rooms import Rooms
from tests.fakes.engine import FakeEngine
from tests.fakes.ollama import FakeOllama, OllamaModel


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

HELLO = [{"role": "user", "content": "Hello"}]


def config_of(**engines: FakeEngine) -> str:
    """A configuration that names these engines as providers and looks nowhere else."""
    providers = "".join(f'[providers.{name}]\napi_base = "{one.api_base}"\n' for name, one in engines.items())
    return f"[discovery]\nlocal = false\n{providers}"


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
def start_ollama(stack: AsyncExitStack) -> StartOllama:
    async def start(*library: OllamaModel, **options: object) -> FakeOllama:
        return await stack.enter_async_context(FakeOllama(*library, **options))  # type: ignore[arg-type]

    return start


@pytest.fixture
def start_daemon(stack: AsyncExitStack) -> StartDaemon:
    """Starts a daemon for the engines named, and more configuration if given; returns when it has looked."""

    async def start(more: str = "", **engines: FakeEngine) -> Here:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pm-")))
        (folder / "config.toml").write_text(config_of(**engines) + more, encoding="utf-8")
        options = Options(config=folder / "config.toml", state=folder, port=0)
        rooms = await stack.enter_async_context(running(settle(options, {"HOME": str(folder)}), {}))
        await rooms.sweeper.sweep("test", everything=True)
        return Here(rooms)

    return start


@pytest.fixture
async def http(stack: AsyncExitStack) -> httpx.AsyncClient:
    return await stack.enter_async_context(httpx.AsyncClient(timeout=20, trust_env=False))


def chat(model: str = "auto", *, stream: bool = False, **more: object) -> dict[str, object]:
    return {"model": model, "messages": HELLO, "stream": stream, **more}
