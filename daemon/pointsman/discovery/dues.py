"""When the places elsewhere are asked for their lists again: each apart, by whether it gave one."""

import math
from collections.abc import Callable, Collection

FIRST_PAUSE = 60.0  # seconds after a look that had no list: a laptop starts before its network does
LONGEST_PAUSE = 900.0  # each further look in a row that had none doubles it, up to this
NOW = -math.inf


class Dues:
    """`monotonic` in seconds. `every`: seconds after a list; None: until somebody asks for it."""

    def __init__(self, monotonic: Callable[[], float], every: float | None = None) -> None:
        self._monotonic = monotonic
        self.ask_every(every)
        self._due: dict[str, float] = {}  # of each place that was ever asked
        self._pauses: dict[str, float] = {}  # the next, of those that gave no list

    def ask_every(self, seconds: float | None) -> None:
        """It holds for lists that are had from now on."""
        self._every = seconds or math.inf

    @property
    def reached(self) -> bool:
        """Whether it is time for one of those that were asked before."""
        return any(map(self.is_due, self._due))

    def is_due(self, place: str) -> bool:
        return self._monotonic() >= self._due.get(place, NOW)

    def asked(self, place: str) -> None:
        """However its look ends, it gave no list until `had` says that it did."""
        pause = self._pauses.get(place, FIRST_PAUSE)
        self._due[place] = self._monotonic() + pause
        self._pauses[place] = min(2 * pause, LONGEST_PAUSE)

    def had(self, place: str) -> None:
        """Who was hurried while he was asked stays due: his list may be from before that."""
        self._pauses.pop(place, None)
        if self._due.get(place, NOW) > NOW:
            self._due[place] = self._monotonic() + self._every

    def hurry(self, *places: str) -> None:
        """These are due now; all, if none is named."""
        self._due.update(dict.fromkeys(self._due.keys() & (places or self._due), NOW))

    def keep(self, places: Collection[str]) -> None:
        """Of others nothing is known any more."""
        self._due = {place: due for place, due in self._due.items() if place in places}
        self._pauses = {place: pause for place, pause in self._pauses.items() if place in places}
