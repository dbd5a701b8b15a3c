"""Long lists are frozen, once each."""

import gc
from collections.abc import Callable, Iterator

import pytest

from pointsman.collector import MANY, Collector
from pointsman.types import Model, Snapshot
from tests.routing.house import endpoint, model


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def listed(place: str, count: int) -> tuple[Model, ...]:
    at = endpoint(place)
    return tuple(model(f"{place}/{number}", endpoint=at) for number in range(count))


class Watched:
    """A collector, and what it has put off."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []
        self.collector = Collector(lambda _, callback: self.due.append(callback))

    def sees(self, *models: Model) -> int:
        """How often it means to act, after a change."""
        self.collector.observe(Snapshot(models=models))
        return len(self.due)


def test_a_long_list_is_frozen_once_whatever_else_changes() -> None:
    watched, cloud, engine = Watched(), listed("cloud", MANY), listed("here", 3)
    assert watched.sees(*engine) == 0
    assert watched.sees(*engine, *cloud) == 1
    assert watched.sees(*listed("here", 2), *cloud) == 1
    assert watched.sees(*cloud) == 1
    assert watched.sees(*listed("cloud", MANY)) == 2, "it is another list"


def test_what_is_frozen_is_looked_through_no_more() -> None:
    watched, cloud = Watched(), listed("cloud", MANY)
    watched.sees(*cloud)
    assert gc.get_freeze_count() == 0
    (freeze,) = watched.due
    freeze()
    assert gc.get_freeze_count() > MANY
