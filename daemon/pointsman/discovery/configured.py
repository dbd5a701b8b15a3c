"""The places that the configuration names: those on this machine, and those elsewhere.

A place on this machine is fingerprinted like one that was found, in the local rhythm. One elsewhere is
asked for its list when it is due, and not at all where the user does not want it.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType

from pointsman.catalogue.providers import PROVIDERS
from pointsman.catalogue.row import Provider
from pointsman.discovery.catalogues import Catalogues
from pointsman.discovery.dues import Dues
from pointsman.discovery.listing import Listed, Listing, short_names
from pointsman.discovery.memory import Memory
from pointsman.discovery.overrides import Overrides
from pointsman.discovery.plan import Plan
from pointsman.discovery.probe import FAR, NEAR, Absent, Pace, Sighting, Visit, look
from pointsman.discovery.source import SILENT_NOTE, all_visits, models_of, models_told, notes_of
from pointsman.discovery.written import CONFIGURATION, Written, how_to_sign_in
from pointsman.net import Sessions
from pointsman.types import Endpoint, Finding, Health, Model, Tier

OURSELVES_NOTE = "a Pointsman answers there, which would only ask in turn: name an engine or a provider"

SLOW_NOTE = (
    "its list of models did not come in time: it is busy, or the line to it slow; it is asked for it again"
)

ABSENT: Mapping[Absent, str] = MappingProxyType(
    {
        Absent.NOBODY: "no connection could be had",
        Absent.SILENT: SLOW_NOTE,
        Absent.STRANGER: "what answered was no proper HTTP",
        Absent.OURSELVES: OURSELVES_NOTE,
    }
)


class ConfiguredSource:
    """`asked` False: what is written stands without a look. All of `places` are here, or all elsewhere.

    A look asks those that are due; without `dues` all of them are, each time.
    """

    def __init__(
        self,
        places: Sequence[Written],
        sessions: Sessions,
        wall: Callable[[], float],
        *,
        remote: bool,
        asked: bool = True,
        rows: Sequence[Provider] = PROVIDERS,
        overrides: Overrides | None = None,
        pace: Pace | None = None,
        catalogues: Catalogues | None = None,
        dues: Dues | None = None,
    ) -> None:
        self.remote = remote
        self.name = "remote providers" if remote else "configured places"
        self._may_ask = asked
        self._dues = dues or Dues(lambda: math.inf)
        self._looked_at: frozenset[str] = frozenset()  # by the last look
        self._lists: dict[str, Sighting] = {}  # the last that had one
        self._places: dict[str, Written] = {}
        self._rewrite(places)
        self._sessions = sessions
        self._wall = wall
        self._rows = tuple(rows)
        self._overrides = overrides or Overrides()
        self._pace = pace or (FAR if remote else NEAR)
        self._catalogues = catalogues or Catalogues()
        self._memory = Memory()
        self._last: dict[str, Endpoint] = {}  # who answered, so that silence has a name

    def follow(self, plan: Plan) -> None:
        """A look that is under way tells nothing of a place that is written otherwise by now."""
        self._may_ask = plan.remote or not self.remote
        self._overrides = plan.overrides
        self._rewrite([place for place in plan.places if place.here is not self.remote])

    def _rewrite(self, places: Sequence[Written]) -> None:
        before, self._places = self._places, {place.id: place for place in places}
        same = {place.id for place in places if place.id in before and before[place.id].place == place.place}
        self._lists = {name: seen for name, seen in self._lists.items() if name in same}
        self._asked = tuple(place for place in places if self._may_ask and place.usable)
        self._dues.keep({place.id for place in self._asked})

    @property
    def ports(self) -> frozenset[int]:
        return frozenset() if self.remote else frozenset(place.port for place in self._asked if place.port)

    @property
    def looked_for(self) -> tuple[str, ...]:
        return tuple(f"{place.id} at {place.place}" for place in self._asked)

    def known(self) -> Sequence[Finding]:
        return [self._unseen(place) for place in self._places.values()]

    def _unseen(self, place: Written) -> Finding:
        seen, endpoint = self._remembered(place), self._as_written(place)
        shown = _offered(place, seen)
        if shown and shown.models and not place.models:
            note = "; ".join(filter(None, (endpoint.note, self._catalogues.as_of(place))))
            endpoint = replace(endpoint, note=note)
        return Finding(endpoint, self._models(place, endpoint, seen))

    def _remembered(self, place: Written) -> Sighting | None:
        """What was known of a place elsewhere when it was last asked may serve until it is again."""
        listing = self._catalogues.known(place) if self.remote and place.usable else None
        return _current(Sighting(None, Health.UP, listing), self._today()) if listing else None

    def _today(self) -> date:
        return datetime.fromtimestamp(self._wall(), UTC).date()

    def covers(self, endpoint: Endpoint) -> bool:
        return endpoint.id in self._looked_at

    def has(self, endpoint: Endpoint) -> bool:
        return endpoint.id in self._places

    def retell(self, endpoint: Endpoint) -> tuple[Model, ...] | None:
        if (place := self._places.get(endpoint.id)) is None:
            return None
        return self._models(place, endpoint, self._lists.get(place.id) or self._remembered(place))

    async def look(self, found: Callable[[Finding], object]) -> None:
        due = [place for place in self._asked if self._dues.is_due(place.id)]
        self._looked_at = frozenset(place.id for place in due)
        await all_visits(self._look_at(place, found) for place in due)

    async def _look_at(self, place: Written, found: Callable[[Finding], object]) -> None:
        self._dues.asked(place.id)
        visit = Visit(
            self._sessions.session(place.place),
            place.place,
            self._pace,
            place.account,
            self._memory,
            dialect=place.dialect,
        )
        seen = await look(visit, self._likely(place))
        if self.remote:
            seen = await self._catalogued(place, visit, seen)
        if self._places.get(place.id) != place:
            return
        if isinstance(seen, Sighting) and seen.listing is not None:
            self._dues.had(place.id)
            self._lists[place.id] = seen
        if finding := self._finding(place, seen):
            self._last[place.id] = finding.endpoint
            found(finding)

    async def _catalogued(self, place: Written, visit: Visit, seen: Sighting | Absent) -> Sighting | Absent:
        if isinstance(seen, Absent):
            self._catalogues.missed(place, ABSENT[seen])
            return seen
        told = await self._catalogues.looked(place, visit, seen, self._sessions, self._wall())
        return _current(told, self._today())

    def _likely(self, place: Written) -> tuple[Provider, ...]:
        """Whose marks are tried: elsewhere only those of an engine that the user names."""
        if place.here:
            return tuple(dict.fromkeys((place.row, *self._rows)))
        return (place.row,) if place.row.marks else ()

    def _finding(self, place: Written, seen: Sighting | Absent) -> Finding | None:
        if isinstance(seen, Sighting):
            endpoint = self._endpoint(place, seen)
            return Finding(endpoint, self._models(place, endpoint, seen))
        if seen is Absent.OURSELVES:
            return Finding(replace(self._as_written(place), health=Health.REFUSED, note=OURSELVES_NOTE))
        if seen is Absent.SILENT and (known := self._silent(place)):
            note = SILENT_NOTE if place.here else SLOW_NOTE
            return Finding(replace(known, health=Health.SILENT, note=note, seen_at=self._wall()))
        return None

    def _silent(self, place: Written) -> Endpoint | None:
        """Whom a silent place stands for; an engine here must have been seen to be known."""
        return self._last.get(place.id) or (None if place.here else self._as_written(place))

    def _as_written(self, place: Written) -> Endpoint:
        """The endpoint before anyone looked."""
        health, note = Health.UP, place.trouble
        if not place.usable:
            health = Health.REFUSED
        elif place.here or place in self._asked:
            health, note = Health.AWAY, f"nothing has answered at {place.place} yet"
        elif place.sign_in:
            health, note = Health.SIGN_IN, place.sign_in
        elif not place.models and not self._catalogues.sync(place).source:
            note = (
                "its models are not known: discovery.remote is off; "
                f"name them as models = [...] in [providers.{place.id}]"
            )
        return self._make(place, place.row, _tier(place, recognised=False), health, note)

    def _endpoint(self, place: Written, seen: Sighting) -> Endpoint:
        tier = _tier(place, recognised=seen.row is not None and seen.row.tier is Tier.LOCAL)
        note = "; ".join(_notes(place, seen))
        health = Health.SIGN_IN if place.sign_in and seen.health is Health.UP else seen.health
        endpoint = self._make(place, seen.row or place.row, tier, health, note)
        return replace(
            endpoint,
            build=seen.build,
            holds=seen.listing.holds if seen.listing else None,
            tells_loads=seen.listing.tells_loads if seen.listing else True,
            seen_at=self._wall(),
        )

    def _make(self, place: Written, row: Provider, tier: Tier, health: Health, note: str) -> Endpoint:
        return Endpoint(
            id=place.id,
            provider=row.id,
            place=place.place,
            found_by=place.found_by,
            dialect=place.kind or row.dialect,
            tier=tier,
            account=place.account,
            health=health,
            note="; ".join(filter(None, (place.unheeded, note))),
        )

    def _models(self, place: Written, endpoint: Endpoint, seen: Sighting | None) -> tuple[Model, ...] | None:
        """Those that the user names, with what the list knows of them; else all that it lists.

        Without a key those that cost nothing: a key is all that they need.
        """
        if place.models:
            return models_of(endpoint, _chosen(place, seen), self._overrides)
        return models_told(endpoint, _offered(place, seen), self._overrides)


def _current(seen: Sighting, today: date) -> Sighting:
    """Without the models whose last day is over."""
    if seen.listing is None:
        return seen
    there = tuple(one for one in seen.listing.models if one.ends is None or one.ends >= today)
    return replace(seen, listing=replace(seen.listing, models=there))


def _offered(place: Written, seen: Sighting | None) -> Listing | None:
    listing = seen.listing if seen else None
    if listing is None or not place.sign_in:
        return listing
    return replace(listing, models=tuple(model for model in listing.models if model.free))


def _tier(place: Written, *, recognised: bool) -> Tier:
    """The user's word; local is only what was recognised here; else what the row says, and paid at worst."""
    if place.tier is not None:
        return place.tier
    if place.here and recognised:
        return Tier.LOCAL
    return place.row.tier if place.row.tier in {Tier.FREE, Tier.PAID} else Tier.PAID


