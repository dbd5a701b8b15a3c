"""A real daemon's rooms on a temporary ledger, with one source of models that finds what it is given."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, UnixConnector, web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from pointsman.calls import Call, Candidate, Task
from pointsman.catalogue.registry import Registry
from pointsman.config.credentials import Credentials
from pointsman.config.live import Live
from pointsman.config.override import overrides
from pointsman.config.schema import Config
from pointsman.config.settings import Settings
from pointsman.dates import Calendar
from pointsman.discovery.catalogues import Catalogues
from pointsman.discovery.keybook import Keybook
from pointsman.discovery.plan import Plan
from pointsman.discovery.sweep import Sweeper
from pointsman.events import Bus, Watcher
from pointsman.execution.answer import Means
from pointsman.execution.clocks import Clocks, clocks_for
from pointsman.execution.loads import Loads
from pointsman.execution.pace import Pace
from pointsman.jobs import Job, Jobs
from pointsman.ledger.queries import Reader
from pointsman.ledger.writer import Writer
from pointsman.limits.budget import Budgets
from pointsman.limits.gate import Gate
from pointsman.net import Sessions
from pointsman.router import Router
from pointsman.server.app import make_app
from pointsman.server.budgets import BudgetSettings
from pointsman.server.callers import Callers
from pointsman.server.choices import Choices
from pointsman.server.modes import Modes
from pointsman.server.rooms import Info, Rooms
from pointsman.types import Account, Endpoint, Finding, FoundBy, Model, Place, Tier
from pointsman.watch.border import Border
from pointsman.watch.config import ConfigWatch
from pointsman.watch.keys import KeyWatch
from tests.server.control.spent import Sums

STARTED_AT = 1_000_000.0
SECRET = "sk-never-told"
ALIAS = '[models]\nquick = "llama-server/qwen"\n'

Client = TestClient[web.Request, web.Application]


@dataclass
class Given:
    """A source of discovery that finds what a test puts into it."""

    findings: list[Finding] = field(default_factory=list)
    error: Exception | None = None
    name: str = "given"
    remote: bool = False
    ports: frozenset[int] = frozenset()
    looked_for: tuple[str, ...] = ("an engine on 127.0.0.1:8080",)

    def known(self) -> Sequence[Finding]:
        return ()

    def covers(self, endpoint: Endpoint) -> bool:
        return True

    def follow(self, plan: Plan) -> None:
        pass

    def has(self, endpoint: Endpoint) -> bool:
        return True

    def retell(self, endpoint: Endpoint) -> tuple[Model, ...] | None:
        return None

    async def look(self, found: Callable[[Finding], object]) -> None:
        if self.error:
            raise self.error
        for finding in self.findings:
            found(finding)


class TellingBus(Bus):
    """A bus that says when a watcher has left."""

    def __init__(self) -> None:
        super().__init__()
        self.left = asyncio.Event()

    def leave(self, watcher: Watcher) -> None:
        super().leave(watcher)
        self.left.set()


@dataclass
class House:
    """The rooms, and what a test may put into them."""

    rooms: Rooms
    source: Given
    bus: TellingBus
    jobs: Jobs

    def find(self, endpoint: Endpoint, *models: Model) -> None:
        self.source.findings.append(Finding(endpoint, models))


def endpoint(name: str = "llama-server", **changes: Any) -> Endpoint:
    base: dict[str, Any] = {
        "id": name,
        "provider": name,
        "place": Place(f"http://{name}.localhost:8080/v1"),
        "found_by": FoundBy.PORT,
        "tier": Tier.LOCAL,
        "account": Account(id=name, key=SECRET),
    }
    return Endpoint(**base | changes)


def model(of: Endpoint, name: str = "qwen", **changes: Any) -> Model:
    base: dict[str, Any] = {
        "id": f"{of.id}/{name}",
        "name": name,
        "served_as": name,
        "endpoint": of,
        "tier": of.tier,
    }
    return Model(**base | changes)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    loads = Loads(time.monotonic, lambda: None)
    bus, registry, source = TellingBus(), Registry(loads.observe), Given()
    jobs = Jobs((Job("sound", 60.0, _nothing), Job("sick", 60.0, _nothing)))  # never started
    sweeper = Sweeper([source], registry, bus, monotonic=time.monotonic, wall=time.time)
    writer, reader = Writer(tmp_path / "ledger.sqlite3"), Reader(tmp_path / "ledger.sqlite3")
    writer.start()
    (tmp_path / "config.toml").write_text(ALIAS, encoding="utf-8")
    live = Live(tmp_path / "config.toml", Settings(tmp_path / "settings.json"), partial(overrides, {}))
    live.tell(lambda _: sweeper.hurry("other pages are to be read", everything=True), "urls")
    modes = Modes(live, bus, time.time)
    budgets = Budgets(Calendar(), time.time)
    choices = Choices(live)
    rooms = Rooms(
        router=_router(registry, sweeper, bus, writer, loads, modes=modes, choices=choices),
        registry=registry,
        sweeper=sweeper,
        keys=Keybook(Config, {}, Credentials(tmp_path / "credentials.toml"), Sessions(), time.time),
        reader=reader,
        writer=writer,
        bus=bus,
        info=Info("1.2.3", 4711, STARTED_AT, "http://127.0.0.1:11711", "/run/p.sock", str(tmp_path)),
        jobs=jobs,
        loads=loads,
        border=Border(modes.mode, bus, writer.enqueue, time.time),
        key_watch=KeyWatch(Sessions(), registry, Gate(), time.monotonic, asks=bool),
        modes=modes,
        budgets=budgets,
        budget_settings=BudgetSettings(budgets, live),
        callers=Callers(),
        choices=choices,
        catalogues=Catalogues(pages=lambda: live.config.urls),
        live=live,
        config_watch=ConfigWatch(live, _put_to_use, bus, time.time),
    )
    yield House(rooms, source, bus, jobs)
    await sweeper.close()
    reader.close()
    writer.stop()


@pytest.fixture
def sums(house: House, tmp_path: Path) -> Iterator[Sums]:
    """In the place of the ledger's, before a client is there."""
    given = Sums(tmp_path / "ledger.sqlite3")
    house.rooms = replace(house.rooms, reader=given)
    yield given
    given.close()


