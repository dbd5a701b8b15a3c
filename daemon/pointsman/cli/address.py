"""Where the daemon is, as it has published itself."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pointsman.errors import PointsmanError
from pointsman.paths import NO_PATHS, Paths

HOW_TO_START = "start it with: pointsman serve"


class DaemonAway(PointsmanError):
    """Nobody answers where the daemon should be."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a daemon listens; `url` has no path. Where `socket` is set, the url's host means nothing."""

    url: str = "http://localhost"
    socket: str | None = None
    pid: int | None = field(default=None, compare=False)  # the process that published it

    def __str__(self) -> str:
        return f"unix:{self.socket}" if self.socket else self.url


def names_socket(environ: Mapping[str, str], *, state: Path | None, socket: Path | None) -> bool:
    """Whether the user named the daemon's socket. A state folder that is named counts before the variable."""
    by_variable = environ.get("POINTSMAN_SOCKET", "") not in NO_PATHS and state is None
    return socket is not None or by_variable


def find_addresses(paths: Paths, *, only_socket: bool = False, wakes: bool = False) -> tuple[Address, ...]:
    """What the daemon published, its socket first; only the socket where the user named it.

    `wakes`: where nothing was published a service manager may listen, and starts the daemon for who connects.
    Raises DaemonAway if there is no address: no daemon runs with this state folder.
    """
    if only_socket:
        return (Address(socket=str(paths.socket)),)
    published = _read_published(paths.published) or _read_lock(paths)
    if published is None and wakes and paths.socket.is_socket():
        return (Address(socket=str(paths.socket)),)
    if published is None:
        raise DaemonAway(f"the daemon is not running (there is no {paths.published}); {HOW_TO_START}")
    pid = published.get("pid")
    number = pid if isinstance(pid, int) else None
    found = []
    if path := published.get("socket"):
        found.append(Address(socket=str(path), pid=number))
    if url := published.get("url"):
        found.append(Address(str(url), pid=number))
    return tuple(found)


def away(addresses: Sequence[Address], failures: Sequence[str]) -> DaemonAway:
    """Nobody answered: nobody is there, or a daemon that is only just starting, or finishing its answers."""
    tried = "; ".join(failures) or "no address"
    pid = next((address.pid for address in addresses if address.pid), None)
    if pid is None or not _lives(pid):
        return DaemonAway(f"the daemon is not running ({tried}); {HOW_TO_START}")
    return DaemonAway(
        f"the daemon does not answer ({tried}): process {pid} is starting or stopping; "
        f"if that is another program, {HOW_TO_START}"
    )


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _read_lock(paths: Paths) -> Mapping[str, object] | None:
    """Says the same as long as a daemon runs, where somebody removed the file that is for us."""
    try:
        noted = json.loads(paths.lock.read_bytes())
    except (OSError, ValueError):
        noted = None
    return noted if isinstance(noted, dict) and "url" in noted else None


def _read_published(file: Path) -> Mapping[str, object] | None:
    """None: there is no such file."""
    try:
        published = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DaemonAway(f"{file} can't be read ({error}); {HOW_TO_START}") from None
    if not isinstance(published, dict):
        raise DaemonAway(f"{file} does not say where the daemon is; {HOW_TO_START}")
    return published
