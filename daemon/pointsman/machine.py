"""What happens to the machine under us: so far, that its clock jumps.

A jump is a wake-up from sleep, or someone setting the clock. Schedules then hold times that mean
nothing, and what was known of engines and networks is old.
"""

from collections.abc import Callable
from typing import Protocol

PERIOD = 5.0  # seconds between two looks
TOLERANCE = 2.0  # seconds; below it is a clock being slewed or a busy loop


class Handle(Protocol):
    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], None]], Handle]


class ClockWatch:
    """Compares how far the wall clock and the monotonic one went, and calls `on_jump(seconds)`.

    Seconds above zero: the wall clock is ahead, as after a sleep, in which the monotonic one stands
    still. `call_later(seconds, callback)` is the event loop's.
    """

    def __init__(
        self,
        on_jump: Callable[[float], object],
        *,
        wall: Callable[[], float],
        monotonic: Callable[[], float],
        call_later: CallLater,
    ) -> None:
        self._on_jump = on_jump
        self._wall = wall
        self._monotonic = monotonic
        self._call_later = call_later
        self._handle: Handle | None = None
        self._offset = 0.0

    def start(self) -> None:
        self._offset = self._wall() - self._monotonic()
        self._handle = self._call_later(PERIOD, self._look)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _look(self) -> None:
        """Looks again whatever `on_jump` does; slow drift adds up to nothing."""
        before, self._offset = self._offset, self._wall() - self._monotonic()
        self._handle = self._call_later(PERIOD, self._look)
        if abs(jump := self._offset - before) > TOLERANCE:
            self._on_jump(jump)