async def _nothing() -> None:
    pass


async def _put_to_use() -> None:
    pass


def _quiet() -> None:
    pass


def _clocks(candidate: Candidate, call: Call, task: Task) -> Clocks:
    return clocks_for(candidate, call, task, Config(), Pace())


def _router(
    registry: Registry,
    sweeper: Sweeper,
    bus: Bus,
    writer: Writer,
    loads: Loads,
    *,
    modes: Modes,
    choices: Choices,
) -> Router:
    gate = Gate(budgets=Budgets(Calendar(), time.time))
    return Router(
        registry=registry,
        gate=gate,
        lookout=sweeper,
        means=Means(Sessions(), gate, loads, _clocks, print, time.time),
        names=choices.names,
        bus=bus,
        keep=writer.enqueue,
        new_id=lambda: "d1",
        wall=time.time,
        monotonic=time.monotonic,
        config_file="/config.toml",
        mode=modes.mode,
    )


@pytest.fixture
async def client(house: House, aiohttp_client: AiohttpClient) -> Client:
    app = make_app(house.rooms, hop_id="hop", bound_host="127.0.0.1")
    return await aiohttp_client(app, server_kwargs={"handler_cancellation": True})


@pytest.fixture
async def owner(house: House) -> AsyncIterator[ClientSession]:
    """A client at the Unix socket. The folder is short: a socket's path holds a hundred bytes."""
    with tempfile.TemporaryDirectory(prefix="pm-") as folder:
        runner = web.AppRunner(make_app(house.rooms, hop_id="hop", bound_host="127.0.0.1"))
        await runner.setup()
        await web.UnixSite(runner, str(Path(folder) / "p.sock")).start()
        connector = UnixConnector(str(Path(folder) / "p.sock"))
        async with ClientSession("http://localhost", connector=connector) as session:
            yield session
        await runner.cleanup()
