"""Turns at the engines of this machine: a request waits for its own, so that no load ends an answer.

Each local engine has a line (`line.py`); here one waits in it. Models elsewhere are always ready.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from pointsman.errors import UpstreamError
from pointsman.execution.line import Line, Turn, Wish
from pointsman.types import Candidate, Model, Priority, Snapshot, Tier

LONGEST_WAIT = 20.0  # seconds in line, where another engine or provider may be asked instead


class Open:
    """The turn at a model that runs elsewhere: there is no line."""

    is_loading = False

    def loaded(self, *, timed: bool = True) -> None:
        pass

    def answered(self) -> None:
        pass

    def leave(self, error: UpstreamError | None = None) -> None:
        pass


class Loads:
    """`on_load` is called after every load. `now` is the clock of the deadlines: the loop's, in seconds."""

    def __init__(self, now: Callable[[], float], on_load: Callable[[], None]) -> None:
        self._now = now
        self._on_load = on_load
        self._lines: dict[str, Line] = {}
        self._models: dict[str, list[Model]] = {}  # by endpoint; those that run there

    def observe(self, snapshot: Snapshot) -> None:
        """Called with every change of what is known."""
        self._models = {}
        for model in snapshot.models:
            if model.tier is Tier.LOCAL:
                self._models.setdefault(model.endpoint.id, []).append(model)
        for endpoint in snapshot.endpoints:
            if endpoint.id in self._models or endpoint.id in self._lines:
                self._line(endpoint.id).observe(endpoint, self._models.get(endpoint.id, ()))

    @property
    def waiting(self) -> int:
        """Requests in line, at all engines together."""
        return sum(line.waiting for line in self._lines.values())

    def waits(self) -> Mapping[str, float]:
        """Seconds that a new request would wait, for each model for which it would."""
        found = {
            model.id: self._line(endpoint_id).wait(model.id)
            for endpoint_id, models in self._models.items()
            for model in models
        }
        return {model_id: seconds for model_id, seconds in found.items() if seconds}

    async def turn(
        self, candidate: Candidate, priority: Priority, until: float, *, patient: bool = True
    ) -> Turn | Open:
        """Waits in line for leave to ask a candidate. Not `patient`: others may be asked instead.

        Raises UpstreamError, which says why it does not come.
        """
        model = candidate.model
        if model.tier is not Tier.LOCAL:
            return Open()
        began = self._now()
        until = until if patient else min(until, began + LONGEST_WAIT)
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        wish = Wish(model.id, candidate.context)
        turn = self._line(model.endpoint.id).join(wish, priority, partial(_call, called))
        try:
            await _within(until, called)
        except TimeoutError:
            turn.leave()
            waited = self._now() - began
            raise UpstreamError(f"its turn at {model.endpoint.id} did not come in {waited:.0f} s") from None
        except BaseException:
            turn.leave()
            raise
        if turn.error:
            raise turn.error
        return turn

    def _line(self, endpoint_id: str) -> Line:
        if endpoint_id not in self._lines:
            self._lines[endpoint_id] = Line(endpoint_id, self._now, self._on_load)
        return self._lines[endpoint_id]


def _call(called: asyncio.Future[None]) -> None:
    if not called.done():  # its request may have been given up just now
        called.set_result(None)


async def _within(until: float, called: asyncio.Future[None]) -> None:
    if not called.done():
        async with asyncio.timeout_at(until):
            await called
