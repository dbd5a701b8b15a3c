"""Long lists are frozen, once each."""

import gc
import weakref
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


class Held:
    """Of a circle."""

    def __init__(self, circle: list[object]) -> None:
        self.circle = circle


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


def test_what_was_frozen_and_is_garbage_by_now_is_collected_at_the_next_time() -> None:
    watched = Watched()
    watched.sees(*listed("cloud", MANY))
    circle: list[object] = []
    circle.append(circle)
    gone = weakref.finalize(held := Held(circle), lambda: None)
    circle.append(held)
    watched.due[0]()
    del circle, held
    gc.collect()
    assert gone.alive, "it is frozen"
    watched.sees(*listed("cloud", MANY))
    watched.due[1]()
    assert not gone.alive
