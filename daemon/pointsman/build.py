"""Everything but the server is built here, each room given what it needs of the others."""

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from pointsman.calls import Machine
from pointsman.catalogue.free import allowances
from pointsman.catalogue.registry import Registry
from pointsman.collector import Collector
from pointsman.config.credentials import Credentials
from pointsman.config.live import Live
from pointsman.config.schema import Battery, Config, Hold, MachineConfig, budgets_of
from pointsman.dates import Calendar
from pointsman.discovery.catalogues import Catalogues
from pointsman.discovery.keybook import Keybook
from pointsman.discovery.plan import read_plan
from pointsman.discovery.sweep import PULSE, Sweeper, make_sweeper
from pointsman.discovery.written import Written
from pointsman.errors import LedgerError, Shuts, UpstreamError
from pointsman.events import Bus
from pointsman.execution.answer import Means
from pointsman.execution.clocks import clocks_for
from pointsman.execution.loads import Loads
from pointsman.execution.pace import Pace
from pointsman.ids import Ids
from pointsman.jobs import Job, Jobs
from pointsman.ledger.queries import Reader
from pointsman.ledger.writer import Writer
from pointsman.limits.budget import Budgets
from pointsman.limits.free import FreeTiers
from pointsman.limits.gate import Gate
from pointsman.limits.programs import Programs
from pointsman.machine import ClockWatch, Gauge, look, sleepless
from pointsman.net import Sessions
from pointsman.paths import Paths
from pointsman.router import Router
from pointsman.server.budgets import BudgetSettings
from pointsman.server.callers import Callers
from pointsman.server.choices import Choices
from pointsman.server.modes import Modes
from pointsman.server.rooms import Info, Rooms
from pointsman.types import Endpoint
from pointsman.watch import config as config_watched
from pointsman.watch import keys as keys_watched
from pointsman.watch.border import Border
from pointsman.watch.config import ConfigWatch
from pointsman.watch.keeper import Keeper, committed
from pointsman.watch.keys import KeyWatch

MEGABYTE = 1_000_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Setup:
    """What is settled before anything starts."""

    paths: Paths
    live: Live

    @property
    def config(self) -> Config:
        return self.live.config


@dataclass(frozen=True, slots=True)
class Times:
    """The machine's clocks: the time of day, one that nobody sets, and one that goes on in its sleep."""

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleepless: Callable[[], float] = sleepless


MACHINE = Times()


async def build(
    setup: Setup,
    environ: Mapping[str, str],
    info: Info,
    sessions: Sessions,
    stack: AsyncExitStack,
    *,
    times: Times,
) -> Rooms:
    """What is started here the stack stops, in reverse."""
    live = setup.live
    clock = asyncio.get_running_loop().time  # of the attempts, and of all that they wait for
    stack.push_async_callback(sessions.close)
    bus, pace = Bus(), Pace()
    loads = Loads(clock, lambda: sweeper.hurry("an engine loaded a model"), pace)
    stack.callback(loads.close)
    collector = Collector(asyncio.get_running_loop().call_later)
    registry = Registry(lambda snapshot: [one.observe(snapshot) for one in (loads, key_watch, collector)])
    writer, reader = _ledger(setup, stack)
    _remember(pace, reader)
    keeper = Keeper(bus, writer.enqueue, wall=times.wall, monotonic=clock)
    free = FreeTiers(
        lambda model: allowances(model, most_a_minute=_most_a_minute(live.config)), times.wall, keeper.counted
    )
    budgets = Budgets(
        Calendar(),
        times.wall,
        budgets=budgets_of(live.config),
        curve=live.config.degradation.curve,
        on_step=keeper.stepped,
        on_ahead=keeper.ahead,
    )
    gate = Gate(
        lambda change: [one.changed(change) for one in (keeper, key_watch)], keeper.told, free, budgets
    )
    keeper.restore(gate, reader)
    key_watch = KeyWatch(sessions, registry, gate, clock, asks=lambda: live.config.discovery.remote)
    stack.callback(key_watch.close)
    modes = Modes(live, bus, times.wall)
    border = Border(modes.mode, bus, writer.enqueue, times.wall)
    border.restore(reader)
    credentials = Credentials(setup.paths.credentials)
    keys = Keybook(lambda: live.config, environ, credentials, sessions, times.wall, on_works=key_watch.works)
    catalogues = Catalogues.restored(reader, writer.enqueue, lambda: live.config.urls)
    sweeper = make_sweeper(
        live.config,
        environ,
        sessions,
        registry,
        bus,
        monotonic=times.monotonic,
        wall=times.wall,
        places=keys.read(),
        catalogues=catalogues,
    )
    stack.push_async_callback(sweeper.close)

    def on_failure(endpoint: Endpoint, error: UpstreamError) -> None:
        if error.shuts is Shuts.ENDPOINT:
            sweeper.lost(endpoint, error.message)

    choices = Choices(live)

    def means(config: Config) -> Means:
        return Means(
            sessions,
            gate,
            loads,
            partial(clocks_for, config=config, pace=pace),
            on_failure,
            times.wall,
            hold=config.streams.hold is Hold.WHOLE,
            collect=config.streams.collect,
            cross=border.cross,
            committed=partial(committed, writer),
            recorded=partial(keeper.recorded, writer),
        )

    router = Router(
        registry=registry,
        gate=gate,
        lookout=sweeper,
        means=means(live.config),
        names=choices.names,
        bus=bus,
        keep=writer.enqueue,
        new_id=Ids(times.wall, random.Random(secrets.randbits(64))),  # noqa: S311 - ids are no secrets
        wall=times.wall,
        monotonic=clock,
        config_file=str(setup.paths.config_file),
        mode=modes.mode,
        counted_as=Programs(budgets, lambda: choices.names().apps).name,
        machine=Gauge(lambda: _look_at(live.config.machine), clock),
    )

    def woke_up(slept: float) -> None:
        keeper.jumped(gate, slept)
        sessions.renew(after=_longest_call(live.config))

    async def put_to_use() -> None:
        before = sweeper.plan
        await keys.reread(partial(_look_elsewhere, sweeper, live, environ))
        gate.reconsider()
        if sweeper.plan is not before:
            await sweeper.sweep("the configuration changed")
            there = {endpoint.place for endpoint in registry.snapshot.endpoints}
            sessions.keep(there, after=_longest_call(live.config))

    config_watch = ConfigWatch(live, put_to_use, bus, times.wall)
    live.tell(lambda config: router.use(means(config)), "streams", "timeouts", "providers")
    live.tell(lambda config: writer.keep_under(config.ledger.megabytes * MEGABYTE), "ledger")
    live.tell(lambda _: sweeper.hurry("other pages are to be read", everything=True), "urls")
    jobs = start_jobs(
        sweeper,
        _clock_watch(times),
        stack,
        woke_up,
        Job("ask what is left of keys", keys_watched.EVERY, key_watch.look),
        Job("look whether the configuration changed", config_watched.EVERY, config_watch.look),
    )
    return Rooms(
        router=router,
        registry=registry,
        sweeper=sweeper,
        keys=keys,
        catalogues=catalogues,
        reader=reader,
        writer=writer,
        bus=bus,
        info=info,
        jobs=jobs,
        loads=loads,
        border=border,
        key_watch=key_watch,
        modes=modes,
        budgets=budgets,
        budget_settings=BudgetSettings(budgets, live),
        callers=Callers(),
        choices=choices,
        live=live,
        config_watch=config_watch,
    )


