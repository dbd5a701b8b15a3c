import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from pointsman.jobs import Job, Jobs

PATIENCE = 10.0  # seconds after which a test that waits is broken
OFTEN = 0.002
NEVER = 3_600.0


@contextmanager
def running(*table: Job) -> Iterator[Jobs]:
    jobs = Jobs(table)
    jobs.start()
    try:
        yield jobs
    finally:
        jobs.stop()


class Runs:
    """Counts a job's runs; `until(n)` waits for the nth."""

    def __init__(self, deed: Callable[[int], Awaitable[None]] | None = None) -> None:
        self._deed = deed
        self._news = asyncio.Condition()
        self.count = 0

    async def __call__(self) -> None:
        async with self._news:
            self.count += 1
            self._news.notify_all()
        if self._deed is not None:
            await self._deed(self.count)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: self.count >= count)


async def test_a_job_runs_again_and_again() -> None:
    runs = Runs()
    with running(Job("tick", OFTEN, runs)) as jobs:
        await runs.until(3)
        assert [(report.name, report.failures, report.error) for report in jobs.reports] == [("tick", 0, "")]


async def test_a_job_does_not_run_before_its_time() -> None:
    seldom, often = Runs(), Runs()
    with running(Job("seldom", NEVER, seldom), Job("often", OFTEN, often)):
        await often.until(3)
    assert seldom.count == 0


async def test_a_failing_job_is_logged_counted_and_shown_and_runs_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(_: int) -> None:
        raise OSError("the disk is full")

    runs = Runs(fail)
    with running(Job("prune", OFTEN, runs)) as jobs:
        await runs.until(3)
        [report] = jobs.reports
        assert report.failures >= 2
        assert report.error == "the disk is full"
    assert "the job 'prune' failed and will run again" in caplog.text


async def test_a_job_that_mends_itself_keeps_its_count_and_loses_its_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail_once(count: int) -> None:
        if count == 1:
            raise RuntimeError

    caplog.set_level(logging.CRITICAL, "pointsman.jobs")
    runs = Runs(fail_once)
    with running(Job("flaky", OFTEN, runs)) as jobs:
        await runs.until(3)
        [report] = jobs.reports
        assert (report.failures, report.error) == (1, "")


async def test_an_error_without_words_is_shown_by_its_name(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_: int) -> None:
        raise RuntimeError

    caplog.set_level(logging.CRITICAL, "pointsman.jobs")
    runs = Runs(fail)
    with running(Job("mute", OFTEN, runs)) as jobs:
        await runs.until(2)
        assert jobs.reports[0].error == "RuntimeError"


async def test_one_failing_job_is_no_other_ones_trouble(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_: int) -> None:
        raise OSError("broken")

    caplog.set_level(logging.CRITICAL, "pointsman.jobs")
    bad, good = Runs(fail), Runs()
    with running(Job("bad", OFTEN, bad), Job("good", OFTEN, good)) as jobs:
        await bad.until(2)
        await good.until(3)
        assert [report.name for report in jobs.reports if report.failures] == ["bad"]


async def test_a_job_never_runs_twice_at_once(caplog: pytest.LogCaptureFixture) -> None:
    release = asyncio.Event()

    async def wait(_: int) -> None:
        await release.wait()

    caplog.set_level(logging.CRITICAL, "apscheduler")
    slow, clock = Runs(wait), Runs()
    with running(Job("slow", OFTEN, slow), Job("clock", OFTEN, clock)):
        await slow.until(1)
        await clock.until(clock.count + 5)
        assert slow.count == 1
        release.set()
        await slow.until(2)


async def test_after_the_clock_was_set_back_a_job_runs_within_its_period() -> None:
    """What a clock set back by a day leaves behind is a plan for tomorrow."""
    runs = Runs()
    with running(Job("tick", 0.05, runs)) as jobs:
        jobs._scheduler.modify_job("tick", next_run_time=datetime.now(UTC) + timedelta(days=1))
        jobs.reschedule()
        await runs.until(2)


async def test_after_a_long_sleep_a_job_runs_once_and_not_once_for_each_run_it_missed() -> None:
    runs, clock = Runs(), Runs()
    with running(Job("hourly", NEVER, runs), Job("clock", OFTEN, clock)) as jobs:
        jobs._scheduler.modify_job("hourly", next_run_time=datetime.now(UTC) - timedelta(hours=24.5))
        await runs.until(1)
        await clock.until(clock.count + 5)
    assert runs.count == 1


async def test_stopping_ends_all_runs() -> None:
    runs = Runs()
    with running(Job("tick", OFTEN, runs)):
        await runs.until(1)
    count = runs.count
    clock = Runs()
    with running(Job("clock", OFTEN, clock)):
        await clock.until(3)
    assert runs.count <= count + 1
