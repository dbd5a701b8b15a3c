"""The composition root: builds every room, starts them in order, stops them in reverse.

Nothing below imports it. What a lower room needs of a higher one is handed in here.
"""

import asyncio
import logging
import os
import random
import secrets
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from pointsman.border import Border
from pointsman.catalogue.free import free_limits
from pointsman.catalogue.registry import Registry
from pointsman.config.credentials import Credentials
from pointsman.config.load import Loaded, load
from pointsman.config.override import overrides
from pointsman.config.schema import Config, Hold
from pointsman.config.settings import Settings
from pointsman.discovery.catalogues import Catalogues
from pointsman.discovery.keybook import Keybook
from pointsman.discovery.sweep import PULSE, Sweeper, make_sweeper
from pointsman.discovery.urls import Urls
from pointsman.errors import LedgerError, Shuts, StartError, UpstreamError
from pointsman.events import Bus
from pointsman.execution.answer import Means
from pointsman.execution.clocks import clocks_for
from pointsman.execution.loads import Loads
from pointsman.execution.pace import Pace
from pointsman.ids import Ids
from pointsman.jobs import Job, Jobs
from pointsman.keeper import Keeper, committed
from pointsman.keywatch import EVERY, KeyWatch
from pointsman.ledger.queries import Reader
from pointsman.ledger.writer import Writer
from pointsman.limits.free import FreeTiers
from pointsman.limits.gate import Gate
from pointsman.machine import ClockWatch, sleepless
from pointsman.net import Sessions, allow_connections
from pointsman.paths import Paths, absolute, find_paths
from pointsman.router import Router
from pointsman.routing.resolve import AUTO, Names
from pointsman.server.app import make_app
from pointsman.server.control.events import STOPPING
from pointsman.server.instance import published, sole
from pointsman.server.listen import bind_first, bind_tcp, bind_unix, serving, url_of
from pointsman.server.modes import Modes
from pointsman.server.rooms import Info, Rooms
from pointsman.server.streams import Signs
from pointsman.types import Endpoint, Snapshot

DRAIN = 30.0  # seconds that answers under way are given when the daemon stops
SOON = 0.5  # seconds; a stop that takes longer says why
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """The command line of `serve`."""

    config: Path | None = None
    state: Path | None = None
    socket: str | None = None
    host: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """What is settled before anything starts."""

    paths: Paths
    loaded: Loaded

    @property
    def config(self) -> Config:
        return self.loaded.config


@dataclass(frozen=True, slots=True)
class Times:
    """The machine's clocks: the time of day, one that nobody sets, and one that goes on in its sleep."""

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleepless: Callable[[], float] = sleepless


MACHINE = Times()

Ready = Callable[[Info, Snapshot, Sequence[str]], None]
"""Told once, when the first look around is over: what was found, and what was looked for."""


def serve(options: Options, environ: Mapping[str, str], ready: Ready) -> None:
    """Runs until a signal stops it.

    Raises StartError, which says why it could not start, and KeyboardInterrupt where a second signal
    did not let it finish.
    """
    setup = settle(options, environ)
    for warning in setup.loaded.warnings:
        log.warning("%s", warning)
    with sole(setup.paths):
        allow_connections()
        _run(partial(_serve, setup, environ, ready))


def settle(options: Options, environ: Mapping[str, str]) -> Setup:
    """Paths and configuration, the command line over the environment over the file. Raises StartError."""
    paths = find_paths(environ, config=options.config, state=options.state)
    explicit = options.config is not None or bool(environ.get("POINTSMAN_CONFIG"))
    commands = Settings(paths.settings).values
    said = overrides(environ, commands, host=options.host, port=options.port, socket=options.socket)
    return Setup(paths, load(paths.config_file, explicit=explicit, overrides=said))


