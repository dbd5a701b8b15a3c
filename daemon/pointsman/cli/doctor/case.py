"""What all checks go by, found out once: the configuration, the ledger, the daemon, a look around."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from pointsman.cli.address import Address, DaemonAway, find_addresses
from pointsman.cli.client import Client
from pointsman.cli.doctor.look import PATIENCE, Look, look_around
from pointsman.config.load import Loaded
from pointsman.config.schema import Config, budgets_of
from pointsman.daemon import Options, settle
from pointsman.dates import Calendar
from pointsman.errors import LedgerError, PointsmanError, StartError
from pointsman.funds import Stand
from pointsman.ledger.queries import Reader
from pointsman.ledger.record import KeptListRecord, LimitRecord
from pointsman.limits.book import KEPT
from pointsman.limits.budget import Budgets
from pointsman.paths import Paths, find_paths
from pointsman.server.control.shapes import StatusShape
from pointsman.watch.keeper import LATELY

START = "pointsman serve"
ANSWERS_WITHIN = 5.0  # seconds; a daemon takes a few milliseconds for its status


@dataclass(frozen=True, slots=True)
class Settled:
    """The configuration; in place of one that does not hold the defaults, and `trouble`."""

    loaded: Loaded
    trouble: str = ""

    @property
    def config(self) -> Config:
        return self.loaded.config


@dataclass(frozen=True, slots=True)
class Running:
    """The daemon, as it says itself."""

    status: StatusShape | None = None  # None: it did not say it
    trouble: str = ""  # why it did not
    away: bool = True  # nobody is there
    said: tuple[str, ...] = ()  # that it is of another version
    pid: int | None = None  # as it was published, where it does not answer


@dataclass(frozen=True, slots=True)
class Past:
    """What the ledger remembers; nothing where it can't be read, which is the ledger's own check to say."""

    newest: float | None = None  # wall clock, of the last request
    limits: tuple[LimitRecord, ...] = ()
    kept: tuple[KeptListRecord, ...] = ()
    stands: tuple[Stand, ...] = ()


NO_CONFIG = Loaded(Config(), None, MappingProxyType({}), ())


@dataclass(frozen=True, slots=True)
class Case:
    """`now` is wall-clock time."""

    environ: Mapping[str, str]
    paths: Paths
    now: float
    settled: Settled = Settled(NO_CONFIG)
    running: Running = Running()
    past: Past = Past()
    look: Look = field(default_factory=Look)

    @property
    def config(self) -> Config:
        return self.settled.config

    @property
    def cut_off(self) -> bool:
        """Nobody elsewhere answered, and not because nobody was asked."""
        return self.config.discovery.remote and self.look.cut_off

    def by_daemon(self, command: str) -> str:
        """What to do by a command that the daemon carries out: where none answers, one has to be started."""
        return command if self.running.status else f"{command} (needs a daemon: {START})"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the command line says that things are."""

    config: Path | None = None
    state: Path | None = None
    socket: Path | None = None


async def open_case(places: Places, environ: Mapping[str, str], *, patience: float = PATIENCE) -> Case:
    """`patience`: seconds for the look around. Raises StartError where no home folder is known."""
    paths = find_paths(environ, config=places.config, state=places.state, socket=places.socket)
    settled = _settle(places, environ)
    now = time.time()
    running = asyncio.create_task(asyncio.to_thread(_ask_daemon, paths, only_socket=bool(places.socket)))
    past = await asyncio.to_thread(_remember, paths.ledger, settled.config, now)
    look = await look_around(settled.config, environ, paths, past.kept, patience=patience)
    return Case(environ, paths, now, settled, await running, past, look)


def _settle(places: Places, environ: Mapping[str, str]) -> Settled:
    socket = str(places.socket) if places.socket else None
    try:
        return Settled(settle(Options(places.config, places.state, socket), environ).live.loaded)
    except StartError as error:
        return Settled(NO_CONFIG, str(error))


def _ask_daemon(paths: Paths, *, only_socket: bool) -> Running:
    said: list[str] = []
    addresses: tuple[Address, ...] = ()
    try:
        addresses = find_addresses(paths, only_socket=only_socket)
        status = Client(addresses, said.append, patience=ANSWERS_WITHIN).get("/status")
        if not _is_status(status):
            raise PointsmanError("this command does not understand what it says of itself")
    except DaemonAway as error:
        return Running(trouble=error.message)
    except PointsmanError as error:
        pid = next((address.pid for address in addresses if address.pid), None)
        return Running(trouble=error.message, away=False, said=tuple(said), pid=pid)
    return Running(status, away=False, said=tuple(said))


def _is_status(told: object) -> bool:
    """One of another version may tell more, or in another way."""
    return isinstance(told, dict) and StatusShape.__required_keys__ <= told.keys()


def _remember(ledger: Path, config: Config, now: float) -> Past:
    budgets = Budgets(Calendar(), lambda: now, budgets=budgets_of(config), curve=config.degradation.curve)
    if not is_there(ledger):
        return Past(stands=budgets.stands())
    try:
        with closing(Reader(ledger)) as reader:
            newest = reader.log(1)
            budgets.restore(reader.charges(KEPT), reader.recent_charges(LATELY))
            return Past(
                newest[0].at if newest else None, reader.limits(), reader.kept_lists(), budgets.stands()
            )
    except LedgerError:
        return Past()


def is_there(path: Path) -> bool:
    """Whether it can be seen, which nothing can in a folder that is closed to this user."""
    try:
        return path.exists()
    except OSError:
        return False
