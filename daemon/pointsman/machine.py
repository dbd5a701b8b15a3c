"""What happens to the machine under us: so far, that its clocks go apart.

That is a sleep, in which some clocks stand still, or someone setting the time of day. Schedules then hold
times that mean nothing, and what was known of engines and networks is old.
"""

import time
from collections.abc import Callable
from typing import Protocol

PERIOD = 5.0  # seconds between two looks
TOLERANCE = 2.0  # seconds; below it is a clock being slewed or a busy loop


class Handle(Protocol):
    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], None]], Handle]


def sleepless() -> float:
    """Seconds on a clock that nobody sets and that goes on while the machine sleeps.

    On Linux CLOCK_BOOTTIME. Apple has none of that name: there CLOCK_MONOTONIC_RAW does (clock_gettime(3) of
    macOS), which on Linux stands still.
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC_RAW))


class ClockWatch:
    """Compares how far the clocks went, and calls `on_jump(seconds, slept)` when they went apart.

    `seconds`: how far the time of day (`wall`) is ahead of what went by on `monotonic`. `slept`: how long the
    event loop's clock stood still, as `asleep` tells since whenever; 0: it did not, the time of day was set,
    or it is one that goes on (uvloop's on macOS). `call_later(seconds, callback)` is the event loop's.
    """

    def __init__(
        self,
        on_jump: Callable[[float, float], object],
        *,
        wall: Callable[[], float],
        monotonic: Callable[[], float],
        asleep: Callable[[], float],
        call_later: CallLater,
    ) -> None:
        self._on_jump = on_jump
        self._wall = wall
        self._monotonic = monotonic
        self._asleep = asleep
        self._call_later = call_later
        self._handle: Handle | None = None
        self._offsets = (0.0, 0.0)

    def start(self) -> None:
        self._offsets = self._ahead()
        self._handle = self._call_later(PERIOD, self._look)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _look(self) -> None:
        """Looks again whatever `on_jump` does; slow drift adds up to nothing."""
        before, self._offsets = self._offsets, self._ahead()
        self._handle = self._call_later(PERIOD, self._look)
        jump, slept = (now - then for now, then in zip(self._offsets, before, strict=True))
        if max(abs(jump), slept) > TOLERANCE:
            self._on_jump(jump, slept if slept > TOLERANCE else 0.0)

    def _ahead(self) -> tuple[float, float]:
        return self._wall() - self._monotonic(), self._asleep()