def _run(main: Callable[[], Coroutine[object, object, None]]) -> None:
    try:
        import uvloop  # not everywhere to be had  # noqa: PLC0415
    except ImportError:
        run = asyncio.run
    else:
        run = uvloop.run
    try:
        run(main())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _serve(setup: Setup, environ: Mapping[str, str], ready: Ready) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop, asyncio.current_task())
    async with running(setup, environ) as rooms:
        await _first_look(rooms, stop)
        ready(rooms.info, rooms.registry.snapshot, rooms.sweeper.looked_for)
        await stop.wait()
        rooms.bus.publish(STOPPING, time.time())
        slow = asyncio.get_running_loop().call_later(SOON, _say_why_slow)
    slow.cancel()


def _say_why_slow() -> None:
    log.warning("stopping: waiting for answers under way, at most %g s; once more stops at once", DRAIN)


@asynccontextmanager
async def running(setup: Setup, environ: Mapping[str, str], times: Times = MACHINE) -> AsyncIterator[Rooms]:
    """The whole daemon, from the sockets up; it serves and looks around when this is entered.

    Started in this order; the stack stops it in reverse, however far it came. Raises StartError.
    """
    async with AsyncExitStack() as stack:
        tcp = bind_tcp(setup.config.server.host, setup.config.server.port)
        stack.callback(tcp.close)
        unix, socket_path = _bind_unix(setup, stack)
        info = _info(setup, tcp, socket_path)
        # Before it serves, and so until all answers are out; the sockets let early callers wait.
        stack.enter_context(published(setup.paths, version=info.version, url=info.url, socket=info.socket))
        hop_id = secrets.token_hex(8)
        rooms = await _build(setup, environ, info, Sessions(hop_id), stack, times=times)
        app = make_app(rooms, hop_id=hop_id, bound_host=setup.config.server.host)
        await stack.enter_async_context(serving(app, [tcp, *unix], drain=DRAIN))
        rooms.sweeper.hurry("start", everything=True)
        yield rooms


async def _first_look(rooms: Rooms, stop: asyncio.Event) -> None:
    """Joins the look around that has begun, unless the daemon is told to stop meanwhile."""
    looks = [asyncio.ensure_future(_look(rooms)), asyncio.ensure_future(stop.wait())]
    _, late = await asyncio.wait(looks, return_when=asyncio.FIRST_COMPLETED)
    for one in late:
        one.cancel()


async def _look(rooms: Rooms) -> None:
    """On this machine; and for a moment elsewhere, where nothing here may answer."""
    await rooms.sweeper.sweep("start")
    await rooms.sweeper.before_request(lambda _: bool(rooms.router.routable()))


def _bind_unix(setup: Setup, stack: AsyncExitStack) -> tuple[list[socket.socket], str]:
    """The socket and its path, or neither. One that was chosen is had or the start fails."""
    chosen = setup.config.server.socket
    if chosen is False:
        return [], ""
    if chosen != "auto":
        path = absolute(Path(chosen))
        unix = bind_unix(path)
    else:
        try:
            unix, path = bind_first(setup.paths.sockets)
        except StartError as error:
            log.warning("there is no Unix socket, only TCP: %s", error.message)
            return [], ""
    stack.callback(path.unlink, missing_ok=True)
    stack.callback(unix.close)
    return [unix], str(path)


