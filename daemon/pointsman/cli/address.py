"""Where the daemon is, as it has published itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pointsman.errors import PointsmanError
from pointsman.paths import Paths

HOW_TO_START = "start it with: pointsman serve"


class DaemonAway(PointsmanError):
    """Nobody answers where the daemon should be."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a daemon listens; `url` has no path. Where `socket` is set, the url's host means nothing."""

    url: str = "http://localhost"
    socket: str | None = None

    def __str__(self) -> str:
        return f"unix:{self.socket}" if self.socket else self.url


def find_addresses(paths: Paths, *, only_socket: bool = False) -> tuple[Address, ...]:
    """What the daemon published, its socket first; only the socket where the user named it.

    Raises DaemonAway if nothing was published: then no daemon runs with this state folder.
    """
    if only_socket:
        return (Address(socket=str(paths.socket)),)
    published = _read_published(paths.published)
    found = []
    if path := published.get("socket"):
        found.append(Address(socket=str(path)))
    if url := published.get("url"):
        found.append(Address(str(url)))
    return tuple(found)


def _read_published(file: Path) -> Mapping[str, object]:
    try:
        published = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise DaemonAway(f"the daemon is not running (there is no {file}); {HOW_TO_START}") from None
    except (OSError, ValueError) as error:
        raise DaemonAway(f"{file} can't be read ({error}); {HOW_TO_START}") from None
    if not isinstance(published, dict):
        raise DaemonAway(f"{file} does not say where the daemon is; {HOW_TO_START}")
    return published
