"""The line before an engine, held against an engine that throws out what was used least lately."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pointsman.errors import UpstreamError
from pointsman.execution.line import STALE, Line, Turn, Wish
from pointsman.types import Model, ModelState, Priority
from tests.execution.test_line import Clock
from tests.routing.house import endpoint, model

LOADED, UNLOADED = ModelState.LOADED, ModelState.UNLOADED
NAMES = ("a", "b", "c")


class AnyOrder(RuleBasedStateMachine):
    """Whatever comes in whatever order: one load at a time, nobody thrown out, nobody forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.line = Line("engine", self.clock, lambda: None)
        self.calls: list[int] = []  # turns that were called and have not come to the engine yet
        self.turns: dict[int, Turn] = {}
        self.asked: set[int] = set()
        self.loaded: list[str] = []  # what the engine holds, the last used one at the end
        self.loading = ""
        self.look: tuple[float, list[Model]] | None = None

    @initialize(holds=st.integers(1, 2), told=st.booleans(), there=st.sets(st.sampled_from(NAMES)))
    def start(self, holds: int, told: bool, there: set[str]) -> None:
        self.holds = holds
        self.place = endpoint("engine", holds=holds if told else None)
        self.loaded = sorted(there)[:holds]
        self.line.observe(self.place, self.states())

    @rule(name=st.sampled_from(NAMES), priority=st.sampled_from(Priority))
    def ask(self, name: str, priority: Priority) -> None:
        number = len(self.turns)
        self.turns[number] = self.line.join(Wish(name), priority, lambda: self.calls.append(number))
        self.arrive()

    @precondition(lambda self: self.loading)
    @rule(well=st.sampled_from(("well", "badly", "refused", "left")))
    def load_ends(self, well: str) -> None:
        loader, self.loading = self.line.loader, ""
        assert loader is not None
        if well == "well":
            self.loaded.append(loader.wish.model)
            loader.loaded()
        else:
            self.asked -= {number for number in self.asked if self.turns[number] is loader}
            status = {"badly": 500, "refused": 400}.get(well)
            loader.leave(UpstreamError("no", upstream_status=status) if status else None)
        self.arrive()

    @precondition(lambda self: self.turns)
    @rule(data=st.data())
    def somebody_leaves(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.turns)))
        turn = self.turns[number]
        if turn is self.line.loader:
            return
        whole = number in self.asked and data.draw(st.booleans())
        self.asked.discard(number)
        if whole:
            turn.answered()
        else:
            turn.leave()
        self.arrive()

    @rule(seconds=st.sampled_from((0.1, 1.0, 10.0)))
    def time_goes_by(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def look_begins(self) -> None:
        self.look = self.clock.now, self.states()

    @precondition(lambda self: self.look is not None)
    @rule()
    def look_ends(self) -> None:
        assert self.look is not None
        began, seen = self.look
        if self.clock.now - began < STALE:
            self.line.observe(self.place, seen)
            self.arrive()

    @invariant()
    def nobody_is_forgotten(self) -> None:
        assert self.line.answering or not self.line.waiting

    def teardown(self) -> None:
        for turn in self.turns.values():
            turn.leave()
        assert (self.line.waiting, self.line.answering, self.line.loader) == (0, set(), None)

    def arrive(self) -> None:
        """Who was called comes to the engine, in order."""
        for number in self.calls:
            turn = self.turns[number]
            if turn.error is None:
                self.asked.add(number)
                self.use(turn.wish.model)
        self.calls.clear()

    def use(self, name: str) -> None:
        if name in self.loaded:
            self.loaded.remove(name)
            self.loaded.append(name)
        elif name != self.loading:
            assert not self.loading, "two loads at once"
            self.loading = name
            while len(self.loaded) >= self.holds:
                out = self.loaded.pop(0)
                assert out not in {self.turns[number].wish.model for number in self.asked}, "thrown out"

    def states(self) -> list[Model]:
        def state(name: str) -> ModelState:
            return LOADED if name in self.loaded else ModelState.LOADING if name == self.loading else UNLOADED

        return [replace(model(f"engine/{name}"), id=name, state=state(name)) for name in NAMES]


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
