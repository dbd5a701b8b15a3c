"""The line before an engine: how long a request would wait in it."""

from pointsman.calls import Attempt
from pointsman.money import Usage
from tests.execution.test_line import GB, LOADED, UNLOADED, Engine


def test_the_wait_for_a_model_that_is_being_loaded_is_the_rest_of_its_load() -> None:
    engine = Engine(a=UNLOADED)
    assert (engine.waits("a"), engine.loads_in("a")) == (0, 10)
    engine.change("a", size_bytes=30 * GB)
    assert (engine.waits("a"), engine.loads_in("a")) == (0, 30)
    turn = engine.ask("a")
    engine.clock.now += 20
    assert engine.waits("a") == 10
    turn.loaded()
    assert engine.waits("a") == 0


def test_what_a_load_took_is_remembered() -> None:
    engine = Engine(a=UNLOADED)
    turn = engine.ask("a")
    engine.clock.now += 42
    turn.loaded()
    turn.leave()
    engine.tell(a=LOADED)
    engine.tell(a=UNLOADED)
    assert engine.loads_in("a") == 42


def test_of_a_plain_answer_that_had_to_load_nobody_knows_what_took_how_long() -> None:
    engine = Engine(a=UNLOADED, b=UNLOADED)
    turn = engine.ask("a")
    engine.clock.now += 100
    turn.answered()
    engine.tell(a=LOADED)
    engine.ask("a")
    assert engine.waits("b") == 0
    assert engine.loads_in("a") == 10


def test_the_wait_counts_what_comes_first_and_not_the_load_itself() -> None:
    engine = Engine(a=LOADED, b=UNLOADED, c=UNLOADED)
    turn = engine.ask("a")
    engine.clock.now += 8
    turn.answered()
    assert (engine.waits("a"), engine.waits("b")) == (0, 0)
    engine.ask("a")
    assert (engine.waits("a"), engine.waits("b")) == (0, 8)
    engine.ask("b")
    assert engine.waits("c") == 8 + 10
    assert engine.waits("a") == 8 + 10


def test_a_queue_is_as_long_as_the_slots_make_it() -> None:
    engine = Engine(a=LOADED)
    turn = engine.ask("a")
    engine.clock.now += 6
    turn.answered()
    turns = [engine.ask("a") for _ in range(3)]
    assert engine.waits("a") == 0  # it does not say how many it answers at once
    engine.change("a", slots=2)
    assert engine.waits("a") == 2 * 6 / 2
    for turn in turns:
        turn.leave()
    assert engine.waits("a") == 0


def test_an_answer_that_had_the_engine_to_itself_tells_how_fast_its_model_is() -> None:
    engine = Engine(a=LOADED)
    first = engine.ask("a")
    first.answered(read("a", seconds=10))
    assert engine.pace.seen_reading("engine/a", 1_000) == 10


def test_one_that_had_to_load_or_to_share_the_engine_tells_nothing() -> None:
    engine = Engine(a=LOADED, b=UNLOADED)
    loading = engine.ask("b")
    loading.loaded()
    loading.answered(read("b", seconds=10))
    engine.tell(a=LOADED)
    first, second = engine.ask("a"), engine.ask("a")
    first.leave()
    second.answered(read("a", seconds=10))
    known = [engine.pace.seen_reading(f"engine/{name}", 1_000) for name in "ab"]
    assert known == [0, 0]


def read(name: str, seconds: float) -> Attempt:
    """A prompt of a thousand tokens, and an answer of a second."""
    usage = Usage(1_000, 100)
    began = 1 + seconds
    return Attempt(f"engine/{name}", "engine", "local", 1, first_content=began, ended=began + 1, usage=usage)
