"""A decision in a conversation that a model has answered in before."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Outlook, Parked, Task, Wanted
from pointsman.modes import Mode
from pointsman.profiles import PROFILES, Profile
from pointsman.routing.policy import decide
from pointsman.types import Grade, Health, Model, ModelState, Snapshot, Tier
from tests.routing.house import endpoint, model, outlooks, snapshot, snapshots, task, tasks

AUTO = Wanted("auto", chosen=True)
BETTER = model("a/better", parameters=70 * 10**9, grade=Grade.GENERATION)
KEPT = model("b/kept", tier=Tier.FREE, grade=Grade.ROUTINE)
OTHER = model("c/other", tier=Tier.FREE, grade=Grade.ROUTINE)


def order(
    *models: Model, wanted: Wanted = AUTO, outlook: Outlook | None = None, **facts: Any
) -> list[tuple[str, str]]:
    """The candidates for a task of these facts, and why each comes where it does."""
    asked = task(stays_with=KEPT.id, **facts)
    decision = decide("d", wanted, asked, snapshot(*models), outlook or Outlook())
    return [(one.model.id, one.reason) for one in decision.candidates]


def prefers(*ids: str) -> Wanted:
    return replace(AUTO, preferred=ids, preferred_by="task:code")


def test_it_stays_though_another_is_better_and_on_a_lower_rung() -> None:
    assert order(BETTER, KEPT) == [("b/kept", "sticky"), ("a/better", "ladder:local")]


@pytest.mark.parametrize(
    ("facts", "outlook"),
    [
        ({"mode": Mode.LOCAL_ONLY}, Outlook()),
        ({}, Outlook(parked={KEPT.id: Parked(60.0, "it answered 429")})),
    ],
    ids=["by a rule", "parked"],
)
@pytest.mark.parametrize("inside", [True, False], ids=["inside a tool loop", "outside"])
def test_it_is_left_when_it_is_excluded(facts: dict[str, Any], outlook: Outlook, inside: bool) -> None:
    assert order(BETTER, KEPT, outlook=outlook, in_tool_loop=inside, **facts) == [
        ("a/better", "ladder:local")
    ]


def test_it_is_left_when_a_higher_grade_is_needed() -> None:
    assert order(BETTER, KEPT, grade=Grade.GENERATION)[0] == ("a/better", "ladder:local")
    eco = replace(AUTO, profile=PROFILES["eco"])
    assert order(BETTER, KEPT, wanted=eco, grade=Grade.GENERATION)[0] == ("b/kept", "sticky")


def test_it_stays_when_a_higher_grade_is_needed_and_nobody_has_it() -> None:
    assert order(KEPT, OTHER, grade=Grade.REASONING)[0] == ("b/kept", "sticky")


def test_it_is_left_when_it_only_stood_in() -> None:
    here = Profile("here", (Tier.LOCAL,))
    wanted = replace(AUTO, profile=here, fallback=(KEPT.id,), fallback_by="here")
    expected = [("a/better", "ladder:local"), ("b/kept", "fallback:here")]
    assert order(BETTER, KEPT, wanted=wanted) == expected
    assert order(BETTER, KEPT, wanted=wanted, in_tool_loop=True)[0] == ("b/kept", "sticky")


def test_it_is_left_for_another_that_is_preferred() -> None:
    assert order(BETTER, KEPT, OTHER, wanted=prefers("c/other")) == [
        ("c/other", "task:code"),
        ("b/kept", "sticky"),
        ("a/better", "ladder:local"),
    ]


def test_it_stays_where_it_is_preferred_itself_or_who_is_can_not_be_asked() -> None:
    assert order(BETTER, KEPT, OTHER, wanted=prefers("c/other", "b/kept"))[:2] == [
        ("b/kept", "sticky"),
        ("c/other", "task:code"),
    ]
    assert order(BETTER, KEPT, wanted=prefers("z/none"))[0] == ("b/kept", "sticky")


def test_inside_a_tool_loop_it_is_not_left_for_anything_better() -> None:
    found = order(BETTER, KEPT, OTHER, wanted=prefers("c/other"), grade=Grade.GENERATION, in_tool_loop=True)
    assert found == [("b/kept", "sticky"), ("c/other", "task:code"), ("a/better", "ladder:local")]


@pytest.mark.parametrize(
    "facts",
    [
        {"state": ModelState.UNLOADED},
        {"state": ModelState.SLEEPING},
        {"endpoint": endpoint("b", health=Health.SILENT)},
    ],
    ids=["out of memory", "asleep", "silent"],
)
def test_it_is_left_when_its_cache_is_gone_or_it_keeps_silent(facts: dict[str, Any]) -> None:
    assert order(BETTER, replace(KEPT, **facts))[0] == ("a/better", "ladder:local")
    assert order(BETTER, replace(KEPT, **facts), in_tool_loop=True)[0] == ("b/kept", "sticky")


def test_who_is_named_answers_whoever_did_before() -> None:
    named = Wanted("a/better", chosen=False, models=("a/better",), named=1)
    assert order(BETTER, KEPT, wanted=named, in_tool_loop=True) == [("a/better", "named")]


@given(tasks, snapshots, outlooks, st.sampled_from(("a/one", "b/two", "z/none")), st.booleans())
def test_nobody_is_asked_for_its_sake_who_may_not_be(
    asked: Task, known: Snapshot, outlook: Outlook, kept: str, inside: bool
) -> None:
    plain = decide("d", AUTO, asked, known, outlook)
    staying = decide("d", AUTO, replace(asked, stays_with=kept, in_tool_loop=inside), known, outlook)
    allowed = [one.model.id for one in plain.candidates]
    found = [one.model.id for one in staying.candidates]
    assert sorted(found) == sorted(allowed)
    assert staying.excluded == plain.excluded
    sticky = [one.model.id for one in staying.candidates if one.reason == "sticky"]
    assert sticky in ([], [kept])
    assert [one for one in found if one not in sticky] == [one for one in allowed if one not in sticky]
    if inside and kept in allowed:
        assert found[0] == kept
