"""The line before an engine: who is called, in which order, and how long it takes."""

from dataclasses import replace

from pointsman.errors import UpstreamError
from pointsman.execution.line import MOST_WAITING, STALE, Line, Turn, Wish
from pointsman.execution.pace import Pace
from pointsman.types import Health, ModelState, Priority
from tests.routing.house import endpoint, model

LOADED, UNLOADED = ModelState.LOADED, ModelState.UNLOADED
GB = 1_000_000_000


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Engine:
    """A line, who was called in it, and the engine that it is about."""

    def __init__(self, holds: int | None = 1, /, **states: ModelState) -> None:
        self.clock = Clock()
        self.looks = 0
        self.pace = Pace()
        self.line = Line("engine", self.clock, self._look, self.pace)
        self.called: list[str] = []
        self.holds = holds
        self.models = {name: model(f"engine/{name}", state=state) for name, state in states.items()}
        self.tell()

    def _look(self) -> None:
        self.looks += 1

    def tell(self, health: Health = Health.UP, *, tells_loads: bool = True, **changes: ModelState) -> None:
        """A look sees these states, well after the last load."""
        self.clock.now += STALE
        self.models |= {name: replace(self.models[name], state=state) for name, state in changes.items()}
        seen = endpoint("engine", holds=self.holds, health=health, tells_loads=tells_loads)
        self.line.observe(seen, self.models.values())

    def change(self, name: str, **facts: object) -> None:
        self.models[name] = replace(self.models[name], **facts)  # type: ignore[arg-type]
        self.tell()

    def ask(self, name: str, context: int | None = None, priority: Priority = Priority.NORMAL) -> Turn:
        wish = Wish(f"engine/{name}", context)
        return self.line.join(wish, priority, lambda: self.called.append(name))

    def loads_in(self, name: str) -> float:
        return self.line.load_seconds(self.models[name])

    def waits(self, name: str) -> float:
        return self.line.wait(f"engine/{name}")


def test_who_asks_for_what_is_loaded_goes_at_once() -> None:
    engine = Engine(a=LOADED)
    engine.ask("a"), engine.ask("a")
    assert engine.called == ["a", "a"]


def test_the_first_request_is_the_load_and_the_others_follow_together() -> None:
    engine = Engine(a=UNLOADED)
    first = engine.ask("a")
    engine.ask("a"), engine.ask("a")
    assert (engine.called, first.is_loading) == (["a"], True)
    first.loaded()
    assert (engine.called, first.is_loading) == (["a", "a", "a"], False)
    assert engine.looks == 1


def test_a_load_waits_for_those_whom_it_may_put_out() -> None:
    engine = Engine(a=LOADED, b=UNLOADED)
    one, two = engine.ask("a"), engine.ask("a")
    engine.ask("b")
    one.leave()
    assert engine.called == ["a", "a"]
    two.leave()
    assert engine.called == ["a", "a", "b"]


def test_where_there_is_room_a_load_waits_for_nobody() -> None:
    engine = Engine(2, a=LOADED, b=UNLOADED, c=UNLOADED)
    first = engine.ask("a")
    engine.ask("b").loaded()
    engine.ask("a")
    engine.ask("c")
    assert engine.called == ["a", "b", "a"]
    assert engine.line.answering == {"engine/a", "engine/b"}
    first.leave()
    assert engine.called == ["a", "b", "a"]


def test_what_is_seen_loaded_side_by_side_shows_how_many_it_holds() -> None:
    engine = Engine(None, a=LOADED, b=LOADED, c=UNLOADED)
    engine.ask("a"), engine.ask("b"), engine.ask("c")
    assert engine.called == ["a", "b"]


def test_what_an_engine_held_before_a_load_is_no_promise_for_what_it_holds_after() -> None:
    """It may have put out both for the larger one, and put that out for the next."""
    engine = Engine(None, a=LOADED, b=LOADED, large=UNLOADED, d=UNLOADED)
    large = engine.ask("large")
    large.loaded()
    engine.ask("d")
    assert engine.called == ["large"]
    engine.tell(large=LOADED, b=UNLOADED)
    assert engine.called == ["large"]
    large.leave()
    assert engine.called == ["large", "d"]


def test_one_load_runs_at_a_time_even_where_there_is_room_for_both() -> None:
    engine = Engine(2, a=UNLOADED, b=UNLOADED)
    first = engine.ask("a")
    engine.ask("b")
    assert engine.called == ["a"]
    first.loaded()
    assert engine.called == ["a", "b"]


