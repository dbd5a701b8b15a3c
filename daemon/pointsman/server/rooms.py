"""What the HTTP handlers are given: the daemon's rooms, under one typed key of the aiohttp application."""

from dataclasses import dataclass

from aiohttp import web

from pointsman.catalogue.registry import Registry
from pointsman.config.live import Live
from pointsman.discovery.catalogues import Catalogues
from pointsman.discovery.keybook import Keybook
from pointsman.discovery.sweep import Sweeper
from pointsman.events import Bus
from pointsman.execution.loads import Loads
from pointsman.jobs import Jobs
from pointsman.ledger.queries import Reader
from pointsman.ledger.writer import Writer
from pointsman.limits.budget import Budgets
from pointsman.router import Router
from pointsman.server.budgets import BudgetSettings
from pointsman.server.callers import Callers
from pointsman.server.choices import Choices
from pointsman.server.modes import Modes
from pointsman.watch.border import Border
from pointsman.watch.config import ConfigWatch
from pointsman.watch.keys import KeyWatch


@dataclass(frozen=True, slots=True)
class Info:
    """Facts about this process that hold as long as it runs."""

    version: str
    pid: int
    started_at: float  # wall clock, seconds
    url: str  # as clients use it: http://127.0.0.1:11711
    socket: str  # path of the Unix socket; empty: none
    state_dir: str


@dataclass(frozen=True, slots=True)
class Rooms:
    router: Router
    registry: Registry
    sweeper: Sweeper
    keys: Keybook
    catalogues: Catalogues
    reader: Reader
    writer: Writer
    bus: Bus
    info: Info
    jobs: Jobs
    loads: Loads
    border: Border
    key_watch: KeyWatch
    modes: Modes
    budgets: Budgets
    budget_settings: BudgetSettings
    callers: Callers
    choices: Choices
    live: Live
    config_watch: ConfigWatch


ROOMS = web.AppKey("rooms", Rooms)
