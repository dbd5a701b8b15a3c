"""Who listens on this machine, as far as the kernel tells cheaply."""

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

LINUX = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))  # proc(5)


class ListeningWatch:
    """Whether someone began or ceased to listen on one of `ports`. Where the files don't exist: never."""

    def __init__(self, ports: Collection[int], files: Sequence[Path] = LINUX) -> None:
        self._listener = _listener(ports)
        self._files = tuple(files)
        self._before = self._listening()

    def changed(self) -> bool:
        """Since the last call, or since it was made."""
        now = self._listening()
        before, self._before = self._before, now
        return now != before

    def _listening(self) -> frozenset[tuple[bytes, bytes]]:
        return frozenset(socket for table in self._tables() for socket in self._listener.findall(table))

    def _tables(self) -> Iterator[bytes]:
        for file in self._files:
            try:
                yield file.read_bytes()
            except OSError:  # another system, or a kernel without IPv6
                continue


def _listener(ports: Collection[int]) -> re.Pattern[bytes]:
    """The local address and the inode of a socket in state 0A, as the kernel writes them in proc(5).

    `0100007F:1F90 00000000:0000 0A ... 4711`: a new inode is a new listener, at the same port too.

    One expression over the whole table: a busy machine has thousands of connections in it.
    """
    numbers = "|".join(f"{port:04X}" for port in sorted(ports)) or "(?!)"
    return re.compile(rf": ([0-9A-F]+:(?:{numbers}) [0-9A-F]+:0000 0A) \S+ \S+ \S+ +\d+ +\d+ (\d+)".encode())
