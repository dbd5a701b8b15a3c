"""How many requests there were: in the last seconds, or on a day of the calendar. The clocks are passed in.

`now` is on the loop's clock, `wall` the time of day. No clock that is set, back or
ahead and back again, gives requests back.
"""

from collections import Counter, deque
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PACIFIC = timezone(timedelta(hours=-8))  # without its summer, for systems that know no zones
CLOCK_WRONG = 1  # days that the calendar may go back; if more, it was the later day that was wrong
DAYS_KEPT = 3
YOUNG = 600.0  # seconds of a day, in which what a provider says may be of the day before


def zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return PACIFIC


class Window:
    """The requests of the last so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._at: deque[float] = deque()  # on the loop's clock

    def add(self, now: float, _wall: float) -> None:
        self._at.append(now)

    def take_back(self, at: float, _wall: float) -> None:
        with suppress(ValueError):
            self._at.remove(at)

    def used(self, now: float, _wall: float) -> int:
        while self._at and self._at[0] + self._seconds <= now:
            self._at.popleft()
        return len(self._at)

    def rest(self, most: int, now: float, wall: float) -> float:
        """Seconds until there are fewer than `most`; 0: there are."""
        used = self.used(now, wall)
        return self._at[used - most] + self._seconds - now if used >= most else 0.0

    def ends_in(self, now: float, _wall: float) -> float:
        return self._at[0] + self._seconds - now if self._at else 0.0

    def woke_up(self, slept: float) -> None:
        self._at = deque(at - slept for at in self._at)


class Day:
    """The requests of a day of the calendar. One that is over is kept for a while: the clock may be wrong."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._today = 0
        self._begins = self._ends = 0.0  # wall clock, of that day
        self._counts = Counter[int]()  # by day
        self._others = Counter[int]()  # what the provider has counted beside them, by day

    def add(self, _now: float, wall: float) -> None:
        self._turn(wall)
        self._counts[self._today] += 1

    def take_back(self, _at: float, wall: float) -> None:
        day = self._day_of(wall)
        if self._counts[day]:
            self._counts[day] -= 1

    def used(self, _now: float, wall: float) -> int:
        """Those of tomorrow too: where there are any, today may well be tomorrow."""
        self._turn(wall)
        return sum(self._used_on(day) for day in (self._today, self._today + CLOCK_WRONG))

    def raise_to(self, used: int, wall: float) -> None:
        """The provider has counted so many: somebody else uses the account as well."""
        self._turn(wall)
        if wall - self._begins >= YOUNG:
            self._others[self._today] += max(0, used - self._used_on(self._today))

    def forget_others(self) -> None:
        """What the provider has counted counts no longer, until it says so again."""
        self._others.clear()

    def rest(self, most: int, now: float, wall: float) -> float:
        return self.ends_in(now, wall) if self.used(now, wall) >= most else 0.0

    def ends_in(self, _now: float, wall: float) -> float:
        return self.end(wall) - wall

    def end(self, wall: float) -> float:
        """Of this day, on the wall clock."""
        self._turn(wall)
        return self._ends

    def woke_up(self, slept: float) -> None:
        """It goes by the wall clock, which has not slept."""

    def _turn(self, wall: float) -> None:
        """If it is another day: what was counted further ahead was today's, on a clock that was wrong."""
        if self._begins <= wall < self._ends:
            return
        self._today = today = self._day_of(wall)
        self._begins, self._ends = self._midnight(today), self._midnight(today + 1)
        for counts in (self._counts, self._others):
            for day in [day for day in counts if day > today + CLOCK_WRONG]:
                counts[today] += counts.pop(day)
            for day in sorted(counts)[:-DAYS_KEPT]:
                del counts[day]

    def _used_on(self, day: int) -> int:
        return self._counts[day] + self._others[day]

    def _midnight(self, day: int) -> float:
        """When it begins."""
        return datetime.combine(date.fromordinal(day), time(), self._zone).timestamp()

    def _day_of(self, wall: float) -> int:
        return datetime.fromtimestamp(wall, self._zone).toordinal()
