"""The newest that each model elsewhere has told of its rate limits, and how that changes as time goes by.

By model, and not by account: most providers count by model, and of those that don't each model hears of it
with its own next answer. Too few are parked then for a moment, but never one too many.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from pointsman.limits.circuit import Key
from pointsman.limits.heads import Ceiling


class Told(NamedTuple):
    """What a model told. In a report the ceilings' seconds and remainders are those of now."""

    key: Key
    ceilings: tuple[Ceiling, ...]


class Ceilings:
    """`on_told` hears of everything that a model tells."""

    def __init__(self, on_told: Callable[[Told], object]) -> None:
        self._on_told = on_told
        self._known: dict[Key, tuple[tuple[Ceiling, ...], float]] = {}  # and when it was told

    def told(self, told: Told, now: float) -> None:
        self._known[told.key] = told.ceilings, now
        self._on_told(told)

    def restore(self, known: Iterable[Told], now: float) -> None:
        """What an earlier start was told, as it would be reported now."""
        self._known.update({one.key: (one.ceilings, now) for one in known})

    def report(self, now: float) -> list[Told]:
        """By the models' ids."""
        found = (
            Told(key, tuple(_aged(one, now - at) for one in ceilings))
            for key, (ceilings, at) in self._known.items()
        )
        return sorted(found, key=lambda told: told.key)

    def forget(self, account: str) -> None:
        """Nobody is asked with it any more."""
        self._known = {key: told for key, told in self._known.items() if key.account != account}

    def woke_up(self, slept: float) -> None:
        """Time went by on which our clock stood still."""
        self._known = {key: (ceilings, at - slept) for key, (ceilings, at) in self._known.items()}


def _aged(one: Ceiling, seconds: float) -> Ceiling:
    """As it is so many seconds later, if nobody else took of it: full, once its time is over."""
    if one.seconds is None:
        return one
    left = max(0.0, one.seconds - seconds)
    return one._replace(seconds=left, remaining=one.remaining if left else one.limit)