def _notes(place: Written, seen: Sighting) -> Iterator[str]:
    if place.sign_in:
        yield place.sign_in
    if (
        place.here
        and (seen.row is None or seen.row.tier is None)
        and place.tier is None
        and place.row.tier in {None, Tier.LOCAL}
    ):
        yield (
            "not recognised as an engine, so that its models count as paid: if they run on this machine, "
            f'write tier = "local" into [providers.{place.id}]'
        )
    if not place.here and place.tier is None and place.row.tier is Tier.LOCAL:
        yield (
            "it is not on this machine, so that its models count as paid: if they cost nothing, "
            f'write tier = "free" into [providers.{place.id}]'
        )
    yield from notes_of(seen, _refused(place))
    if seen.listing and (missing := [name for name in place.models if name not in _by_name(seen.listing)]):
        yield f"it does not list {', '.join(missing)}, which [providers.{place.id}] names"


def _refused(place: Written) -> str:
    if place.origin == CONFIGURATION:
        return f"it refused the key: look at api_key in [providers.{place.id}]"
    if place.account:
        return f"it refused the key (from {place.origin}): {how_to_sign_in(place.id, place.row)}"
    own = f', or write api_key = "env:NAME" into [providers.{place.id}]'
    return f"it wants a key: {how_to_sign_in(place.id, place.row)}{own}"


def _chosen(place: Written, seen: Sighting | None) -> Sequence[Listed]:
    """A provider elsewhere may serve what it does not list. An engine here does not: it may be a cloud's."""
    known = _by_name(seen.listing) if seen and seen.listing else {}
    lists_all = known and place.here and seen and seen.row
    names = [name for name in place.models if name in known or not lists_all]
    return tuple(dict.fromkeys(known.get(name, _unlisted(place.row, name)) for name in names))


def _unlisted(row: Provider, name: str) -> Listed:
    """What is known of it by its name alone."""
    suffix = row.free.suffix if row.free else ""
    return Listed(name, free=bool(suffix) and name.endswith(suffix))


def _by_name(listing: Listing) -> dict[str, Listed]:
    """By each name that a model goes by; a name of its own wins over another's alias."""
    shorts = short_names([model.served_as for model in listing.models])
    aliases = {alias: model for model in listing.models for alias in model.aliases}
    stems = dict(zip(shorts, listing.models, strict=True))
    return aliases | stems | {model.served_as: model for model in listing.models}
