"""Who listens on this machine, as far as the kernel tells cheaply."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

TCP = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))  # proc(5)
UNIX = Path("/proc/net/unix")

# One expression over a whole table: a busy machine has thousands of connections in it. Both find what is
# listened at and the inode of the socket: a new inode is a new listener, at the same place too.
#
# `0: 0100007F:1F90 00000000:0000 0A ... 4711`: state 0A, at loopback or everywhere, IPv4 or IPv6.
LOOPBACK = rb"[0-9A-F]{6}7F|0{8}|0{32}|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F"
ON_TCP = re.compile(rb": (?:" + LOOPBACK + rb"):([0-9A-F]{4}) [0-9A-F]+:0000 0A \S+ \S+ \S+ +\d+ +\d+ (\d+)")
# `0000000000000000: 00000002 00000000 00010000 0001 01 4711 /run/x.sock`: a flag says that it listens.
ON_UNIX = re.compile(rb"^\S+ \S+ \S+ 00010000 \S+ \S+ +(\d+) ([^@\s].*)$", re.MULTILINE)

Listeners = frozenset[tuple[bytes, bytes]]  # port in hexadecimal or path, and inode


def read_listeners(tcp: Sequence[Path] = TCP, unix: Path = UNIX) -> Listeners:
    """Who listens on loopback or everywhere, and on named Unix sockets; empty where the files don't exist."""
    on_tcp = (one for file in tcp for one in ON_TCP.findall(_read(file)))
    return frozenset((*on_tcp, *((path, inode) for inode, path in ON_UNIX.findall(_read(unix)))))


class ListeningWatch:
    """Whether someone began or ceased to listen at one of `ports`. Where the files don't exist: never.

    `anywhere`: elsewhere too, where a listener counts when it is still there at the next look: test runners
    and their like open sockets all the time, and engines stay.
    """

    def __init__(
        self,
        ports: Collection[int],
        *,
        anywhere: bool = False,
        tcp: Sequence[Path] = TCP,
        unix: Path = UNIX,
    ) -> None:
        self._tcp = tuple(tcp)
        self._unix = unix
        self.watch(ports, anywhere=anywhere)

    def watch(self, ports: Collection[int], *, anywhere: bool) -> None:
        """It is these from now on."""
        self._ports = frozenset(b"%04X" % port for port in ports)
        self._anywhere = anywhere
        self._before = self._listening()
        self._counted = self._before

    def changed(self) -> bool:
        """Since the last call, or since it was made."""
        now = self._listening()
        counted = frozenset(one for one in now if one in self._before or self._is_usual(one))
        changed = counted != self._counted
        self._before, self._counted = now, counted
        return changed

    @property
    def unsure(self) -> bool:
        """Whether the last look saw somebody who does not count yet."""
        return self._before != self._counted

    def _listening(self) -> Listeners:
        found = read_listeners(self._tcp, self._unix)
        return found if self._anywhere else frozenset(filter(self._is_usual, found))

    def _is_usual(self, listener: tuple[bytes, bytes]) -> bool:
        return listener[0] in self._ports


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # another system, or a kernel without IPv6
        return b""
