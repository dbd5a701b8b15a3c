"""The engines that run, and where they listen: on odd ports, on Unix sockets.

A router's children, and the runners of Ollama and its like, are parts of their engine and no engines.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import PurePath, PurePosixPath

from pointsman.catalogue.row import Provider
from pointsman.discovery.spots import Address, Spot, key, read_address, read_port
from pointsman.types import FoundBy, Place

READ_WITHIN = 1.0  # seconds; it takes a hundredth of that
INTERPRETERS = re.compile(r"(?:python|pypy)[\d.]*w?|node|bun|bash|dash|zsh|sh")
WITH_VALUE = ("-X", "-W")  # flags of Python's that take the next word
SOCKET_FLAGS = ("--host", "--uds")
ADDRESS_FLAGS = ("--host", "--listen", "-listen", "--address", "--bind")
PORT_FLAGS = ("--port", "-p")


@dataclass(frozen=True, slots=True)
class Process:
    """A process, as far as it may be known. Of those that are no engine the last three are not read."""

    pid: int
    parent: int
    names: tuple[str, ...] = ()  # what it is called: executable, script, module
    argv: tuple[str, ...] = ()
    folder: str = ""  # that it runs in; empty: unknown
    listens: tuple[tuple[str, int], ...] | None = None  # its TCP sockets; None: we may not know


Table = Callable[[Collection[str]], Sequence[Process]]
"""All processes, with the details of those that have one of the names."""


class Processes:
    """`table` is slow and runs in a thread, one at a time: one that hangs is not joined by a second.

    `listeners`: all that listen on this machine, or nothing where nobody can tell. While they are the
    same, no engine has begun or ceased to listen, and the table is not read again.
    """

    def __init__(
        self, rows: Sequence[Provider], table: Table, listeners: Callable[[], Collection[object]]
    ) -> None:
        self._programs = {_plain(program): row for row in rows for program in row.programs}
        self._table = table
        self._listeners = listeners
        self._told: Collection[object] = ()  # the listeners at the last reading
        self._found: Sequence[Spot] = ()
        self._reading: asyncio.Future[Sequence[Process]] | None = None

    @property
    def looked_for(self) -> tuple[str, ...]:
        return ("engines on other ports and on Unix sockets, by their processes",) if self._programs else ()

    async def spots(self) -> Sequence[Spot]:
        if not self._programs:
            return ()
        now = self._listeners()
        if now and now == self._told:
            return self._found
        self._found = self._spots(await self._read())
        self._told = now
        return self._found

    async def _read(self) -> Sequence[Process]:
        if self._reading is None:
            self._reading = asyncio.ensure_future(asyncio.to_thread(self._table, self._programs.keys()))
        reading = self._reading
        await asyncio.wait([reading], timeout=READ_WITHIN)
        if not reading.done():
            raise TimeoutError(f"the table of processes could not be read within {READ_WITHIN:g} s")
        self._reading = None
        return reading.result()

    def _spots(self, processes: Sequence[Process]) -> list[Spot]:
        by_pid = {process.pid: process for process in processes}
        rows = {process.pid: row for process in processes if (row := self._row(process))}
        told = [
            Spot(place, FoundBy.PROCESS, row, inner=_is_part(by_pid[pid], rows, by_pid), proven=proven)
            for pid, row in rows.items()
            for place, proven in _places(by_pid[pid])
        ]
        own = {key(spot.place) for spot in told if not spot.inner}
        return [spot for spot in told if not spot.inner or key(spot.place) not in own]

    def _row(self, process: Process) -> Provider | None:
        return next((row for name in process.names if (row := self._programs.get(name))), None)


def names_of(name: str, argv: Sequence[str]) -> tuple[str, ...]:
    """What a process goes by: its own name, its executable's, and what an interpreter runs in it."""
    first = _plain(argv[0]) if argv else ""
    names = [_plain(name), first]
    if INTERPRETERS.fullmatch(first):
        names += _script(argv[1:])
    return tuple(dict.fromkeys(filter(None, names)))


def _script(argv: Sequence[str]) -> Iterator[str]:
    """The module or script that an interpreter was told to run; after it the flags are the script's own."""
    words = iter(argv)
    for word in words:
        if word in WITH_VALUE:
            next(words, "")
        elif word == "-m":
            yield next(words, "").lower()
            return
        elif word == "-c":
            return
        elif not word.startswith("-"):
            yield _plain(word)
            return


def _plain(path: str) -> str:
    """A program's name without folder and suffix."""
    name = PurePath(path).name.lower()
    return name.removesuffix(".exe").removesuffix(".py")


def _is_part(process: Process, rows: dict[int, Provider], by_pid: dict[int, Process]) -> bool:
    """Whether another engine started it. One of its own kind that listens nowhere merely wraps it."""
    seen = {process.pid}
    parent = by_pid.get(process.parent)
    while parent and parent.pid not in seen:
        if parent.pid in rows and (parent.listens != () or rows[parent.pid] != rows[process.pid]):
            return True
        seen.add(parent.pid)
        parent = by_pid.get(parent.parent)
    return False


def _places(process: Process) -> Iterator[tuple[Place, bool]]:
    """Where it is reached, and whether the system says so."""
    told = ((address, False) for address in (*_sockets(process), *_told(process)))
    listens = ((Address(host, port), True) for host, port in process.listens or ())
    return ((place, proven) for address, proven in (*listens, *told) if (place := address.place))


def _sockets(process: Process) -> Iterator[Address]:
    for word in _values(process.argv, SOCKET_FLAGS):
        path = (read_address(word, 0) or Address()).socket
        full = str(PurePosixPath(process.folder, path))
        if path and full.startswith("/") and full.isprintable():
            yield Address(socket=full)


def _told(process: Process) -> Iterator[Address]:
    """By its flags, where the system does not tell."""
    if process.listens is not None:
        return
    told = (read_address(word, 0) for word in _values(process.argv, ADDRESS_FLAGS))
    address = next((address for address in told if address and not address.socket), Address())
    ports = filter(None, map(read_port, _values(process.argv, PORT_FLAGS)))
    yield replace(address, port=next(ports, address.port))


def _values(argv: Sequence[str], flags: Collection[str]) -> Iterator[str]:
    """What stands behind one of `flags`: `--port 80`, `--port=80`."""
    for word, following in pairwise((*argv, "")):
        flag, equals, value = word.partition("=")
        if flag in flags:
            yield value if equals else following
