"""Time that passes at once: an event loop whose clock a test may push ahead, with real sockets on it.

    clock = clock_of_this_loop()
    clock.advance(30)  # every timer of the next 30 seconds is due now
    with clock.hurrying() as watch:  # ... or whenever all there is to do is to wait
        await http.post(...)
    assert watch.seconds == pytest.approx(30, abs=0.5)

All that runs on the loop sees the same clock: the daemon, the fake engines, and the test's own client, which
must therefore have no time-out of its own. Other threads know nothing of it.

That the machine is busy with something else makes no time pass here: however long a turn of the loop took, it
counts for `TURN` at the most. A time-out that is over has been waited for, with nothing else to do.
"""

import asyncio
import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TURN = 0.02  # seconds
QUIET = 0.003  # real seconds without any news after which nobody may be at work, and only clocks waited for
THREADS = Path("/proc/self/task")  # on Linux


class Clock(asyncio.SelectorEventLoop):
    """The loop itself. Nothing in it is hurried until a test says so."""

    def __init__(self) -> None:
        self._passed = 0.0
        self._seen: float | None = None
        self._hurrying = 0
        self._at_work = 0  # functions in other threads, whose end is waited for in real time
        super().__init__(_Selector(self))

    def time(self) -> float:
        now = super().time()
        self._passed += min(now - (self._seen or now), TURN)
        self._seen = now
        return self._passed

    def advance(self, seconds: float) -> None:
        """Pushes the time ahead; what becomes due by that happens when the test awaits something."""
        self._passed += seconds

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
        self._canary: tuple[socket.socket, socket.socket] | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= QUIET:
            return super().select(timeout)
        if not self._clock.may_jump:
            return super().select(min(timeout, TURN))
        if not (news := super().select(QUIET) or self._late_news()):
            self._clock.advance(timeout - QUIET)
        return news

    def close(self) -> None:
        for end in self._canary or ():
            end.close()
        super().close()

    def _late_news(self) -> list[tuple[selectors.SelectorKey, int]]:
        """What comes once all that was sent has arrived, and no other thread of ours is at work."""
        self._send_a_canary()
        while _others_work():
            if news := super().select(QUIET):
                return news
        return super().select(0)

    def _send_a_canary(self) -> None:
        """What the kernel has yet to deliver on this machine's own network is delivered before it."""
        if self._canary is None:
            self._canary = _connected()
        here, there = self._canary
        here.send(b".")
        there.recv(1)


def _connected() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        here = socket.create_connection(door.getsockname())
        there, _ = door.accept()
        return here, there


def _others_work() -> bool:
    """Whether another thread of this process runs, waits for a core, or for a disk."""
    own = str(threading.get_native_id())
    return any(_is_at_work(folder) for folder in THREADS.glob("*") if folder.name != own)


def _is_at_work(folder: Path) -> bool:
    with suppress(OSError):  # it has just ended
        state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        return state in {"R", "D"}
    return False


def clock_of_this_loop() -> Clock:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Clock), "only tests in tests/journeys have this clock"
    return loop
