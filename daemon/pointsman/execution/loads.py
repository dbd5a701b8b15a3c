"""Turns at the engines of this machine: a request waits for its own, so that no load ends an answer.

Each local engine has a line (`line.py`); here one waits in it. Models elsewhere are always ready.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from pointsman.calls import Attempt, Candidate, Speed
from pointsman.errors import UpstreamError
from pointsman.execution.line import Line, Turn, Wish
from pointsman.execution.pace import Pace
from pointsman.types import Endpoint, Model, Place, Priority, Snapshot, Tier

LONGEST_WAIT = 20.0  # seconds in line, where another engine or provider may be asked instead
OVERDUE = 10.0  # seconds after which to ask again for a load that takes longer than it should


class Open:
    """The turn at a model that runs elsewhere: there is no line, and its pace is always its own."""

    is_loading = False

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def loaded(self, *, timed: bool = True) -> None:
        pass

    def answered(self, attempt: Attempt | None = None) -> None:
        if attempt is not None:
            self._pace.measured(attempt)

    def leave(self, error: UpstreamError | None = None) -> None:
        pass


class Engine(NamedTuple):
    """Who loads models. At another address it is another, though its user calls it the same."""

    id: str
    place: Place


class Loads:
    """`on_load` is called after every load. `now` is the clock of the deadlines: the loop's, in seconds."""

    def __init__(
        self, now: Callable[[], float], on_load: Callable[[], None], pace: Pace | None = None
    ) -> None:
        self._pace = pace or Pace()
        self._now = now
        self._on_load = on_load
        self._lines: dict[Engine, Line] = {}
        self._models: dict[Engine, list[Model]] = {}  # those that run there
        self._alone: dict[Turn, asyncio.Task[None]] = {}  # loads whose requests went elsewhere

    def observe(self, snapshot: Snapshot) -> None:
        """Called with every change of what is known."""
        self._models = {}
        for model in snapshot.models:
            if model.tier is Tier.LOCAL:
                self._models.setdefault(_engine(model.endpoint), []).append(model)
        for endpoint in snapshot.endpoints:
            engine = _engine(endpoint)
            if engine in self._models or engine in self._lines:
                self._line(engine).observe(endpoint, self._models.get(engine, ()))
        for turn, task in self._alone.items():
            if not turn.is_loading:  # its model is there: nobody wants the answer
                task.cancel()

    @property
    def waiting(self) -> int:
        """Requests in line, at all engines together."""
        return sum(line.waiting for line in self._lines.values())

    def waits(self) -> Mapping[str, float]:
        """Seconds that a new request would wait for its turn, for each model for which it would."""
        return self._told(Line.wait)

    def readiness(self) -> Mapping[str, float]:
        """Seconds until a new request's model would read its prompt: the wait, and its load."""
        return self._told(Line.readiness)

    def _told(self, seconds: Callable[[Line, str], float]) -> Mapping[str, float]:
        found = {
            model.id: seconds(self._line(engine), model.id)
            for engine, models in self._models.items()
            for model in models
        }
        return {model_id: told for model_id, told in found.items() if told}

    @property
    def paces(self) -> Mapping[str, Speed]:
        """How quick models were seen to be, by model."""
        return self._pace.seen

    def has(self, candidate: Candidate) -> bool:
        """Whether it can be asked without a load, as far as is known."""
        model = candidate.model
        wish = Wish(model.id, candidate.context)
        return model.tier is not Tier.LOCAL or self._line(_engine(model.endpoint)).has(wish)

    def expected(self, model: Model) -> float:
        """Seconds that a load of it takes."""
        return self._line(_engine(model.endpoint)).load_seconds(model)

    def reading(self, model: Model, tokens: int) -> float:
        """Seconds that it takes to read a prompt; 0 while none was seen."""
        return self._pace.seen_reading(model.id, tokens)

    def rest(self, model: Model) -> float | None:
        """Seconds until a model is there that is being loaded; None: it is not."""
        if model.tier is not Tier.LOCAL or not self._line(_engine(model.endpoint)).loads(model.id):
            return None
        return max(self._line(_engine(model.endpoint)).wait(model.id), OVERDUE)

    def see_through(self, turn: Turn, opening: asyncio.Task[None], hang_up: Callable[[], None]) -> None:
        """Lets a load go on whose request went elsewhere: until its model is there, or has failed."""
        self._alone[turn] = asyncio.create_task(_ended(turn, opening, hang_up))
        self._alone[turn].add_done_callback(lambda _: self._alone.pop(turn))

    def close(self) -> None:
        """Gives up the loads that nobody waits for."""
        for task in self._alone.values():
            task.cancel()

    async def turn(
        self, candidate: Candidate, priority: Priority, until: float, *, patient: bool = True
    ) -> Turn | Open:
        """Waits in line for leave to ask a candidate. Not `patient`: others may be asked instead.

        Raises UpstreamError, which says why it does not come.
        """
        model = candidate.model
        if model.tier is not Tier.LOCAL:
            return Open(self._pace)
        began = self._now()
        until = until if patient else min(until, began + LONGEST_WAIT)
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        wish = Wish(model.id, candidate.context)
        turn = self._line(_engine(model.endpoint)).join(wish, priority, partial(_call, called))
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

    def _line(self, engine: Engine) -> Line:
        if engine not in self._lines:
            self._lines[engine] = Line(engine.id, self._now, self._on_load, self._pace)
        return self._lines[engine]


def _engine(endpoint: Endpoint) -> Engine:
    return Engine(endpoint.id, endpoint.place)


async def _ended(turn: Turn, opening: asyncio.Task[None], hang_up: Callable[[], None]) -> None:
    try:
        await opening
        turn.loaded(timed=False)
    except UpstreamError as error:
        turn.leave(error)
    finally:
        hang_up()


def _call(called: asyncio.Future[None]) -> None:
    if not called.done():  # its request may have been given up just now
        called.set_result(None)


async def _within(until: float, called: asyncio.Future[None]) -> None:
    if not called.done():
        async with asyncio.timeout_at(until):
            await called
