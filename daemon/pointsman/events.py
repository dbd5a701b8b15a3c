"""The bus: what happened, for whoever watches. Events only report, they never steer.

A slow watcher loses its oldest events rather than slowing anyone down, and is told how many.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Happening:
    """`kind` is dotted (`request.done`, `endpoint.found`); `data` is plain JSON and holds no secret."""

    kind: str
    at: float  # wall clock, seconds
    data: Mapping[str, object]


class Watcher:
    """One subscription, ended by leaving it as a context manager. `lost` counts what it was too slow for."""

    def __init__(self, bus: "Bus", depth: int, *, shows_models: bool) -> None:
        self._bus = bus
        self.shows_models = shows_models
        self._queue: deque[Happening] = deque(maxlen=depth)
        self._news = asyncio.Event()
        self.lost = 0

    def push(self, happening: Happening) -> None:
        if len(self._queue) == self._queue.maxlen:
            self.lost += 1
        self._queue.append(happening)
        self._news.set()

    async def next(self, timeout: float | None = None) -> Happening | None:
        """The next happening; None when `timeout` seconds passed without one."""
        try:
            async with asyncio.timeout(timeout):
                while not self._queue:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return None
        return self._queue.popleft()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bus.leave(self)


class Bus:
    def __init__(self, depth: int = 256) -> None:
        self._depth = depth
        self._watchers: set[Watcher] = set()

    def publish(self, kind: str, at: float, /, **data: object) -> None:
        if self._watchers:
            happening = Happening(kind, at, data)
            for watcher in self._watchers:
                watcher.push(happening)

    def watch(self, *, shows_models: bool = True) -> Watcher:
        """Use it as a context manager: `with bus.watch() as watcher`.

        `shows_models`: somebody looks at a list of them, which has to be fresh.
        """
        watcher = Watcher(self, self._depth, shows_models=shows_models)
        self._watchers.add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        self._watchers.discard(watcher)

    @property
    def watchers(self) -> int:
        return len(self._watchers)

    @property
    def models_are_shown(self) -> bool:
        return any(watcher.shows_models for watcher in self._watchers)
