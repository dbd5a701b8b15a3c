"""The machine under us: that its clocks went apart, and what it can do now.

Clocks go apart in a sleep, in which some stand still, or when someone sets the time of day. Schedules then
hold times that mean nothing, and what was known of engines and networks is old.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import psutil

from pointsman.calls import Machine

PERIOD = 5.0  # seconds between two looks
FRESH = 5.0  # seconds for which what was read of memory and battery holds
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


class Gauge:
    """What the machine can do, read when somebody asks, and at most every few seconds."""

    def __init__(self, read: Callable[[], Machine], monotonic: Callable[[], float]) -> None:
        self._read = read
        self._monotonic = monotonic
        self._known = Machine()
        self._until = 0.0

    def __call__(self) -> Machine:
        if (now := self._monotonic()) >= self._until:
            self._known, self._until = self._read(), now + FRESH
        return self._known


def look(*, memory: bool, battery: bool, root: Path = Path("/")) -> Machine:
    """What is not asked for stays unknown."""
    found = psutil.virtual_memory() if memory else None
    cards = cards_memory(root) if memory else None
    return Machine(
        found.total if found else None,
        found.available + cards if found and cards is not None else None,
        _on_battery() if battery else None,
    )


def cards_memory(root: Path) -> int | None:
    """Free bytes that graphics cards have of their own; None: there are some, and nobody says how much.

    amdgpu tells it in files (docs.kernel.org/gpu/amdgpu/driver-misc.html), Nvidia's driver to its own library
    alone. On a Mac all memory is one.
    """
    if any(root.glob("proc/driver/nvidia/gpus/*")):
        return None
    try:
        return sum(
            int(total.read_text()) - int(total.with_name("mem_info_vram_used").read_text())
            for total in root.glob("sys/class/drm/card*/device/mem_info_vram_total")
        )
    except (OSError, ValueError):
        return None


def _on_battery() -> bool | None:
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    return None if battery is None or battery.power_plugged is None else not battery.power_plugged
