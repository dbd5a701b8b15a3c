"""A ranking: a sequence like any other, of which no more is made than is looked at."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Candidate, Ranking
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
