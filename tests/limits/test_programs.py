"""A client may call itself anything: what stays of it has a bound."""

from datetime import UTC

from pointsman.dates import Calendar, Window
from pointsman.funds import Budget, Scope
from pointsman.limits.budget import Budgets
from pointsman.limits.programs import MOST, OTHERS, Programs

DAY = 86_400.0


class Wall:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def programs(wall: Wall, *names: str) -> Programs:
    own = [Budget(name, Window.DAY, 1, scope=Scope("app", name)) for name in names]
    return Programs(Budgets(Calendar(UTC), wall, budgets=own))


def test_of_many_names_on_one_day_so_many_are_told_apart() -> None:
    here = programs(Wall())
    assert len({here.name(f"session-{number}") for number in range(2 * MOST)}) == MOST + 1
    assert here.name("session-0") == "session-0"
    assert here.name("one more") == OTHERS
    assert here.name("") == ""


def test_another_day_tells_others_apart() -> None:
    wall = Wall()
    here = programs(wall)
    for number in range(MOST):
        here.name(f"session-{number}")
    assert here.name("aider") == OTHERS
    wall.now += DAY
    assert here.name("aider") == "aider"


def test_who_has_a_budget_is_held_to_it_however_many_names_there_are() -> None:
    here = programs(Wall(), "aider")
    for number in range(MOST):
        here.name(f"session-{number}")
    assert here.name("aider") == "aider"


def test_a_program_that_rules_were_written_for_is_told_apart_however_many_there_are() -> None:
    here = Programs(Budgets(Calendar(UTC), Wall()), lambda: {"aider"})
    for number in range(MOST):
        here.name(f"session-{number}")
    assert (here.name("aider"), here.name("other")) == ("aider", OTHERS)
