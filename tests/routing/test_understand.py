"""What is read from the words is not main's, and takes nothing back of what is said beside them."""

from dataclasses import replace
from typing import Any

import pytest

from pointsman.calls import Call, CallKind, Hints, Task, Wanted
from pointsman.profiles import MAIN, AppRules, Role
from pointsman.routing.names import Names
from pointsman.routing.understand import understand
from pointsman.types import Grade, TaskKind, Tier
from tests.routing.house import model, snapshot

NOTHING = Names()
HERE = snapshot(model("local/tiny"), model("local/large"), model("pay/large", tier=Tier.PAID))


def behind(asked: str = "auto", names: Names = NOTHING, **hints: Any) -> tuple[Wanted, Task]:
    """What is made of a call that is about something nobody waits for."""
    hints = {"kind": TaskKind.BACKGROUND, **hints}
    call = Call(CallKind.CHAT, "openai.chat", asked, {}, 0, hints=Hints(**hints))
    return understand(call, names, HERE, "aider")


def test_background_work_is_not_mains() -> None:
    names = Names(aliases={MAIN: "pay/large"})
    wanted, task = behind(names=names)
    assert (wanted.role, wanted.floor, wanted.is_minor) == ("background", Grade.SIMPLE, True)
    assert (wanted.chosen, wanted.avoids) == (True, frozenset({"pay/large"}))
    assert behind("auto", names) == (wanted, task)
    assert behind("memory", names)[0].role == "memory"
    assert behind("pay/large", names)[0].models == ("pay/large",)


@pytest.mark.parametrize("floor", Grade)
def test_a_floor_that_is_said_holds_in_the_background_too(floor: Grade) -> None:
    assert behind(floor=floor)[0].floor is floor
    ruled, _ = behind(names=Names(apps={"aider": AppRules(floor=floor)}))
    assert ruled.floor is floor


def test_so_does_the_grade_of_a_model_by_whose_name_the_choice_is_left_to_us() -> None:
    wanted, _ = behind("claude-opus-4", Names(aliases={"claude-*": "auto"}))
    assert (wanted.role, wanted.floor) == ("background", Grade.REASONING)


def test_background_has_the_profile_that_is_said_or_its_own_and_not_mains() -> None:
    own = Names(roles={MAIN: Role(MAIN, profile="premium"), "background": Role("background", profile="eco")})
    assert behind(names=own)[0].profile.name == "eco"
    assert behind("auto:balanced", own)[0].profile.name == "balanced"
    assert behind(names=own, profile="balanced")[0].profile.name == "balanced"
    ruled = replace(own, apps={"aider": AppRules(profile="balanced")})
    assert behind(names=ruled)[0].profile.name == "balanced"


def test_who_says_that_it_is_mains_is_believed() -> None:
    assert behind(role=MAIN)[0].role == MAIN
    assert behind(MAIN)[0].role == MAIN
