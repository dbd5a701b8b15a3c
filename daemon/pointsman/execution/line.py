"""The line before one engine: who may be asked now, and who waits so that nobody is thrown out.

An engine loads a model when it is first asked for, and puts out another where it holds no more. So one
load runs at a time, none starts while somebody answers whom it may put out, and all who wait for a
model go together once it is there. All of it is synchronous; the clock is passed in.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from types import MappingProxyType
from typing import NamedTuple

from pointsman.calls import Attempt
from pointsman.errors import UpstreamError
from pointsman.execution.pace import Pace
from pointsman.types import Endpoint, Health, Model, ModelState, Priority

MOST_WAITING = 64
STALE = 2.0  # seconds; a look takes less, so that what one sees may be as old as that

_TAKES_ROOM = frozenset({ModelState.LOADED, ModelState.SLEEPING, ModelState.LOADING})


class Wish(NamedTuple):
    """A model's id, and the context in tokens that it must be loaded with; None: whatever it has."""

    model: str
    context: int | None = None


@dataclass(slots=True, eq=False)
class Turn:
    """A request's place in the line, then its leave to be asked. Who has one leaves it on every way out."""

    line: "Line"
    wish: Wish
    priority: Priority
    number: int
    wake: Callable[[], None]  # called when it may go, or is refused
    error: UpstreamError | None = None  # why it is refused
    since: float = 0.0
    alone: bool = False  # with the engine and a loaded model: its times are the model's own

    @property
    def is_loading(self) -> bool:
        """Whether it is the one that makes the engine load its model."""
        return self.line.loader is self

    def loaded(self, *, timed: bool = True) -> None:
        """Its model begins to answer; not `timed`: it answered before anybody knew."""
        self.line.loaded(self, timed=timed)

    def answered(self, attempt: Attempt | None = None) -> None:
        """It had its whole answer; `attempt` tells when each part of it came."""
        self.line.answered(self, attempt)

    def leave(self, error: UpstreamError | None = None) -> None:
        """It is done with the engine; `error`: why it had no answer. The first call counts."""
        self.line.leave(self, error)


