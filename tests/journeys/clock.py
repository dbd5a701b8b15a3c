"""Time that passes at once: an event loop whose clock a test may push ahead, with real sockets on it.

    clock = clock_of_this_loop()
    clock.advance(30)  # every timer of the next 30 seconds is due now
    with clock.hurrying() as watch:  # ... or whenever all there is to do is to wait
        await http.post(...)
    assert watch.seconds == pytest.approx(30, abs=0.5)

All that runs on the loop sees the same clock: the daemon, the fake engines, and the test's own client, which
must therefore have no time-out of its own. Other threads know nothing of it.
"""

import asyncio
import selectors
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

QUIET = 0.003  # real seconds without any news after which nobody is at work, and only clocks are waited for


class Clock(asyncio.SelectorEventLoop):
    """The loop itself. Nothing in it is hurried until a test says so."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._hurrying = 0
        self._at_work = 0  # functions in other threads, whose end is waited for in real time
        super().__init__(_Selector(self))

    def time(self) -> float:
        return super().time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Pushes the time ahead; what becomes due by that happens when the test awaits something."""
        self._ahead += seconds

    @contextmanager
    def hurrying(self) -> Iterator["Watch"]:
        """Wherever there is nothing to do but to wait for a timer, its time has come."""
        self._hurrying += 1
        watch = Watch(self.time, self.time())
        try:
            yield watch
        finally:
            self._hurrying -= 1
            watch.stop()

    @property
    def may_jump(self) -> bool:
        return bool(self._hurrying) and not self._at_work

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        work = super().run_in_executor(executor, func, *args)
        self._at_work += 1
        work.add_done_callback(self._worked)
        return work

    def _worked(self, _: object) -> None:
        self._at_work -= 1


@dataclass(slots=True)
class Watch:
    """`seconds` on the loop's clock; they stand still when it was stopped."""

    _now: Callable[[], float]
    _started: float
    _stopped: float | None = None

    @property
    def seconds(self) -> float:
        return (self._now() if self._stopped is None else self._stopped) - self._started

    def stop(self) -> None:
        self._stopped = self._now()


class _Selector(selectors.DefaultSelector):
    """Waits for sockets as ever, but for timers only as long as there might be news from a socket."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= QUIET or not self._clock.may_jump:
            return super().select(timeout)
        if not (news := super().select(QUIET)):
            self._clock.advance(timeout - QUIET)
        return news


def clock_of_this_loop() -> Clock:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Clock), "only tests in tests/journeys have this clock"
    return loop