def _look_elsewhere(
    sweeper: Sweeper, live: Live, environ: Mapping[str, str], places: Sequence[Written]
) -> None:
    plan = read_plan(live.config, environ, places, sweeper.plan.overrides.library)
    if plan != sweeper.plan:
        sweeper.follow(plan)


def _ledger(setup: Setup, stack: AsyncExitStack) -> tuple[Writer, Reader]:
    """Raises StartError."""
    path = setup.paths.ledger
    writer = Writer(path, cap=setup.config.ledger.megabytes * MEGABYTE)
    writer.start()
    stack.callback(writer.stop)
    reader = Reader(path)
    stack.callback(reader.close)
    return writer, reader


def _remember(pace: Pace, reader: Reader) -> None:
    """Without it the first long prompt after a start would be given a guess's time."""
    try:
        pace.remember(reader.reading_paces(), reader.speeds())
    except LedgerError as error:
        log.warning("how fast models are is learned anew: %s", error.message)


def _clock_watch(times: Times) -> Callable[[Callable[[float, float], object]], ClockWatch]:
    loop = asyncio.get_running_loop()
    return partial(
        ClockWatch,
        wall=times.wall,
        monotonic=times.monotonic,
        asleep=lambda: times.sleepless() - loop.time(),
        call_later=loop.call_later,
    )


def start_jobs(
    sweeper: Sweeper,
    watch_clocks: Callable[[Callable[[float, float], object]], ClockWatch],
    stack: AsyncExitStack,
    on_wake: Callable[[float], object],
    *more: Job,
) -> Jobs:
    """What is done again and again, and anew when the machine has slept or its clock was set.

    `on_wake` is told how long the event loop's clock stood still.
    """
    jobs = Jobs((Job("look for engines on this machine", PULSE, sweeper.pulse), *more))
    jobs.start()
    stack.callback(jobs.stop)

    def woke_up(seconds: float, slept: float) -> None:
        log.warning("the clock jumped by %.0f s: looking again", seconds)
        jobs.reschedule()
        on_wake(slept)
        sweeper.hurry("the machine woke up, or its clock was set", everything=True)

    watch = watch_clocks(woke_up)
    watch.start()
    stack.callback(watch.stop)
    return jobs


def _look_at(config: MachineConfig) -> Machine:
    return look(memory=config.memory, battery=config.battery is Battery.LIGHT)


def _most_a_minute(config: Config) -> Mapping[str, int]:
    return {name: one.rate_limit_rpm for name, one in config.providers.items() if one.rate_limit_rpm}


def _longest_call(config: Config) -> float:
    """Seconds that a call to any provider may take."""
    own = (provider.timeouts.total for provider in config.providers.values() if provider.timeouts)
    return max([config.timeouts.total, *(total or 0.0 for total in own)])
