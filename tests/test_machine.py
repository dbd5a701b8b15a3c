from collections.abc import Callable

import pytest

from pointsman.machine import PERIOD, ClockWatch


class Clocks:
    """Both clocks and the event loop's timer, moved by hand."""

    def __init__(self) -> None:
        self.wall = 1_000_000.0
        self.monotonic = 50.0
        self.timer: Callable[[], None] | None = None

    def call_later(self, seconds: float, callback: Callable[[], None]) -> "Clocks":
        assert seconds == PERIOD
        self.timer = callback
        return self

    def cancel(self) -> None:
        self.timer = None

    def pass_by(self, seconds: float, *, asleep: float = 0.0) -> None:
        self.monotonic += seconds
        self.wall += seconds + asleep
        if self.timer:
            self.timer()


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def jumps() -> list[float]:
    return []


@pytest.fixture
def watch(clocks: Clocks, jumps: list[float]) -> ClockWatch:
    return ClockWatch(
        jumps.append,
        wall=lambda: clocks.wall,
        monotonic=lambda: clocks.monotonic,
        call_later=clocks.call_later,
    )


def test_time_that_passes_is_no_jump(watch: ClockWatch, clocks: Clocks, jumps: list[float]) -> None:
    watch.start()
    clocks.pass_by(5)
    clocks.pass_by(60)
    assert jumps == []


def test_a_sleep_is_told_once_with_its_length(watch: ClockWatch, clocks: Clocks, jumps: list[float]) -> None:
    watch.start()
    clocks.pass_by(5, asleep=3600)
    clocks.pass_by(5)
    assert jumps == [pytest.approx(3600)]


def test_a_clock_set_back_is_a_jump_below_zero(watch: ClockWatch, clocks: Clocks, jumps: list[float]) -> None:
    watch.start()
    clocks.pass_by(5, asleep=-3600)
    assert jumps == [pytest.approx(-3600)]


def test_slow_drift_never_adds_up_to_a_jump(watch: ClockWatch, clocks: Clocks, jumps: list[float]) -> None:
    watch.start()
    for _ in range(100):
        clocks.pass_by(5, asleep=1.0)
    assert jumps == []


def test_nothing_is_told_after_stop(watch: ClockWatch, clocks: Clocks, jumps: list[float]) -> None:
    watch.start()
    watch.stop()
    clocks.pass_by(5, asleep=3600)
    assert jumps == []


def test_a_listener_that_fails_does_not_end_the_watch(clocks: Clocks) -> None:
    told: list[float] = []

    def on_jump(seconds: float) -> None:
        told.append(seconds)
        raise RuntimeError("the listener's own trouble")

    watch = ClockWatch(
        on_jump,
        wall=lambda: clocks.wall,
        monotonic=lambda: clocks.monotonic,
        call_later=clocks.call_later,
    )
    watch.start()
    for _ in range(2):
        with pytest.raises(RuntimeError):
            clocks.pass_by(5, asleep=100)
    assert len(told) == 2
