"""A service manager's side: what it is told, and sockets that it holds while daemons come and go.

The second is what systemd does, and systemd-socket-activate does not: it becomes the program it starts.
"""

import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

TOLD_WITHIN = 15.0  # seconds
# Of a program that is given descriptors and a command: what a manager does between fork and exec.
HAND_OVER = """
import fcntl, os, sys
fds = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 100) for fd in sys.argv[1].split(",")]
for number, fd in enumerate(fds, start=3):
    os.dup2(fd, number)
    os.close(fd)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(fds))}
os.execv(sys.argv[2], sys.argv[2:])
"""


class Told:
    """Holds what a NOTIFY_SOCKET is told, each message as its lines."""

    def __init__(self, address: str) -> None:
        """A path, or `@name`."""
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def next(self, within: float = TOLD_WITHIN) -> list[str]:
        """The next message; empty: none came."""
        self._socket.settimeout(within)
        try:
            return self._socket.recv(4096).decode().split("\n")
        except (TimeoutError, BlockingIOError):
            return []

    def until(self, line: str) -> list[str]:
        """The first message that says so."""
        deadline = time.monotonic() + TOLD_WITHIN
        while (left := deadline - time.monotonic()) > 0:
            if line in (said := self.next(left)):
                return said
        raise AssertionError(f"{line} was not said")

    def rest(self) -> list[list[str]]:
        """All that was said and not heard yet."""
        return list(iter(self._at_once, []))

    def _at_once(self) -> list[str]:
        return self.next(within=0)


class Manager:
    """Listens on a Unix socket in the folder and on a port, whoever serves there."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "held.sock"
        self._sockets = (socket.socket(socket.AF_UNIX), socket.create_server(("127.0.0.1", 0)))
        self._sockets[0].bind(str(self.path))
        self.path.chmod(0o600)
        self._sockets[0].listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for sock in self._sockets:
            sock.close()

    @property
    def fds(self) -> Sequence[int]:
        return [sock.fileno() for sock in self._sockets]

    @property
    def port(self) -> int:
        port: int = self._sockets[1].getsockname()[1]
        return port

    def starting(self, *command: str, fds: Sequence[int] = ()) -> Sequence[str]:
        """A command that hands them over to that one, or some of them."""
        return (sys.executable, "-c", HAND_OVER, ",".join(map(str, fds or self.fds)), *command)
