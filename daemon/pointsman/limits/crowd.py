"""All models together, as limits see them: of a thousand few are shut, and many share what shuts them."""

from collections.abc import Iterable, Sequence

from pointsman.calls import Parked
from pointsman.limits.circuit import Circuits, Key, keys_of
from pointsman.limits.free import FreeTiers, Rationed
from pointsman.types import Model


class Crowd:
    def __init__(self, models: Sequence[Model], free: FreeTiers) -> None:
        self.models = models
        self._by_id = {one.id: one for one in models}
        self._rationed: tuple[Rationed, ...] = free.rationed(models)
        self._sharing: dict[tuple[Key, ...], list[str]] = {}  # by what shuts them all: an account's
        for one in models:
            if shared := keys_of(one)[:-1]:
                self._sharing.setdefault(shared, []).append(one.id)

    def parked(self, circuits: Circuits, free: FreeTiers, now: float) -> dict[str, Parked]:
        """Those that may not be asked now, each with the longest of what keeps it."""
        found = free.used_up(self._rationed, now)
        if circuits:
            for keys, ids in self._sharing.items():
                _add(found, circuits.parked(keys, now), ids)
            for one in circuits.ids & self._by_id.keys():
                _add(found, circuits.parked(keys_of(self._by_id[one])[-1:], now), (one,))
        return found


def longest(one: Parked | None, other: Parked | None) -> Parked | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda parked: parked.until)


def _add(found: dict[str, Parked], parked: Parked | None, ids: Iterable[str]) -> None:
    if parked is None:
        return
    for model in ids:
        found[model] = longest(found.get(model), parked) or parked
