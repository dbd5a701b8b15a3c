"""How fast a model reads and writes: as measured, and a guess where nothing was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Attempt, Speed
from pointsman.execution.pace import Pace
from pointsman.money import Usage
from tests.routing.house import model

ID = "engine/big"
BIG = model(ID, parameters=8_000_000_000, size_bytes=5_000_000_000)


def attempt(
    read: int = 1_000, wrote: int = 100, *, reading: float = 10, writing: float = 5, cached: int = 0
) -> Attempt:
    """One that was made three seconds after its request came in."""
    began = 3 + reading
    usage = Usage(read, wrote, cache_read=cached)
    return Attempt(ID, "engine", "local", 3, first_content=began, ended=began + writing, usage=usage)


def taught(*attempts: Attempt) -> Pace:
    pace = Pace()
    for each in attempts:
        pace.measured(each)
    return pace


def test_what_was_never_seen_is_guessed_from_its_size() -> None:
    pace = Pace()
    assert (pace.reading(BIG, 1_000), pace.writing(BIG, 1_000)) == (50, 200)
    unknown = model(ID)
    assert (pace.reading(unknown, 1_000), pace.writing(unknown, 1_000)) == (50, 192)
    assert pace.reading(model(ID, size_bytes=2_400_000_000), 1_000) == pytest.approx(25)


def test_a_guess_makes_nobody_wait_elsewhere() -> None:
    assert Pace().seen_reading(ID, 1_000) == 0
    assert taught(attempt(1_000, reading=10)).seen_reading(ID, 2_000) == 20


def test_a_whole_answer_tells_how_fast_it_was_read_and_written() -> None:
    pace = taught(attempt(1_000, 100, reading=2, writing=4))
    assert (pace.reading(BIG, 3_000), pace.writing(BIG, 50)) == (6, 2)


def test_what_came_from_a_cache_was_not_read() -> None:
    assert taught(attempt(10_000, cached=9_000, reading=2)).reading(BIG, 1_000) == 2


@pytest.mark.parametrize(
    "nothing",
    [
        attempt(499),
        attempt(10_000, cached=9_900),
        attempt(10, cached=1_000),
        attempt(writing=0.0),  # a plain one
        Attempt(ID, "engine", "local", 3),
        Attempt(ID, "engine", "local", 3, usage=Usage(1_000, 100), ended=9),
        Attempt(ID, "engine", "local", 3, usage=Usage(1_000, estimated=True), first_content=9, ended=19),
    ],
)
def test_what_tells_nothing_of_reading_is_left_out(nothing: Attempt) -> None:
    assert taught(nothing).reading(BIG, 1_000) == 50


def test_a_short_answer_tells_nothing_of_writing() -> None:
    assert taught(attempt(wrote=49)).writing(BIG, 1_000) == 200


def test_many_answers_from_a_cache_that_nobody_tells_of_change_little() -> None:
    slow, quick = attempt(10_000, reading=100), attempt(10_000, reading=0.5)
    known = taught(slow, *[quick] * 20).reading(BIG, 10_000)
    assert 60 < known < 100


def test_one_that_is_slower_counts_at_once() -> None:
    quick, slow = attempt(1_000, reading=1), attempt(1_000, reading=100)
    assert taught(quick, slow).reading(BIG, 1_000) == 50.5


def test_what_was_measured_before_a_restart_is_taken_over() -> None:
    pace = Pace()
    pace.remember({ID: 0.1}, {ID: 10.0, "engine/still": 0.0})
    assert (pace.reading(BIG, 1_000), pace.writing(BIG, 1_000)) == (100, 100)
    assert pace.writing(model("engine/still", size_bytes=5_000_000_000), 1_000) == 200


@given(st.lists(st.tuples(st.integers(0, 10**15), st.floats(0, 1_000)), max_size=20))
def test_whatever_an_engine_claims_the_pace_stays_between_what_was_seen(
    seen: list[tuple[int, float]],
) -> None:
    pace = taught(*(attempt(read, reading=seconds) for read, seconds in seen))
    paces = [seconds / read for read, seconds in seen if read >= 500] or [50 / 1_000]
    slack = 1e-9
    assert min(paces) - slack <= pace.reading(BIG, 1_000) / 1_000 <= max(paces) + slack


def test_what_was_seen_is_told_and_what_is_told_does_not_change() -> None:
    pace = Pace()
    before = pace.seen
    pace.measured(attempt(reading=10, writing=5))
    pace.loaded(ID, 7.0)
    pace.remember({"other": 0.25}, {"other": 4.0})
    assert before == {}
    assert pace.seen == {ID: Speed(0.01, 0.05, 7.0), "other": Speed(0.25, 0.25)}
