"""The sockets the daemon listens on, bound before anything else starts.

The default port may move on when it is taken, since nobody chose it; an address that somebody did
choose is had or the start fails. A socket file that nobody answers at is left over, and replaced.
"""

import errno
import os
import socket
import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from pointsman.errors import StartError
from pointsman.net import VERSION_HEADER, is_loopback_host
from pointsman.paths import LONGEST_SOCKET_PATH

DEFAULT_PORT = 11711
PORTS_TRIED = 20
BACKLOG = 512
DIAL = 0.5  # seconds to find out whether somebody is at a socket
ASK = 0.25  # seconds for each of two steps: to reach what holds a port, to hear who it is
IDLE = 300.0  # seconds without a request, or with half of one's head, after which a connection is closed
LINGER = 1.0  # seconds that the rest of a refused body is read, so that its sender comes to hear why


def bind_tcp(host: str, port: int | None) -> socket.socket:
    """A listening socket. `port` None: the default or one of the next; 0: any. Raises StartError."""
    if not is_loopback_host(host):
        raise StartError(
            f"{host} is not a loopback address: without tokens Pointsman serves this machine alone. "
            "Use 127.0.0.1"
        )
    for candidate in [port] if port is not None else range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED):
        try:
            return _listen(host, candidate)
        except OSError as error:
            if port is not None:
                raise StartError(_why(host, port, error)) from error
            if error.errno != errno.EADDRINUSE:
                raise StartError(_why(host, candidate, error)) from error
    last = DEFAULT_PORT + PORTS_TRIED - 1
    raise StartError(f"the ports {DEFAULT_PORT} to {last} of {host} are all taken: choose one with --port")


def bind_first(paths: Sequence[Path]) -> tuple[socket.socket, Path]:
    """The first socket that can be had of places nobody chose. Raises StartError if there is none."""
    reasons = []
    for path in paths:
        try:
            _check_folder(path.parent)
            return bind_unix(path), path
        except StartError as error:
            reasons.append(error.message)
    raise StartError("; ".join(reasons))


def bind_unix(path: Path) -> socket.socket:
    """A listening socket that its owner alone may use. Raises StartError."""
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        raise StartError(
            f"the socket's path is longer than the {LONGEST_SOCKET_PATH} bytes that systems allow: {path}. "
            "Choose a shorter one with --socket"
        )
    _clear(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = os.umask(0o177)
        try:
            sock.bind(str(path))
        finally:
            os.umask(before)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise StartError(f"can't listen on {path}: {error.strerror}") from error
    return sock


@asynccontextmanager
async def serving(
    app: web.Application, sockets: Sequence[socket.socket], *, drain: float
) -> AsyncIterator[None]:
    """Serves on sockets that listen. On leaving, answers under way are given `drain` seconds to end."""
    runner = web.AppRunner(
        app,
        handler_cancellation=True,
        access_log=None,
        shutdown_timeout=drain,
        lingering_time=LINGER,
        keepalive_timeout=IDLE,
    )
    await runner.setup()
    try:
        for sock in sockets:
            await web.SockSite(runner, sock, backlog=BACKLOG).start()
        yield
    finally:
        await runner.cleanup()


def url_of(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listen(host: str, port: int) -> socket.socket:
    """Checks the address that was bound, not the name that was given. Raises OSError or StartError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        if not is_loopback_host(bound := sock.getsockname()[0]):
            raise StartError(f"{host} means {bound}, which is not a loopback address. Use 127.0.0.1")
        sock.listen(BACKLOG)
    except (OSError, StartError):
        sock.close()
        raise
    return sock


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        taken = f"port {port} of {host} is taken by another"
        if version := _pointsman_at(host, port):
            other = f"Pointsman ({version}), at {url_of(host, port)}"
            return f"{taken} {other}: use that one, or choose a port with --port"
        return f"{taken} program: free it, or choose another with --port"
    return f"can't listen on {host}:{port}: {error.strerror}"


def _pointsman_at(host: str, port: int) -> str:
    """The version of the Pointsman that answers there; empty if none does, or not at once."""
    question = f"HEAD /healthz HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((host, port), timeout=ASK) as knock:
            knock.sendall(question.encode("ascii"))
            head = knock.recv(4096).decode("latin-1")
    except OSError:
        return ""
    fields = (line.partition(":") for line in head.splitlines())
    return next((value.strip() for name, _, value in fields if name.lower() == VERSION_HEADER.lower()), "")


def _check_folder(folder: Path) -> None:
    """A folder for the socket is made in one of our own alone: not in another user's, nor one that is gone.

    Raises StartError.
    """
    try:
        if folder.is_dir():
            return  # `bind` will say whether we may use it
        owner = folder.parent.stat().st_uid
    except OSError as error:
        raise StartError(f"{folder.parent} can't be used: {error.strerror}") from error
    if owner != os.geteuid():
        raise StartError(f"{folder.parent} belongs to another user")


def _clear(path: Path) -> None:
    """Removes what a daemon that is gone left behind, after knocking."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # nothing is there, or `bind` will say what is wrong
    if not stat.S_ISSOCK(mode):
        raise StartError(f"{path} is in the way and is no socket: move it, or choose another with --socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        knock.settimeout(DIAL)
        try:
            knock.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StartError(f"{path} is a socket that can't be tried: {error.strerror or error}") from error
        else:
            raise StartError(f"another program listens on {path}: choose another socket with --socket")