def test_nobody_overtakes_who_waits_for_a_load_but_those_of_its_batch() -> None:
    engine = Engine(a=UNLOADED, b=UNLOADED)
    first = engine.ask("a")
    engine.ask("b")
    batch = engine.ask("a")
    first.loaded()
    engine.ask("a")
    assert engine.called == ["a", "a"]
    first.leave()
    batch.leave()
    assert engine.called == ["a", "a", "b"]


def test_what_is_urgent_is_loaded_first_and_what_is_not_is_loaded_last() -> None:
    engine = Engine(a=LOADED, b=UNLOADED, c=UNLOADED, d=UNLOADED)
    now = engine.ask("a")
    engine.ask("b", priority=Priority.BACKGROUND)
    normal = engine.ask("c")
    critical = engine.ask("d", priority=Priority.CRITICAL)
    for turn in (now, critical, normal):
        turn.leave()
    assert engine.called == ["a", "d", "c", "b"]


def test_what_is_not_urgent_delays_nobody_who_is() -> None:
    engine = Engine(a=LOADED, b=UNLOADED)
    engine.ask("a")
    engine.ask("b", priority=Priority.BACKGROUND)
    engine.ask("a")
    assert engine.called == ["a", "a"]


def test_what_is_not_urgent_waits_while_all_slots_are_taken() -> None:
    engine = Engine(a=LOADED)
    engine.change("a", slots=1)
    first = engine.ask("a")
    engine.ask("a", priority=Priority.BACKGROUND)
    second = engine.ask("a")
    assert engine.line.waiting == 1
    first.leave()
    assert engine.line.waiting == 1
    second.leave()
    assert engine.line.waiting == 0


def test_a_load_that_fails_fails_for_all_who_wait_for_it_and_for_nobody_else() -> None:
    engine = Engine(a=UNLOADED, b=UNLOADED)
    first, second, other = engine.ask("a"), engine.ask("a"), engine.ask("b")
    first.leave(UpstreamError("it answered 500: no memory", upstream_status=500))
    assert str(second.error) == "it answered 500: no memory"
    assert other.error is None
    assert engine.called == ["a", "a", "b"]
    assert other.is_loading


def test_a_request_that_is_refused_for_its_own_fault_says_nothing_of_the_load() -> None:
    engine = Engine(a=UNLOADED)
    first, second = engine.ask("a"), engine.ask("a")
    first.leave(UpstreamError("it answered 400: what?", upstream_status=400))
    assert (second.error, second.is_loading) == (None, True)


def test_when_the_loader_leaves_the_next_for_its_model_loads() -> None:
    engine = Engine(a=UNLOADED, b=UNLOADED)
    first = engine.ask("a")
    engine.ask("b")
    second = engine.ask("a")
    first.leave()
    assert second.is_loading


def test_a_larger_context_is_a_load_which_waits_for_the_models_own_answers() -> None:
    engine = Engine(a=LOADED)
    engine.change("a", context=4096)
    small, same = engine.ask("a"), engine.ask("a", 4096)
    large = engine.ask("a", 8192)
    small.leave()
    assert engine.called == ["a", "a"]
    same.leave()
    assert engine.called == ["a", "a", "a"]
    large.loaded()
    engine.ask("a", 8192)
    assert engine.line.waiting == 0


def test_a_model_that_others_load_is_joined_once() -> None:
    engine = Engine(a=ModelState.LOADING)
    first, second = engine.ask("a"), engine.ask("a")
    assert (first.is_loading, engine.called) == (True, ["a"])
    engine.tell(a=LOADED)
    assert (second.error, engine.called) == (None, ["a", "a"])


def test_what_sleeps_wakes_beside_those_who_answer() -> None:
    engine = Engine(None, a=ModelState.SLEEPING, b=LOADED)
    engine.ask("b"), engine.ask("a")
    assert engine.called == ["b", "a"]


def test_a_look_begun_before_the_load_ended_is_not_believed() -> None:
    engine = Engine(a=LOADED, b=UNLOADED)
    turn = engine.ask("b")
    turn.loaded()
    engine.line.observe(endpoint("engine", holds=1), engine.models.values())  # it saw a, and not b
    engine.ask("a")
    assert engine.called == ["b"]
    turn.leave()
    assert engine.called == ["b", "a"]


def test_who_answers_is_not_put_out_though_a_look_does_not_see_it_there() -> None:
    engine = Engine(a=LOADED, b=UNLOADED)
    answering = engine.ask("a")
    engine.tell(a=UNLOADED)
    engine.ask("b")
    assert engine.called == ["a"]
    answering.leave()
    assert engine.called == ["a", "b"]


