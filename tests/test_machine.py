import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pointsman.calls import Machine
from pointsman.machine import FRESH, PERIOD, ClockWatch, Gauge, cards_memory, look, sleepless

Jumps = list[tuple[float, float]]


class Clocks:
    """All clocks and the event loop's timer, moved by hand."""

    def __init__(self) -> None:
        self.wall = 1_000_000.0
        self.monotonic = 50.0
        self.slept = 70.0
        self.timer: Callable[[], None] | None = None

    def call_later(self, seconds: float, callback: Callable[[], None]) -> "Clocks":
        assert seconds == PERIOD
        self.timer = callback
        return self

    def cancel(self) -> None:
        self.timer = None

    def pass_by(self, seconds: float, *, asleep: float = 0.0, set_by: float = 0.0) -> None:
        self.monotonic += seconds
        self.slept += asleep
        self.wall += seconds + asleep + set_by
        if self.timer:
            self.timer()


def watched(clocks: Clocks, on_jump: Callable[[float, float], object]) -> ClockWatch:
    watch = ClockWatch(
        on_jump,
        wall=lambda: clocks.wall,
        monotonic=lambda: clocks.monotonic,
        asleep=lambda: clocks.slept,
        call_later=clocks.call_later,
    )
    watch.start()
    return watch


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def jumps() -> Jumps:
    return []


@pytest.fixture
def watch(clocks: Clocks, jumps: Jumps) -> ClockWatch:
    return watched(clocks, lambda *jump: jumps.append(jump))


@pytest.mark.usefixtures("watch")
def test_time_that_passes_is_no_jump(clocks: Clocks, jumps: Jumps) -> None:
    clocks.pass_by(5)
    clocks.pass_by(60)
    assert jumps == []


@pytest.mark.usefixtures("watch")
def test_a_sleep_is_told_once_with_its_length(clocks: Clocks, jumps: Jumps) -> None:
    clocks.pass_by(5, asleep=3600)
    clocks.pass_by(5)
    assert jumps == [(3600, 3600)]


@pytest.mark.usefixtures("watch")
@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_clock_that_is_set_is_a_jump_and_no_sleep(clocks: Clocks, jumps: Jumps, seconds: float) -> None:
    clocks.pass_by(5, set_by=seconds)
    assert jumps == [(seconds, 0)]


@pytest.mark.usefixtures("watch")
@pytest.mark.parametrize("asleep", [1.0, -1.0])
def test_clocks_that_are_read_one_after_the_other_are_no_sleep(
    clocks: Clocks, jumps: Jumps, asleep: float
) -> None:
    clocks.pass_by(5, asleep=asleep, set_by=3600 - asleep)
    assert jumps == [(3600, 0)]


@pytest.mark.usefixtures("watch")
def test_a_sleep_is_told_though_the_clock_is_set_back_by_as_much(clocks: Clocks, jumps: Jumps) -> None:
    clocks.pass_by(5, asleep=600, set_by=-600)
    assert jumps == [(0, 600)]


@pytest.mark.usefixtures("watch")
def test_slow_drift_never_adds_up_to_a_jump(clocks: Clocks, jumps: Jumps) -> None:
    for _ in range(100):
        clocks.pass_by(5, set_by=1.0)
    assert jumps == []


def test_nothing_is_told_after_stop(watch: ClockWatch, clocks: Clocks, jumps: Jumps) -> None:
    watch.stop()
    clocks.pass_by(5, asleep=3600)
    assert jumps == []


def test_a_listener_that_fails_does_not_end_the_watch(clocks: Clocks) -> None:
    told: list[float] = []

    def on_jump(seconds: float, slept: float) -> None:
        told.append(slept)
        raise RuntimeError("the listener's own trouble")

    watched(clocks, on_jump)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            clocks.pass_by(5, asleep=100)
    assert told == [100, 100]


def test_the_clock_that_never_stands_still_goes_as_fast_as_the_others() -> None:
    """Whether it goes on in a sleep no test can see: it is CLOCK_BOOTTIME where there is one."""
    before, began = sleepless(), time.monotonic()
    while time.monotonic() - began < 0.01:
        pass
    assert sleepless() - before == pytest.approx(time.monotonic() - began, abs=0.01)


def test_what_the_machine_can_do_is_read_at_most_every_few_seconds() -> None:
    readings = iter([Machine(available=1), Machine(available=2)])
    now = 100.0
    gauge = Gauge(lambda: next(readings), lambda: now)
    assert [gauge().available, gauge().available] == [1, 1]
    now += FRESH
    assert gauge().available == 2


def test_this_machine_has_memory_and_what_is_not_asked_for_stays_unknown() -> None:
    seen = look(memory=True, battery=False)
    assert seen.memory is not None
    assert seen.memory > 0
    assert seen.on_battery is None
    assert look(memory=False, battery=True).available is None


def card(root: Path, number: int, total: str, used: str) -> None:
    device = root / f"sys/class/drm/card{number}/device"
    device.mkdir(parents=True)
    (device / "mem_info_vram_total").write_text(total)
    (device / "mem_info_vram_used").write_text(used)


def test_what_graphics_cards_have_free_counts_and_is_unknown_where_one_does_not_say(tmp_path: Path) -> None:
    assert cards_memory(tmp_path) == 0
    card(tmp_path, 0, "8000\n", "3000\n")
    card(tmp_path, 1, "500\n", "100\n")
    assert cards_memory(tmp_path) == 5_400
    card(tmp_path, 2, "8000", "n/a")
    assert cards_memory(tmp_path) is None


def test_nobody_knows_what_an_nvidia_card_has_free(tmp_path: Path) -> None:
    (tmp_path / "proc/driver/nvidia/gpus/0000:01:00.0").mkdir(parents=True)
    assert cards_memory(tmp_path) is None
    assert look(memory=True, battery=False, root=tmp_path).available is None
