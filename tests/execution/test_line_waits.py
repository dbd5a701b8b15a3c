"""The line before an engine: how long a request would wait in it."""

from tests.execution.test_line import GB, LOADED, UNLOADED, Engine


def test_the_wait_for_an_unloaded_model_is_its_load() -> None:
    engine = Engine(a=UNLOADED)
    assert engine.waits("a") == 10
    engine.change("a", size_bytes=30 * GB)
    assert engine.waits("a") == 30
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
    assert engine.waits("a") == 42


def test_of_a_plain_answer_that_had_to_load_nobody_knows_what_took_how_long() -> None:
    engine = Engine(a=UNLOADED, b=UNLOADED)
    turn = engine.ask("a")
    engine.clock.now += 100
    turn.answered()
    engine.tell(a=LOADED)
    engine.ask("a")
    assert engine.waits("b") == 10
    engine.tell(a=UNLOADED)
    assert engine.waits("a") == 10


def test_the_wait_counts_what_comes_first() -> None:
    engine = Engine(a=LOADED, b=UNLOADED, c=UNLOADED)
    turn = engine.ask("a")
    engine.clock.now += 8
    turn.answered()
    assert (engine.waits("a"), engine.waits("b")) == (0, 10)
    engine.ask("a")
    assert (engine.waits("a"), engine.waits("b")) == (0, 8 + 10)
    engine.ask("b")
    assert engine.waits("c") == 8 + 10 + 10
    assert engine.waits("a") == 8 + 10 + 10


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