class Line:
    """`on_load` is called after every load, however it ended: the engine has changed by then."""

    def __init__(
        self, name: str, now: Callable[[], float], on_load: Callable[[], None], pace: Pace | None = None
    ) -> None:
        self._name = name
        self._now = now
        self._on_load = on_load
        self._numbers = count()
        self._models: Mapping[str, Model] = MappingProxyType({})
        self._told: int | None = None  # how many models it holds, if it says so
        self._holds = 1
        self._there: dict[str, int | None] = {}  # the loaded models, and the context each has
        self._room: set[str] = set()  # models that take up room: loaded, asleep, being loaded
        self._brought: Wish | None = None  # by the last load of ours; None: it failed
        self._brought_at = -math.inf
        self._waiting: list[Turn] = []
        self._going: set[Turn] = set()
        self._loader: Turn | None = None
        self._pace = pace or Pace()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def answering(self) -> set[str]:
        """The models that are asked now."""
        return {turn.wish.model for turn in self._going}

    @property
    def loader(self) -> Turn | None:
        """Whose request makes the engine load a model now."""
        return self._loader

    # -- what happens

    def observe(self, endpoint: Endpoint, models: Iterable[Model]) -> None:
        """What a look at the engine saw. While a load runs only its end is news: the rest is in flux.

        Of an engine whose list does not tell it, the end is known by an answer.
        """
        self._models = MappingProxyType({model.id: model for model in models})
        if endpoint.health is Health.AWAY:
            self._lost(f"{endpoint.id} is away: {endpoint.note or 'it no longer answers'}")
        elif self._loader is not None:
            told = endpoint.tells_loads and self._is_told_of(self._loader.wish)
            if told and self._now() - self._loader.since >= STALE:
                self.loaded(self._loader, timed=False)
        elif not self._is_stale():
            self._take_over(endpoint)
        self._call_next()

    def join(self, wish: Wish, priority: Priority, wake: Callable[[], None]) -> Turn:
        """At the end of the line, or past it at once. When too many wait already, the last is refused."""
        turn = Turn(self, wish, priority, next(self._numbers), wake)
        self._waiting.append(turn)
        self._call_next()
        if len(self._waiting) > MOST_WAITING:
            why = f"{MOST_WAITING} requests wait for {self._name} already"
            self._refuse(why, self._in_order()[-1:])
        return turn

    def loaded(self, turn: Turn, *, timed: bool) -> None:
        """Who waits for what is there now takes the place in line of the one that loaded it.

        `timed`: what it took was the load alone.
        """
        if self._loader is not turn:
            return
        self._loader = None
        model = self._models.get(turn.wish.model)
        self._there[turn.wish.model] = turn.wish.context or (model.context if model else None)
        self._brought, self._brought_at = turn.wish, self._now()
        if timed:
            self._pace.loaded(turn.wish.model, self._now() - turn.since)
        turn.since = self._now()
        self._step_up(turn)
        self._call_next()
        self._on_load()

    def answered(self, turn: Turn, attempt: Attempt | None = None) -> None:
        """Of one that loaded its model until now, the time is not the answer's alone."""
        if turn.alone and attempt is not None:
            self._pace.measured(attempt)
        if self._loader is turn:
            self.loaded(turn, timed=False)
        else:
            self._pace.answered(turn.wish.model, self._now() - turn.since)
        self.leave(turn, None)

    def leave(self, turn: Turn, error: UpstreamError | None) -> None:
        if turn in self._waiting:
            self._waiting.remove(turn)
        self._going.discard(turn)
        was_loading = self._loader is turn
        if was_loading:
            self._load_failed(turn, error)
        self._call_next()
        if was_loading:
            self._on_load()

    def has(self, wish: Wish) -> bool:
        """Whether the model is there, with the context that it is to have."""
        return wish.model in self._there and wish.context in {None, self._there[wish.model]}

    def loads(self, model_id: str) -> bool:
        """Whether the model is being loaded now."""
        return self._loader is not None and self._loader.wish.model == model_id

    def load_seconds(self, model: Model) -> float:
        return self._pace.load(model)

    def wait(self, model_id: str) -> float:
        """Seconds until a new request for a model could go, but for its own load, as far as can be told."""
        model = self._models[model_id]
        before = list(self._loads_before(model_id))
        if model_id in self._there and not any(map(self._puts_out, before)):
            return self._queue(model)
        if self.loads(model_id):
            return self._under_way()
        others = [self._models[wish.model] for wish in before if wish.model in self._models]
        turns = sum(self._pace.load(other) + self._pace.answer(other.id) for other in others)
        return self._under_way() + self._drain(model_id) + turns

    def readiness(self, model_id: str) -> float:
        """Seconds until a new request's model would read its prompt: the wait, and its own load."""
        ready = model_id in self._there or self.loads(model_id)
        return self.wait(model_id) + (0.0 if ready else self._pace.load(self._models[model_id]))

    # -- who goes next

    def _call_next(self) -> None:
        while (turn := self._next()) is not None:
            self._waiting.remove(turn)
            self._going.add(turn)
            turn.since = self._now()
            if not self.has(turn.wish):
                self._begin(turn)
            turn.alone = self._going == {turn} and self._loader is None
            turn.wake()

    def _next(self) -> Turn | None:
        """In order, up to the first that waits for others to be done: nobody may delay it further."""
        for turn in self._in_order():
            if self.has(turn.wish):
                if self._has_slot(turn):
                    return turn
            elif self._loader is None and not (self._going and self._puts_out(turn.wish)):
                return turn
            elif not self._is_loading(turn.wish) and self._puts_out(turn.wish):
                return None
        return None

    def _in_order(self) -> list[Turn]:
        return sorted(self._waiting, key=lambda turn: (turn.priority, turn.number))

    def _has_slot(self, turn: Turn) -> bool:
        """The engine keeps a queue of its own; what is not urgent stays out of it."""
        model = self._models.get(turn.wish.model)
        if turn.priority < Priority.BACKGROUND or model is None or model.slots is None:
            return True
        return self._asked(model.id) < model.slots

    def _puts_out(self, wish: Wish) -> bool:
        """Whether its load may end what is there: another model, or its own with another context."""
        others = (self._room | self.answering) - {wish.model}
        return wish.model in self._there or len(others) >= self._holds

    def _is_loading(self, wish: Wish) -> bool:
        return self._loader is not None and self._loader.wish == wish

    def _begin(self, turn: Turn) -> None:
        """A load that may put others out is taken to do so, until a look sees that they are still there."""
        if self._puts_out(turn.wish):
            self._there.clear()
            self._room.clear()
            self._holds = self._told or 1
        self._room.add(turn.wish.model)
        self._loader = turn

    def _load_failed(self, turn: Turn, error: UpstreamError | None) -> None:
        """Or its client went away, or asked what the model refuses: then the next in line loads it."""
        self._loader = None
        self._brought, self._brought_at = None, self._now()
        self._room.discard(turn.wish.model)
        if error is not None and not _is_the_requests_own(error):
            self._refuse(error.message, [other for other in self._waiting if other.wish == turn.wish])
        self._step_up(turn)

    def _step_up(self, turn: Turn) -> None:
        for other in self._waiting:
            if other.wish == turn.wish or self.has(other.wish):
                other.number = min(other.number, turn.number)

    def _lost(self, why: str) -> None:
        self._there.clear()
        self._room.clear()
        self._refuse(why, list(self._waiting))

    def _refuse(self, why: str, refused: Sequence[Turn]) -> None:
        self._waiting = [turn for turn in self._waiting if turn not in refused]
        for turn in refused:
            turn.error = UpstreamError(why)
            turn.wake()

    # -- what looks tell

    def _is_told_of(self, wish: Wish) -> bool:
        model = self._models.get(wish.model)
        if model is None or model.state is not ModelState.LOADED:
            return False
        return wish.context in {None, model.context}

    def _is_stale(self) -> bool:
        """Begun before our last load had ended, it tells of what that has changed since."""
        fresh = self._brought is not None and self._is_told_of(self._brought)
        return not fresh and self._now() - self._brought_at < STALE

    def _take_over(self, endpoint: Endpoint) -> None:
        self._there = {
            model.id: model.context or self._there.get(model.id)
            for model in self._models.values()
            if model.state is ModelState.LOADED
        }
        self._room = {model.id for model in self._models.values() if model.state in _TAKES_ROOM}
        self._told = endpoint.holds
        self._holds = self._told or max(1, len(self._room))

    # -- how long it takes

    def _loads_before(self, model_id: str) -> Iterator[Wish]:
        """What will be loaded before a new request for this model has its turn."""
        waited_for = dict.fromkeys(turn.wish for turn in self._in_order())
        for wish in waited_for:
            if wish.model == model_id:
                return
            if not self.has(wish) and not self._is_loading(wish):
                yield wish

    def _queue(self, model: Model) -> float:
        """Of an engine that does not say how many it answers at once, it is not made up that it is busy."""
        if model.slots is None:
            return 0.0
        waiting = sum(turn.wish.model == model.id for turn in self._waiting)
        ahead = max(0, self._asked(model.id) + waiting - model.slots + 1)
        return ahead / model.slots * self._pace.answer(model.id)

    def _drain(self, model_id: str) -> float:
        """For those whom its load may put out."""
        answers = map(self._pace.answer, self.answering)
        return max(answers, default=0.0) if self._puts_out(Wish(model_id)) else 0.0

    def _under_way(self) -> float:
        """For the rest of the load that runs."""
        if self._loader is None or (model := self._models.get(self._loader.wish.model)) is None:
            return 0.0
        return max(0.0, self._pace.load(model) - (self._now() - self._loader.since))

    def _asked(self, model_id: str) -> int:
        return sum(turn.wish.model == model_id for turn in self._going)


def _is_the_requests_own(error: UpstreamError) -> bool:
    """What one request is refused for says nothing of the model."""
    return error.upstream_status is not None and 400 <= error.upstream_status < 500