def test_what_failed_to_load_takes_no_room() -> None:
    engine = Engine(2, a=LOADED, b=UNLOADED, c=UNLOADED)
    engine.ask("a")
    engine.ask("b").leave(UpstreamError("it has no memory for it"))
    engine.ask("c")
    assert engine.called == ["a", "b", "c"]


def test_who_can_do_with_what_was_loaded_for_another_goes_with_it() -> None:
    engine = Engine(a=UNLOADED, b=UNLOADED)
    first = engine.ask("a", 8_192)
    engine.ask("b"), engine.ask("a")
    first.loaded()
    assert engine.called == ["a", "a"]


def test_a_load_is_over_when_a_look_sees_the_context_that_was_asked_for() -> None:
    engine = Engine(a=LOADED)
    engine.change("a", context=4_096)
    larger = engine.ask("a", 8_192)
    engine.tell(a=LOADED)
    assert larger.is_loading
    engine.change("a", context=8_192)
    assert not larger.is_loading


def test_who_lists_what_is_only_being_loaded_is_believed_when_it_answers() -> None:
    engine = Engine(a=UNLOADED)
    first = engine.ask("a")
    engine.tell(a=LOADED, tells_loads=False)
    assert first.is_loading
    first.loaded()
    assert not first.is_loading


def test_a_look_begun_before_the_load_did_not_see_its_end() -> None:
    engine = Engine(a=LOADED, b=UNLOADED)
    other = engine.ask("b")
    other.loaded()
    other.leave()
    back = engine.ask("a")
    engine.line.observe(endpoint("engine", holds=1), engine.models.values())  # a is loaded, it says
    assert back.is_loading
    engine.tell()
    assert not back.is_loading


def test_a_look_begun_before_a_load_failed_is_not_believed() -> None:
    engine = Engine(a=LOADED, b=UNLOADED)
    engine.ask("b").leave(UpstreamError("it has no memory for it"))
    engine.line.observe(endpoint("engine", holds=1), engine.models.values())  # a is still loaded, it says
    assert engine.ask("a").is_loading


def test_a_look_that_sees_what_was_just_loaded_is_believed_at_once() -> None:
    engine = Engine(None, a=LOADED, b=UNLOADED)
    engine.ask("b").loaded()
    engine.models["b"] = replace(engine.models["b"], state=LOADED)
    engine.line.observe(endpoint("engine"), engine.models.values())
    engine.ask("a")
    assert engine.called == ["b", "a"]


def test_the_context_of_a_load_is_remembered_for_an_engine_that_does_not_tell_it() -> None:
    engine = Engine(a=UNLOADED)
    first = engine.ask("a", 8_192)
    first.loaded()
    engine.tell(a=LOADED)
    engine.ask("a", 8_192)
    assert engine.called == ["a", "a"]


def test_an_engine_that_is_away_has_no_line() -> None:
    engine = Engine(a=UNLOADED)
    loader, waiting = engine.ask("a"), engine.ask("a")
    engine.line.observe(endpoint("engine", health=Health.AWAY, note="it can't be reached"), [])
    assert str(waiting.error) == "engine is away: it can't be reached"
    loader.leave(UpstreamError("it can't be reached"))
    assert (engine.line.waiting, engine.line.answering, engine.line.loader) == (0, set(), None)


def test_a_line_that_is_full_turns_the_next_away() -> None:
    engine = Engine(a=UNLOADED, b=LOADED)
    first = engine.ask("a")
    waiting = [engine.ask("a") for _ in range(MOST_WAITING)]
    assert "64 requests wait for engine already" in str(engine.ask("a").error)
    waiting[0].leave()
    engine.ask("a")
    first.loaded()
    assert len(engine.called) == MOST_WAITING + 2  # one of them to be told so


def test_what_is_urgent_finds_a_place_in_a_line_that_is_full_of_what_is_not() -> None:
    engine = Engine(a=UNLOADED, b=LOADED)
    engine.ask("b")
    later = [engine.ask("a", priority=Priority.BACKGROUND) for _ in range(MOST_WAITING)]
    urgent = engine.ask("a")
    assert urgent.error is None
    assert [turn.error is None for turn in later] == [True] * (MOST_WAITING - 1) + [False]
    assert engine.called[1:] == ["a"]  # to be told so
    assert engine.line.waiting == MOST_WAITING


def test_leaving_twice_is_leaving_once() -> None:
    engine = Engine(a=LOADED, b=UNLOADED)
    one = engine.ask("a")
    engine.ask("a")
    engine.ask("b")
    one.leave()
    one.leave()
    assert engine.called == ["a", "a"]
