"""The composition root: builds every room, starts them in order, stops them in reverse.

Nothing below imports it. What a lower room needs of a higher one is handed in here.
"""

import asyncio
import logging
import os
import secrets
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pointsman.build import MACHINE, Setup, Times, build
from pointsman.config.live import Live
from pointsman.config.override import overrides
from pointsman.config.settings import Settings
from pointsman.errors import StartError
from pointsman.net import Sessions, allow_connections
from pointsman.paths import absolute, find_paths
from pointsman.server.app import make_app
from pointsman.server.control.events import STOPPING
from pointsman.server.instance import published, sole
from pointsman.server.listen import bind_first, bind_tcp, bind_unix, serving, url_of
from pointsman.server.rooms import Info, Rooms
from pointsman.service.notify import Notifier, in_use
from pointsman.service.sockets import inherited, overruled
from pointsman.types import Snapshot
from pointsman.version import VERSION

DRAIN = 30.0  # seconds that answers under way are given when the daemon stops
SOON = 0.5  # seconds; a stop that takes longer says why
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # SIGHUP until it serves

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """The command line of `serve`."""

    config: Path | None = None
    state: Path | None = None
    socket: str | None = None
    host: str | None = None
    port: int | None = None


Ready = Callable[[Info, Snapshot, Sequence[str]], None]
"""Told once, when the first look around is over: what was found, and what was looked for."""


def serve(options: Options, environ: Mapping[str, str], ready: Ready) -> None:
    """Runs until a signal stops it.

    Raises StartError, which says why it could not start, and KeyboardInterrupt where a second signal
    did not let it finish.
    """
    setup = settle(options, environ)
    for warning in setup.live.loaded.warnings:
        log.warning("%s", warning)
    with sole(setup.paths):
        allow_connections()
        _run(partial(_serve, setup, environ, ready))


def settle(options: Options, environ: Mapping[str, str]) -> Setup:
    """Paths and configuration, the command line over the environment over the file. Raises StartError."""
    paths = find_paths(environ, config=options.config, state=options.state)
    explicit = options.config is not None or bool(environ.get("POINTSMAN_CONFIG"))
    said = partial(overrides, environ, host=options.host, port=options.port, socket=options.socket)
    return Setup(paths, Live(paths.config_file, Settings(paths.settings), said, explicit=explicit))


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
    stop, tied = asyncio.Event(), _has_terminal() and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    call_later = asyncio.get_running_loop().call_later
    _stop_on_signals(stop, asyncio.current_task())
    notifier = Notifier(environ, os.getpid())
    with notifier.pinging(call_later):  # until all answers are out
        async with running(setup, environ) as rooms:
            notifier.ready(partial(_status, rooms))  # requests that come before the first look wait for it
            _reload_on_hangup(rooms, notifier, stop, tied=tied)
            await _first_look(rooms, stop)
            notifier.look()
            ready(rooms.info, rooms.registry.snapshot, rooms.sweeper.looked_for)
            await stop.wait()
            notifier.stopping()
            rooms.bus.publish(STOPPING, time.time())
            slow = call_later(SOON, _say_why_slow)
    slow.cancel()


def _status(rooms: Rooms) -> str:
    if rooms.registry.snapshot.swept_at is None:
        return "looking for models"
    return rooms.config_watch.trouble or in_use(rooms.registry.snapshot)


def _say_why_slow() -> None:
    log.warning("stopping: waiting for answers under way, at most %g s; once more stops at once", DRAIN)


@asynccontextmanager
async def running(setup: Setup, environ: Mapping[str, str], times: Times = MACHINE) -> AsyncIterator[Rooms]:
    """The whole daemon, from the sockets up; it serves and looks around when this is entered.

    Started in this order; the stack stops it in reverse, however far it came. Raises StartError.
    """
    async with AsyncExitStack() as stack:
        tcp, unix, socket_path = _listen(setup, environ, stack)
        info = _info(setup, tcp[0], socket_path)
        # Before it serves, and so until all answers are out; the sockets let early callers wait.
        stack.enter_context(published(setup.paths, version=info.version, url=info.url, socket=info.socket))
        hop_id = secrets.token_hex(8)
        rooms = await build(setup, environ, info, Sessions(hop_id), stack, times=times)
        app = make_app(rooms, hop_id=hop_id, bound_host=setup.config.server.host)
        await stack.enter_async_context(serving(app, [*tcp, *unix], drain=DRAIN))
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


def _listen(
    setup: Setup, environ: Mapping[str, str], stack: AsyncExitStack
) -> tuple[Sequence[socket.socket], Sequence[socket.socket], str]:
    """TCP, Unix, and the latter's path: those of the service manager; of which it has none, our own."""
    server = setup.config.server
    handed = inherited(environ, os.getpid())
    for sock in (*handed.tcp, *handed.unix):
        stack.callback(sock.close)
    for warning in overruled(server, handed):
        log.warning("%s", warning)
    tcp = handed.tcp
    if not tcp:
        tcp = (bind_tcp(server.host, server.port),)
        stack.callback(tcp[0].close)
    if handed.unix:
        return tcp, handed.unix, handed.unix[0].getsockname()
    return tcp, *_bind_unix(setup, stack)


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


def _stop_on_signals(stop: asyncio.Event, serving: asyncio.Task[None] | None) -> None:
    """The first signal asks to stop, and lets answers under way be finished; the second insists."""

    def on_signal() -> None:
        if stop.is_set() and serving is not None:
            serving.cancel()
        stop.set()

    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, on_signal)


def _reload_on_hangup(rooms: Rooms, notifier: Notifier, stop: asyncio.Event, *, tied: bool) -> None:
    """SIGHUP asks for the configuration to be read again, until the daemon is told to stop.

    To who is `tied` to a terminal it also says that this is closed; not to who was started by nohup(1).
    """
    tasks: set[asyncio.Task[None]] = set()

    async def reload() -> None:
        notifier.reloading()
        try:
            await rooms.config_watch.try_reload()
        finally:
            if not stop.is_set():
                notifier.ready(partial(_status, rooms))

    def on_hangup() -> None:
        if tied and not _has_terminal():
            stop.set()
        if stop.is_set():
            return
        tasks.add(task := asyncio.ensure_future(reload()))
        task.add_done_callback(tasks.discard)

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, on_hangup)


def _has_terminal() -> bool:
    """Whether this process is under one: it can be opened for as long as it is there (tty(4))."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _info(setup: Setup, tcp: socket.socket, socket_path: str) -> Info:
    host, port = tcp.getsockname()[:2]
    return Info(
        version=VERSION,
        pid=os.getpid(),
        started_at=time.time(),
        url=url_of(host, port),
        socket=socket_path,
        state_dir=str(setup.paths.state_dir),
    )
