"""What the daemon does by itself, without a request."""

from contextlib import AsyncExitStack
from functools import partial

from pointsman.build import start_jobs
from pointsman.machine import ClockWatch
from pointsman.types import Health
from tests.discovery.house import Fake, House, finding
from tests.test_machine import Clocks


async def test_a_machine_that_wakes_up_is_looked_around_at_once() -> None:
    clocks = Clocks()
    near, far = Fake("near", findings=[finding("near")]), Fake("far", remote=True)
    house = House(near, far)
    await house.sweeper.sweep("start", everything=True)
    watch = partial(
        ClockWatch,
        wall=lambda: clocks.wall,
        monotonic=lambda: clocks.monotonic,
        asleep=lambda: clocks.slept,
        call_later=clocks.call_later,
    )
    async with AsyncExitStack() as stack:
        woken: list[float] = []
        start_jobs(house.sweeper, watch, stack, woken.append)
        clocks.pass_by(5)
        assert (near.looks, far.looks) == (1, 1)
        near.findings = [finding("other")]  # what was there before the lid was closed is there no more
        clocks.pass_by(5, asleep=8 * 3600)
        await house.sweeper.sweep("join", everything=True)
        assert (near.looks, far.looks) == (2, 2)
        assert house.health[-1] is Health.UP
        assert woken == [8 * 3600]
