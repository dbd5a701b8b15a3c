"""Python's garbage collector is kept from looking through a thousand models again and again.

They stay for hours, and hold no circle; every full collection would stop all answers for tens of milliseconds
to find that out. What is frozen is still freed when nobody holds it any more.
"""

import gc
from collections import Counter
from collections.abc import Callable

from pointsman.types import Snapshot

MANY = 100  # models of one place
LATER = 1.0  # seconds, in which what was read to find them is dropped


class Collector:
    """`call_later(seconds, callback)` is the event loop's."""

    def __init__(self, call_later: Callable[[float, Callable[[], None]], object]) -> None:
        self._call_later = call_later
        self._known: frozenset[tuple[str, int]] = frozenset()

    def observe(self, snapshot: Snapshot) -> None:
        """Called with every change of what is known; few of them change a long list."""
        sizes = Counter(model.endpoint.id for model in snapshot.models)
        first = {model.endpoint.id: id(model) for model in reversed(snapshot.models)}
        known = frozenset((place, first[place]) for place, size in sizes.items() if size >= MANY)
        if known - self._known:
            self._call_later(LATER, _freeze)
        self._known = known


def _freeze() -> None:
    gc.unfreeze()  # else what has become garbage since the last time would stay for ever
    gc.collect()
    gc.freeze()
