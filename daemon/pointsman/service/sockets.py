"""Sockets that the service manager listened on before the daemon was there, and goes on to hold after it.

They are told apart by their family, as one `.socket` unit gives all of its sockets one name. Their files
belong to the manager: they are never unlinked here.
"""

import os
import socket
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pointsman.config.schema import ServerConfig
from pointsman.errors import StartError
from pointsman.net import is_loopback_host
from pointsman.paths import absolute
from pointsman.service import launchd_sockets

VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")  # meant for this process, not for its children
FIRST = 3  # SD_LISTEN_FDS_START of sd_listen_fds(3)
TCP, UNIX = "tcp", "unix"
KINDS: Mapping[int, str] = MappingProxyType({socket.AF_INET: TCP, socket.AF_INET6: TCP, socket.AF_UNIX: UNIX})
OTHERS_MAY = stat.S_IWGRP | stat.S_IWOTH  # to connect is to write (unix(7))
AGAIN = "`pointsman service install` writes the manager's sockets anew"


@dataclass(frozen=True, slots=True)
class Inherited:
    """Sockets that listen, in the order they were handed over."""

    tcp: tuple[socket.socket, ...] = ()
    unix: tuple[socket.socket, ...] = ()


def inherited(environ: Mapping[str, str], pid: int, platform: str = sys.platform) -> Inherited:
    """What a service manager hands to this process; nothing where none started it. Raises StartError."""
    if platform == "darwin" and environ.get("XPC_SERVICE_NAME"):
        return adopt(launchd_sockets.descriptors(launchd_sockets.activate_function()))
    return adopt(from_systemd(environ, pid))


def from_systemd(environ: Mapping[str, str], pid: int, first: int = FIRST) -> list[tuple[str, int]]:
    """Each descriptor with its name, by sd_listen_fds_with_names(3). Raises StartError."""
    if environ.get("LISTEN_PID") != str(pid):
        return []  # nobody's, or meant for a parent of ours
    said = environ.get("LISTEN_FDS", "")
    if not said.isascii() or not said.isdecimal():
        raise StartError(f"LISTEN_FDS is {said!r}, and must be the number of sockets that are handed over")
    count = int(said)
    names = environ["LISTEN_FDNAMES"].split(":") if "LISTEN_FDNAMES" in environ else ["unknown"] * count
    if len(names) != count:
        raise StartError(f"LISTEN_FDNAMES has {len(names)} names for the {count} sockets of LISTEN_FDS")
    return [(name, first + offset) for offset, name in enumerate(names)]


def adopt(handed: Sequence[tuple[str, int]]) -> Inherited:
    """Makes them ours, and no child's. Raises StartError for what is not to be served."""
    found: dict[str, list[socket.socket]] = {TCP: [], UNIX: []}
    with ExitStack() as undo:
        for name, fd in handed:
            sock = undo.enter_context(_open(name, fd))
            kind, called = _kind(name, sock), _called(name, fd)
            if kind == TCP:
                _check_tcp(called, sock.getsockname()[0])
            else:
                _check_unix(called, sock.getsockname())
            found[kind].append(sock)
        undo.pop_all()
    return Inherited(tuple(found[TCP]), tuple(found[UNIX]))


def overruled(server: ServerConfig, handed: Inherited) -> Iterator[str]:
    """What the configuration asks for that the manager's sockets stand in for, as warnings."""
    ports = [sock.getsockname()[1] for sock in handed.tcp]
    if server.port and ports and server.port not in ports:
        yield f"the service manager listens on port {ports[0]}, so port {server.port} is not used: {AGAIN}"
    paths = [sock.getsockname() for sock in handed.unix]
    if not paths or server.socket == "auto":
        return
    if server.socket is False:
        # Nobody else would answer there: who connects would wait for ever.
        yield f"the service manager listens on {paths[0]}, so `socket = false` has no effect: {AGAIN}"
    elif str(wanted := absolute(Path(server.socket))) not in paths:
        yield f"the service manager listens on {paths[0]}, so the socket {wanted} is not used: {AGAIN}"


def _open(name: str, fd: int) -> socket.socket:
    try:
        os.set_inheritable(fd, False)
        return socket.socket(fileno=fd)
    except OSError as error:
        raise StartError(f"{_called(name, fd)} can't be used: {error.strerror}") from error


def _kind(name: str, sock: socket.socket) -> str:
    """By its family."""
    called = _called(name, sock.fileno())
    kind = KINDS.get(sock.family)
    if kind is None or sock.type != socket.SOCK_STREAM:
        raise StartError(f"{called} is no TCP and no Unix stream socket: use ListenStream=")
    if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise StartError(f"{called} does not listen: use ListenStream= with Accept=no")
    if name in {TCP, UNIX} - {kind}:
        raise StartError(f"{called} is a {kind} socket: name it {kind}")
    return kind


def _check_tcp(called: str, host: str) -> None:
    if not is_loopback_host(host):
        raise StartError(
            f"{called} listens on {host}, which is not a loopback address: without tokens Pointsman serves "
            "this machine alone. Use 127.0.0.1"
        )


def _check_unix(called: str, path: str | bytes) -> None:
    """Whoever connects is taken for its owner."""
    if not isinstance(path, str) or not path:
        raise StartError(f"{called} has no file that says who may use it: give ListenStream= a path")
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        raise StartError(
            f"{called} can't be reached at {path}: {error.strerror}. Restart the manager's socket"
        ) from error
    if mode & OTHERS_MAY:
        raise StartError(f"{called}, {path}, may be used by other accounts: set SocketMode=0600")


def _called(name: str, fd: int) -> str:
    return f"the socket {name!r} (descriptor {fd}) that the service manager hands over"
