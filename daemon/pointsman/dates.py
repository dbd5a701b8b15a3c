"""The calendar in the user's own zone: how long an hour, a day, a week and a month are, summer time and all.

A day is told by the ordinal of its date (`datetime.date.toordinal`), whichever zone it is in. Times are wall
clock, in seconds since 1970.
"""

import sys
import time
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import NamedTuple

HOUR = 3600.0  # seconds


class Window(StrEnum):
    """A stretch of the calendar, in the user's own time zone."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"  # from Monday on
    MONTH = "month"


class Span(NamedTuple):
    begins: float
    ends: float


class Calendar:
    """`zone` None: the machine's own, as it is at that moment."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone

    def day(self, wall: float) -> int:
        """One that has begun goes on, where the clock is put back to the evening before."""
        if self._zone is None and sys.platform != "win32":
            time.tzset()  # or nobody notices that the machine's zone was changed
        day = datetime.fromtimestamp(wall // 1, self._zone).toordinal()
        return day + (wall >= self.midnight(day + 1))

    def hour(self, wall: float) -> Span:
        """Counted from the day's first moment on. An hour that summer time's end repeats is another one."""
        day = self.span(Window.DAY, wall)
        begins = day.begins + (wall - day.begins) // HOUR * HOUR
        return Span(begins, min(begins + HOUR, day.ends))

    def span(self, window: Window, wall: float) -> Span:
        """When the window that it is now began, and when it ends."""
        if window is Window.HOUR:
            return self.hour(wall)
        first, after = days_of(window, self.day(wall))
        return Span(self.midnight(first), self.midnight(after))

    def midnight(self, day: int) -> float:
        """When it begins: at the first moment that there is, where summer time takes its midnight away."""
        return datetime.combine(date.fromordinal(day), datetime.min.time(), self._zone).timestamp()


def days_of(window: Window, day: int) -> tuple[int, int]:
    """The first day of the week or month that a day is in, and the first one after it."""
    if window is Window.WEEK:
        first = day - (day - 1) % 7
        return first, first + 7
    if window is Window.MONTH:
        date_ = date.fromordinal(day)
        first = date_.replace(day=1).toordinal()
        years, month = divmod(date_.month, 12)
        return first, date(date_.year + years, month + 1, 1).toordinal()
    return day, day + 1
