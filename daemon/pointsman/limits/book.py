"""What was spent, by day and by hour, and for whom."""

from collections import Counter
from collections.abc import Callable
from math import inf

from pointsman.dates import HOUR, Window, days_of
from pointsman.funds import Spender

AHEAD = 1  # days that the calendar may go back, or hours; if more, it was the later one that was wrong
KEPT = 100  # days, and hours, of those on which something was spent

Counts = dict[float, Counter[Spender]]


class Book:
    """What is spent counts for its own time and for all that is earlier: a clock that is set gives nothing
    back, nor does one that is soon set right again. What is still far ahead when an hour is over is taken for
    today's, on a clock that was wrong.
    """

    def __init__(self) -> None:
        self.day = 0  # that it is now
        self.hour = 0.0  # when the one that it is now began, on the wall clock
        self._days: Counts = {}
        self._hours: Counts = {}

    def add(self, who: Spender, amount: int, *, day: int | None = None, hour: float | None = None) -> None:
        if day is not None:
            self._days.setdefault(day, Counter())[who] += amount
        if hour is not None:
            self._hours.setdefault(hour, Counter())[who] += amount

    def turn(self, day: int, hour: float) -> bool:
        """Whether days are too far ahead to be true, now that another hour is over: they are today's."""
        is_over, self.day, self.hour = self.hour < hour, day, hour
        if not is_over:
            return False
        _take_back(self._hours, hour, hour + AHEAD * HOUR)
        return _take_back(self._days, day, day + AHEAD)

    def first(self, window: Window | None) -> float:
        """The first day, or hour, that counts for the window that it is now."""
        if window is None:
            return -inf
        return self.hour if window is Window.HOUR else days_of(window, self.day)[0]

    def spent(self, window: Window | None, covers: Callable[[Spender], bool]) -> int:
        """In the window that it is now, by those whom `covers` knows."""
        counts, first = self._hours if window is Window.HOUR else self._days, self.first(window)
        now = [one for label, one in counts.items() if label >= first]
        return sum(amount for one in now for who, amount in one.items() if covers(who))


def _take_back(counts: Counts, now: float, latest: float) -> bool:
    ahead = [label for label in counts if label > latest]
    for label in ahead:
        counts.setdefault(now, Counter()).update(counts.pop(label))
    for label in sorted(counts)[:-KEPT]:
        del counts[label]
    return bool(ahead)