async def _build(
    setup: Setup,
    environ: Mapping[str, str],
    info: Info,
    sessions: Sessions,
    stack: AsyncExitStack,
    *,
    times: Times,
) -> Rooms:
    """Everything but the server itself, each room given what it needs."""
    clock = asyncio.get_running_loop().time  # of the attempts, and of all that they wait for
    pace = Pace()
    loads = Loads(clock, lambda: sweeper.hurry("an engine loaded a model"), pace)

    def observe(snapshot: Snapshot) -> None:
        loads.observe(snapshot)
        key_watch.observe(snapshot)

    bus, registry = Bus(), Registry(observe)
    stack.push_async_callback(sessions.close)
    stack.callback(loads.close)
    writer = Writer(setup.paths.ledger)
    keeper = Keeper(bus, writer.enqueue, wall=times.wall, monotonic=clock)
    free = FreeTiers(free_limits, times.wall, keeper.counted)
    gate = Gate(lambda change: [each.changed(change) for each in (keeper, key_watch)], keeper.told, free)
    key_watch = KeyWatch(sessions, registry, gate, clock, asks=setup.config.discovery.remote)
    stack.callback(key_watch.close)
    settings = Settings(setup.paths.settings)
    written = partial(load, setup.paths.config_file)
    modes = Modes(setup.config.privacy.mode, settings, lambda: written().config.privacy.mode, bus, times.wall)
    border = Border(modes.mode, bus, writer.enqueue, times.wall)
    writer.start()
    stack.callback(writer.stop)
    reader = Reader(setup.paths.ledger)
    stack.callback(reader.close)
    _remember(pace, reader)
    keeper.restore(gate, reader)
    border.restore(reader)
    keys = Keybook(setup.config, environ, Credentials(setup.paths.credentials), sessions, times.wall)
    urls = Urls(setup.config.urls, settings, lambda: written().config.urls)
    catalogues = Catalogues.restored(reader, writer.enqueue, urls)
    sweeper = make_sweeper(
        setup.config,
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
            sweeper.lost(endpoint.id, error.message)

    router = Router(
        registry=registry,
        gate=gate,
        lookout=sweeper,
        means=Means(
            sessions,
            gate,
            loads,
            partial(clocks_for, config=setup.config, pace=pace),
            on_failure,
            times.wall,
            hold=setup.config.streams.hold is Hold.WHOLE,
            collect=setup.config.streams.collect,
            cross=border.cross,
            committed=partial(committed, writer),
        ),
        names=_names(setup.config),
        bus=bus,
        keep=writer.enqueue,
        new_id=Ids(times.wall, random.Random(secrets.randbits(64))),  # noqa: S311 - ids are no secrets
        wall=times.wall,
        monotonic=clock,
        config_file=str(setup.paths.config_file),
        mode=modes.mode,
    )
    call_later = asyncio.get_running_loop().call_later
    clocks = partial(
        ClockWatch,
        wall=times.wall,
        monotonic=times.monotonic,
        asleep=lambda: times.sleepless() - clock(),
        call_later=call_later,
    )

    def woke_up(slept: float) -> None:
        keeper.jumped(gate, slept)
        sessions.renew(after=_longest_call(setup.config))

    key_job = Job("ask what is left of keys", EVERY, key_watch.look)
    jobs = start_jobs(sweeper, clocks, stack, woke_up, key_job)
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
        signs=Signs(setup.config.streams.patience),
        border=border,
        key_watch=key_watch,
        modes=modes,
    )


def _remember(pace: Pace, reader: Reader) -> None:
    """Without it the first long prompt after a start would be given a guess's time."""
    try:
        pace.remember(reader.reading_paces(), reader.speeds())
    except LedgerError as error:
        log.warning("how fast models are is learned anew: %s", error.message)


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


def _stop_on_signals(stop: asyncio.Event, serving: asyncio.Task[None] | None) -> None:
    """The first signal asks to stop, and lets answers under way be finished; the second insists."""

    def on_signal() -> None:
        if stop.is_set() and serving is not None:
            serving.cancel()
        stop.set()

    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, on_signal)


def _longest_call(config: Config) -> float:
    """Seconds that a call to any provider may take."""
    own = (provider.timeouts.total for provider in config.providers.values() if provider.timeouts)
    return max([config.timeouts.total, *(total or 0.0 for total in own)])


def _names(config: Config) -> Names:
    return Names(
        aliases=config.models,
        roles={name: role.model or AUTO for name, role in config.roles.items()},
        fallback=config.fallback,
    )


def _info(setup: Setup, tcp: socket.socket, socket_path: str) -> Info:
    host, port = tcp.getsockname()[:2]
    return Info(
        version=version("pointsman"),
        pid=os.getpid(),
        started_at=time.time(),
        url=url_of(host, port),
        socket=socket_path,
        config_file=str(setup.loaded.file) if setup.loaded.file else None,
        state_dir=str(setup.paths.state_dir),
    )
