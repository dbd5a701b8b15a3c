"""Engines on this machine's usual ports. Who listens there is told by marks, never by the port."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from pointsman.catalogue.providers import GENERIC, PROVIDERS
from pointsman.catalogue.row import Provider
from pointsman.discovery.probe import NEAR, Absent, Pace, Sighting, Visit, look
from pointsman.discovery.source import (
    SILENT_NOTE,
    Origin,
    Overrides,
    all_visits,
    models_told,
    notes_of,
    origin,
)
from pointsman.net import Sessions
from pointsman.types import Endpoint, Finding, FoundBy, Health, Place

HOSTS = ("127.0.0.1", "[::1]")  # in this order; the second only where nobody listens at the first


class PortSource:
    """Looks at each port that a row names, but for `skip`: the origins that the configuration names.

    `taken`: the ids that the configuration uses for places of its own.
    """

    name = "engines on this machine's ports"
    remote = False

    def __init__(
        self,
        sessions: Sessions,
        wall: Callable[[], float],
        *,
        rows: Sequence[Provider] = PROVIDERS,
        overrides: Overrides | None = None,
        skip: Collection[Origin] = (),
        taken: Collection[str] = (),
        pace: Pace = NEAR,
    ) -> None:
        self._sessions = sessions
        self._wall = wall
        self._rows = tuple(rows)
        self._overrides = overrides or Overrides()
        self._skip = frozenset(skip)
        self._taken = frozenset(taken)
        self._pace = pace
        self._last: dict[Place, Endpoint] = {}  # who answered, so that silence has a name

    @property
    def ports(self) -> frozenset[int]:
        return frozenset(port for row in self._rows for port in row.ports)

    @property
    def looked_for(self) -> tuple[str, ...]:
        return tuple(
            f"{row.title} on 127.0.0.1:{' and '.join(map(str, row.ports))}" for row in self._rows if row.ports
        )

    def known(self) -> Sequence[Finding]:
        return ()

    def covers(self, endpoint: Endpoint) -> bool:
        return endpoint.found_by is FoundBy.PORT

    async def look(self, found: Callable[[Finding], object]) -> None:
        await all_visits(self._look_at(port, found) for port in sorted(self.ports))

    async def _look_at(self, port: int, found: Callable[[Finding], object]) -> None:
        rows = sorted(self._rows, key=lambda row: port not in row.ports)
        for host in HOSTS:
            place = Place(f"http://{host}:{port}/v1")
            if origin(place.url) in self._skip:
                return
            seen = await look(Visit(self._sessions.session(place), place, self._pace), rows)
            if finding := self._finding(place, port, seen):
                found(finding)
            if seen is not Absent.NOBODY:
                return

    def _finding(self, place: Place, port: int, seen: Sighting | Absent) -> Finding | None:
        if seen is Absent.SILENT and (known := self._last.get(place)):
            return Finding(replace(known, health=Health.SILENT, note=SILENT_NOTE, seen_at=self._wall()))
        if isinstance(seen, Absent) or (seen.row is None and seen.listing is None):
            self._last.pop(place, None)
            return None
        endpoint = self._last[place] = self._endpoint(place, port, seen)
        return Finding(endpoint, models_told(endpoint, seen.listing, self._overrides))

    def _endpoint(self, place: Place, port: int, seen: Sighting) -> Endpoint:
        row = seen.row or GENERIC
        return Endpoint(
            id=self._id(row, place, port),
            provider=row.id,
            place=place,
            found_by=FoundBy.PORT,
            dialect=row.dialect,
            tier=row.tier,
            health=seen.health,
            note="; ".join(_notes(row, place, seen)),
            build=seen.build,
            seen_at=self._wall(),
        )

    def _id(self, row: Provider, place: Place, port: int) -> str:
        """The row's own where it usually listens; never one that the user gave away."""
        usual = row.ports[:1] == (port,) and HOSTS[0] in place.url
        names = (row.id, f"{row.id}-{port}") if usual else (f"{row.id}-{port}",)
        return next((name for name in names if name not in self._taken), f"found-{row.id}-{port}")


def _notes(row: Provider, place: Place, seen: Sighting) -> Iterator[str]:
    if row.tier is None:
        yield (
            "found, tier unknown: not used until the configuration names it: [providers.NAME] with "
            f'api_base = "{place}" and tier = "local" (or "free", "paid")'
        )
    yield from notes_of(
        seen,
        f"it wants a key: give it in the configuration: [providers.{row.id}] with "
        f'api_base = "{place}" and api_key = "env:NAME"',
    )
