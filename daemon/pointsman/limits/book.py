"""What was spent, by day and by hour, and for whom."""

from collections import Counter

from pointsman.dates import HOUR, Window, days_of
from pointsman.funds import Budget, Spender

AHEAD = 1  # days that the calendar may go back; if more, it was the later day that was wrong
KEPT = 100  # days, and hours, of those on which something was spent

Counts = dict[float, Counter[Spender]]


class Book:
    """What is spent counts for its own time and for all that is earlier: a clock that is set gives nothing
    back. What is later than tomorrow is taken for today's, on a clock that was wrong.
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
        """It is another hour. Whether something was spent on days that are too far ahead to be true."""
        self.day, self.hour = day, hour
        _take_back(self._hours, hour, hour + AHEAD * 24 * HOUR)
        return _take_back(self._days, day, day + AHEAD)

    def spent(self, budget: Budget) -> int:
        """In the window that it is now."""
        counts = self._hours if budget.window is Window.HOUR else self._days
        first = self._first(budget.window)
        now = [one for label, one in counts.items() if label >= first]
        return sum(amount for one in now for who, amount in one.items() if budget.scope.covers(who))

    def is_now(self, window: Window | None, day: int, hour: float) -> bool:
        """Whether a day or an hour counts for the window that it is now."""
        return window is None or (hour if window is Window.HOUR else day) >= self._first(window)

    def _first(self, window: Window | None) -> float:
        return self.hour if window is Window.HOUR else days_of(window or Window.DAY, self.day)[0]


def _take_back(counts: Counts, now: float, latest: float) -> bool:
    ahead = [label for label in counts if label > latest]
    for label in ahead:
        counts.setdefault(now, Counter()).update(counts.pop(label))
    for label in sorted(counts)[:-KEPT]:
        del counts[label]
    return bool(ahead)
