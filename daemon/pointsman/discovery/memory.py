"""What visits need not ask again: descriptions of models, engines, and servers that no row knows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pointsman.discovery.listing import Change, Listed, Listing
from pointsman.types import Place

LONGEST_PAUSE = 600.0  # seconds

Description = tuple[str, str]  # a model's name and digest: another digest is another model


@dataclass(frozen=True, slots=True)
class Stranger:
    names: frozenset[str]  # of its models
    since: float
    asked: float  # for its marks, the last time


class Memory:
    """Times are monotonic, in seconds. It keeps nothing of a place that a visit found empty."""

    def __init__(self) -> None:
        self._strangers: dict[Place, Stranger] = {}
        self._engines: dict[Place, frozenset[str]] = {}  # the names of the models of those recognised
        self._described: dict[Place, Mapping[Description, Change]] = {}

    def may_ask(self, place: Place, listing: Listing | None, now: float) -> bool:
        """Whether the marks are worth trying: at once if it lists other models, else ever more rarely."""
        known = self._strangers.get(place)
        if known is None or known.names != _names(listing):
            return True
        return now - known.asked >= min(known.asked - known.since, LONGEST_PAUSE)

    def was_stranger(self, place: Place, listing: Listing | None, now: float) -> None:
        """Nothing fitted."""
        known, names = self._strangers.get(place), _names(listing)
        since = known.since if known and known.names == names else now
        self._strangers[place] = Stranger(names, since, now)
        self._engines.pop(place, None)

    def described(self, place: Place) -> Mapping[Description, Change]:
        return self._described.get(place, {})

    def keep(self, place: Place, changes: Mapping[Description, Change]) -> None:
        """Instead of all that was kept of this place."""
        self._described[place] = changes

    def recognised(self, place: Place, listing: Listing | None) -> None:
        self._strangers.pop(place, None)
        self._engines[place] = _names(listing)

    def knows(self, place: Place, listing: Listing | None) -> bool:
        """Whether an engine was recognised there that listed the same models."""
        return self._engines.get(place) == _names(listing)

    def forget(self, place: Place) -> None:
        self._strangers.pop(place, None)
        self._engines.pop(place, None)
        self._described.pop(place, None)


def description(model: Listed) -> Description:
    return model.served_as, model.digest


def _names(listing: Listing | None) -> frozenset[str]:
    models: Iterable[Listed] = listing.models if listing else ()
    return frozenset(model.served_as for model in models)
