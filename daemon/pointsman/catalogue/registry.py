"""The live endpoints and models. Sources of discovery tell it, the router reads its snapshot.

All of it is synchronous: a change builds a new frozen snapshot and assigns it once. Nothing is deleted but
by its user; what is not there is *away*, keeps its models, and is back with its next sighting.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from pointsman.types import Endpoint, Finding, Health, Model, ModelState, Place, Snapshot

MISSES = 2  # sweeps in a row that must not see an endpoint before it is away


class News(StrEnum):
    FOUND = "found"
    BACK = "back"
    AWAY = "away"
    CHANGED = "changed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Change:
    endpoint: Endpoint
    news: News


class Registry:
    """`on_change` is given every new snapshot; that all stayed as it was is not told."""

    def __init__(self, on_change: Callable[[Snapshot], object] | None = None) -> None:
        self._on_change = on_change
        self._snapshot = Snapshot()
        self._shelf: dict[str, Finding] = {}  # by endpoint id, in the order of their coming
        self._seen: dict[str, float] = {}  # the last sighting, wall clock
        self._missed: dict[str, int] = {}  # sweeps in a row
        self._told_at: dict[str, Place] = {}  # where an endpoint was when its models were told

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot

    def place(self, finding: Finding) -> tuple[Change, ...]:
        """Add or replace one endpoint with its models."""
        placed = Finding(finding.endpoint, self._models(finding))
        news = self._news(finding.endpoint)
        self._sighted(finding.endpoint)
        if self._shelf.get(finding.endpoint.id) == placed:
            return ()
        self._shelf[finding.endpoint.id] = placed
        note = f"{finding.endpoint.id} answers in its place now"
        displaced = tuple(self._put_away(other, note) for other in self._displaced_by(finding.endpoint))
        self._assign()
        return (*displaced, Change(finding.endpoint, news))

    def finish_sweep(
        self, swept: Collection[str], seen: Collection[str], now: float | None = None
    ) -> tuple[Change, ...]:
        """Count who of the `swept` was not `seen`.

        `now`: monotonic; None for a sweep that was not one of this machine, and leaves `swept_at` alone.
        """
        for endpoint_id in swept:
            self._missed[endpoint_id] = 0 if endpoint_id in seen else self._missed.get(endpoint_id, 0) + 1
        gone = tuple(self._put_away(endpoint, _unseen(endpoint)) for endpoint in self._missing())
        if gone:
            self._assign()
        if now is not None:
            self._snapshot = replace(self._snapshot, swept_at=now)
        return gone

    def lost(self, endpoint_id: str, note: str) -> tuple[Change, ...]:
        """A connection to it failed: it is away at once."""
        known = self._shelf.get(endpoint_id)
        if known is None or known.endpoint.health is Health.AWAY:
            return ()
        gone = self._put_away(known.endpoint, note)
        self._assign()
        return (gone,)

    def forget(self, endpoint_id: str) -> tuple[Change, ...]:
        """Its user took it away, and its models go with it."""
        known = self._shelf.pop(endpoint_id, None)
        self._seen.pop(endpoint_id, None)
        self._missed.pop(endpoint_id, None)
        self._told_at.pop(endpoint_id, None)
        if known is None:
            return ()
        self._assign()
        return (Change(known.endpoint, News.GONE),)

    def _sighted(self, endpoint: Endpoint) -> None:
        if endpoint.health is not Health.AWAY:
            self._seen[endpoint.id] = endpoint.seen_at
            self._missed.pop(endpoint.id, None)

    def _models(self, finding: Finding) -> tuple[Model, ...]:
        endpoint = finding.endpoint
        if finding.models is not None:
            self._told_at[endpoint.id] = endpoint.place
            return finding.models
        known = self._shelf.get(endpoint.id)
        if known is None or not _same_server(known.endpoint, endpoint):
            return ()
        if endpoint.health is Health.UP and self._told_at.get(endpoint.id) != endpoint.place:
            return ()  # who answers at another address, and does not tell its own, has not those
        return _rebound(known.models or (), endpoint)

    def _news(self, endpoint: Endpoint) -> News:
        known = self._shelf.get(endpoint.id)
        if known is None or endpoint.id not in self._seen:
            return News.FOUND
        is_away, was_away = endpoint.health is Health.AWAY, known.endpoint.health is Health.AWAY
        if is_away == was_away:
            return News.CHANGED
        return News.AWAY if is_away else News.BACK

    def _displaced_by(self, newcomer: Endpoint) -> list[Endpoint]:
        """Found endpoints that stood where another now answers: at one place there is one server."""
        if not newcomer.found_by.by_looking:
            return []
        return [
            other
            for other in self._there()
            if other.found_by.by_looking and other.place == newcomer.place and other.id != newcomer.id
        ]

    def _there(self) -> Iterator[Endpoint]:
        endpoints = (finding.endpoint for finding in self._shelf.values())
        return (endpoint for endpoint in endpoints if endpoint.health is not Health.AWAY)

    def _missing(self) -> list[Endpoint]:
        return [endpoint for endpoint in self._there() if self._missed.get(endpoint.id, 0) >= MISSES]

    def _put_away(self, endpoint: Endpoint, note: str) -> Change:
        seen_at = self._seen.get(endpoint.id, endpoint.seen_at)
        gone = replace(endpoint, health=Health.AWAY, note=note, seen_at=seen_at)
        self._shelf[endpoint.id] = Finding(gone, _rebound(self._shelf[endpoint.id].models or (), gone))
        return Change(gone, News.AWAY)

    def _assign(self) -> None:
        findings = self._shelf.values()
        self._snapshot = Snapshot(
            version=self._snapshot.version + 1,
            endpoints=tuple(finding.endpoint for finding in findings),
            models=tuple(model for finding in findings for model in finding.models or ()),
            swept_at=self._snapshot.swept_at,
        )
        if self._on_change is not None:
            self._on_change(self._snapshot)


def _same_server(known: Endpoint, now: Endpoint) -> bool:
    """Else nothing that was known of its models holds, least of all that they run here."""
    return (known.provider, known.tier) == (now.provider, now.tier)


def _rebound(models: tuple[Model, ...], endpoint: Endpoint) -> tuple[Model, ...]:
    """The known models of an endpoint that changed without naming them again."""
    if endpoint.health is Health.LOADING:
        models = tuple(replace(model, state=ModelState.LOADING) for model in models)
    return tuple(replace(model, endpoint=endpoint) for model in models)


def _unseen(endpoint: Endpoint) -> str:
    return f"nothing answered at {endpoint.place} in {MISSES} looks in a row"
