"""Single flight: work that many ask for and that runs once."""

import asyncio
from collections.abc import Callable, Coroutine


class Flight:
    """Work that runs at most once at a time: who asks while it runs, waits for the same end."""

    def __init__(self, work: Callable[[str], Coroutine[object, object, None]]) -> None:
        self._work = work
        self._again = ""
        self.task: asyncio.Task[None] | None = None
        self.landed = False  # it has ended once

    @property
    def running(self) -> bool:
        return self.task is not None and not self.task.done()

    def start(self, why: str, *, anew: bool = False) -> asyncio.Task[None]:
        """`anew`: what runs already began too early to count; it runs once more after that."""
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._run(why))
        elif anew:
            self._again = why
        return self.task

    async def _run(self, why: str) -> None:
        while why:
            try:
                await self._work(why)
            finally:
                self.landed = True
                why, self._again = self._again, ""
