"""Background jobs: a table of (name, period, what to do) on APScheduler.

A job that fails is logged, counted and shown, and runs again. None runs twice at once, none is lost
because it came late: APScheduler's own defaults drop a run that is a second late.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every: float  # seconds
    run: Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Report:
    """How a job, or whatever else is done again and again, has fared since the start."""

    name: str
    failures: int = 0
    error: str = ""  # of its last run; empty: it ended well


class Jobs:
    def __init__(self, table: tuple[Job, ...]) -> None:
        self._table = table
        self._reports = {job.name: Report(job.name) for job in table}
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    @property
    def reports(self) -> list[Report]:
        return list(self._reports.values())

    def start(self) -> None:
        for job in self._table:
            self._scheduler.add_job(
                self._run,
                "interval",
                (job,),
                id=job.name,
                seconds=job.every,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    def reschedule(self) -> None:
        """After a jump of the wall clock, by which APScheduler plans: set back, it would wait it out."""
        for job in self._table:
            self._scheduler.modify_job(
                job.name, next_run_time=datetime.now(UTC) + timedelta(seconds=job.every)
            )

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    async def _run(self, job: Job) -> None:
        report = self._reports[job.name]
        try:
            await job.run()
            report.error = ""
        except Exception as error:
            report.failures += 1
            report.error = str(error) or type(error).__name__
            log.exception("the job %r failed and will run again", job.name)
