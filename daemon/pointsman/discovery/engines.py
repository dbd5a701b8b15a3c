"""The engines on this machine: every spot is looked at, and who answers there is told by its marks."""

import asyncio
import socket
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from pointsman.catalogue.providers import GENERIC, PROVIDERS
from pointsman.catalogue.row import Provider
from pointsman.discovery.listing import Listing
from pointsman.discovery.memory import Memory
from pointsman.discovery.names import Names
from pointsman.discovery.overrides import Overrides
from pointsman.discovery.plan import Plan
from pointsman.discovery.probe import NEAR, Absent, Pace, Sighting, Visit, look
from pointsman.discovery.source import SILENT_NOTE, all_visits, models_told, notes_of
from pointsman.discovery.spots import LOOPBACK, Finder, Goal, key, merged
from pointsman.net import Sessions
from pointsman.types import Endpoint, Finding, Health, Model, Place


class EngineSource:
    """Looks once at each spot that the finders name, but for `configured`: those have a source of their own.

    `taken`: the ids that the configuration uses for places of its own. `on` False: it looks at nothing.
    """

    name = "engines on this machine"
    remote = False

    def __init__(
        self,
        finders: Sequence[Finder],
        sessions: Sessions,
        wall: Callable[[], float],
        *,
        rows: Sequence[Provider] = PROVIDERS,
        overrides: Overrides | None = None,
        configured: Collection[Place] = (),
        taken: Collection[str] = (),
        pace: Pace = NEAR,
        on: bool = True,
    ) -> None:
        self._finders = tuple(finders)
        self._on = on
        self._sessions = sessions
        self._wall = wall
        self._rows = tuple(rows)
        self._overrides = overrides or Overrides()
        self._configured = tuple(configured)
        self._names = Names(self._rows, taken)
        self._pace = pace
        self._memory = Memory()
        self._last: dict[Place, Endpoint] = {}  # who answered, so that silence has a name
        self._lists: dict[Place, Listing] = {}

    def follow(self, plan: Plan) -> None:
        """A look that is under way tells nothing of what is not its own any more."""
        self._on = plan.local
        self._overrides = plan.overrides
        self._configured = tuple(place.place for place in plan.places)
        self._names.take({place.id for place in plan.places})

    @property
    def ports(self) -> frozenset[int]:
        return frozenset(port for row in self._rows for port in row.ports) if self._on else frozenset()

    @property
    def looked_for(self) -> tuple[str, ...]:
        return tuple(words for finder in self._there for words in finder.looked_for)

    @property
    def _there(self) -> tuple[Finder, ...]:
        return self._finders if self._on else ()

    def known(self) -> Sequence[Finding]:
        return ()

    def covers(self, endpoint: Endpoint) -> bool:
        return endpoint.found_by.by_looking

    def has(self, endpoint: Endpoint) -> bool:
        named = key(endpoint.place) in map(key, self._configured)
        return self._on and endpoint.found_by.by_looking and not named

    def retell(self, endpoint: Endpoint) -> tuple[Model, ...] | None:
        listing = self._lists.get(endpoint.place) if endpoint.found_by.by_looking else None
        return models_told(endpoint, listing, self._overrides)

    async def look(self, found: Callable[[Finding], object]) -> None:
        """Raises at its end what a finder raised; what the others named has been looked at."""
        told = await asyncio.gather(*(finder.spots() for finder in self._there), return_exceptions=True)
        spots = [spot for spots in told if not isinstance(spots, BaseException) for spot in spots]
        goals = [*merged(spots, map(key, self._configured))]
        self._names.reserve(goal.place for goal in goals)
        visits = [self._look_at(goal, found) for goal in goals]
        await all_visits([*visits, *(_raised(error) for error in told if isinstance(error, Exception))])

    async def _look_at(self, goal: Goal, found: Callable[[Finding], object]) -> None:
        rows = tuple(dict.fromkeys((*goal.rows, *self._rows)))
        for place in _ways_to(goal.place):
            seen = await self._visit(replace(goal, place=place), rows)
            finding = self._finding(replace(goal, place=place), seen)
            if finding and self.has(finding.endpoint):
                found(finding)
            if seen is not Absent.NOBODY:
                return

    async def _visit(self, goal: Goal, rows: Sequence[Provider]) -> Sighting | Absent:
        if not await _is_open(goal.place, self._pace.connect):
            self._memory.forget(goal.place)
            return Absent.NOBODY
        visit = Visit(self._sessions.session(goal.place), goal.place, self._pace, memory=self._memory)
        return await look(visit, rows, goal.proven.get(goal.place))

    def _finding(self, goal: Goal, seen: Sighting | Absent) -> Finding | None:
        if seen is Absent.SILENT and (known := self._last.get(goal.place)):
            return Finding(replace(known, health=Health.SILENT, note=SILENT_NOTE, seen_at=self._wall()))
        if isinstance(seen, Absent) or (seen.row is None and seen.listing is None):
            self._last.pop(goal.place, None)
            return None
        endpoint = self._last[goal.place] = self._endpoint(goal, seen)
        if seen.listing is not None:
            self._lists[goal.place] = seen.listing
        return Finding(endpoint, models_told(endpoint, seen.listing, self._overrides))

    def _endpoint(self, goal: Goal, seen: Sighting) -> Endpoint:
        row = seen.row or GENERIC
        return Endpoint(
            id=self._names.name(goal.place, row),
            provider=row.id,
            place=goal.place,
            found_by=goal.found_by,
            dialect=row.dialect,
            tier=row.tier,
            health=seen.health,
            note="; ".join(_notes(row, goal.place, seen)),
            build=seen.build,
            holds=seen.listing.holds if seen.listing else None,
            tells_loads=seen.listing.tells_loads if seen.listing else True,
            seen_at=self._wall(),
        )


async def _is_open(place: Place, within: float) -> bool:
    """Whether anybody may be there: most ports are dead, and cost an HTTP client ten times as much."""
    parts = urlsplit(place.url)
    if place.socket:
        return True
    family = socket.AF_INET6 if ":" in (parts.hostname or "") else socket.AF_INET
    try:
        with socket.socket(family) as knock:
            knock.setblocking(False)
            async with asyncio.timeout(within):
                await asyncio.get_running_loop().sock_connect(knock, (parts.hostname, parts.port))
    except TimeoutError:
        return True  # so busy that it takes no connections
    except OSError:
        return False
    return True


def _ways_to(place: Place) -> tuple[Place, ...]:
    """IPv6 only where nobody listens on IPv4."""
    four, six = LOOPBACK
    parts = urlsplit(place.url)
    if place.socket or parts.hostname != four:
        return (place,)
    return place, replace(place, url=place.url.replace(four, f"[{six}]", 1))


async def _raised(error: Exception) -> None:
    raise error


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
