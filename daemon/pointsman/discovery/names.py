"""The ids of found endpoints: told by the place itself, so that they outlive a restart."""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import PurePath
from urllib.parse import urlsplit

from pointsman.catalogue.providers import GENERIC
from pointsman.catalogue.row import Provider
from pointsman.discovery.spots import LOOPBACK
from pointsman.types import Place

LONGEST = 40  # letters of a socket's name


class Names:
    """`taken`: ids that the user gave to places of their own. The ids of rows belong to usual ports."""

    def __init__(self, rows: Sequence[Provider], taken: Collection[str]) -> None:
        self.take(taken)
        self._rows = frozenset(row.id for row in (*rows, GENERIC))
        self._sockets: dict[str, str] = {}  # the ids given, by socket

    def take(self, names: Collection[str]) -> None:
        """These are the user's from now on."""
        self._taken = frozenset(names)

    def reserve(self, places: Iterable[Place]) -> None:
        """Where two sockets have the same stem, the first of these has it, and keeps it while we run."""
        for place in places:
            if place.socket:
                self._of_socket(place.socket)

    def name(self, place: Place, row: Provider) -> str:
        return self._of_socket(place.socket) if place.socket else self._of_port(place, row)

    def _of_socket(self, path: str) -> str:
        if path not in self._sockets:
            used = {*self._sockets.values(), *self._taken}
            self._sockets[path] = next(
                name for name in _socket_names(path) if name not in used and not self._is_a_rows(name)
            )
        return self._sockets[path]

    def _of_port(self, place: Place, row: Provider) -> str:
        """The row's own where it usually listens; never one that the user gave away."""
        parts = urlsplit(place.url)
        usual = row.ports[:1] == (parts.port,) and parts.hostname == LOOPBACK[0]
        other = "" if parts.hostname in LOOPBACK else f"{_plain(parts.hostname or '')}-"
        names = (row.id,) if usual else ()
        longer = f"{row.id}-{other}{parts.port}"
        return next((name for name in (*names, longer) if name not in self._taken), f"found-{longer}")

    def _is_a_rows(self, name: str) -> bool:
        """`ollama`, `ollama-11435`."""
        return name in self._rows or re.sub(r"-\d+$", "", name) in self._rows


def _socket_names(path: str) -> Iterator[str]:
    stem = _plain(PurePath(path).stem)
    yield stem
    yield f"{stem}-socket"
    yield f"{stem}-{_plain(PurePath(path).parent.name)}"
    yield f"{stem}-{hashlib.sha256(path.encode(errors='surrogateescape')).hexdigest()[:8]}"


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-.")[:LONGEST] or "socket"
