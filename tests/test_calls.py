"""A ranking is read as a list is, and made no further than somebody looks; and words for people."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Candidate, Parked, Ranking, lasting, some
from tests.routing.house import model


class Making:
    """A ranking, and how many of its candidates were made."""

    def __init__(self, length: int) -> None:
        self.made = 0
        self.ranking = Ranking(length, self._make(length))

    def _make(self, length: int) -> Iterator[Candidate]:
        for number in range(length):
            self.made += 1
            yield named(number)


def named(number: int) -> Candidate:
    return Candidate(model(f"a/{number}"), "ladder:local")


indices = st.integers(-9, 9)


@given(st.integers(0, 7), st.lists(st.builds(slice, indices | st.none(), indices | st.none())))
def test_it_is_read_as_a_list_is(length: int, slices: list[slice]) -> None:
    ranking, usual = Making(length).ranking, [named(number) for number in range(length)]
    assert [list(ranking[one]) for one in slices] == [usual[one] for one in slices]
    assert (len(ranking), bool(ranking)) == (length, bool(usual))
    assert ranking == usual
    assert [ranking[place] for place in range(-length, length)] == usual + usual
    for place in (length, -length - 1):
        with pytest.raises(IndexError):
            ranking[place]


def test_no_more_is_made_than_is_looked_at() -> None:
    making = Making(1_000)
    assert making.ranking
    assert making.made == 0
    assert making.ranking[0] == named(0)
    assert len(making.ranking[:3]) == making.made == 3
    assert next(iter(making.ranking)) == named(0)
    assert making.made == 3


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "a moment"), (0.4, "a moment"), (43.2, "43 s"), (120, "120 s"), (121, "3 min"), (600.1, "10 min")]
    + [(3_541, "1 h 0 min"), (15_015, "4 h 11 min"), (86_400, "24 h 0 min")],
)
def test_a_long_wait_is_told_in_hours_and_minutes(seconds: float, words: str) -> None:
    assert lasting(seconds) == words
    assert Parked(seconds + 7, "it is late").words(7) == f"parked for {words} more: it is late"


def test_of_many_the_first_three_are_named() -> None:
    assert [some("a"), some("abc"), some("abcde")] == ["a", "a, b, c", "a, b, c and 2 more"]
