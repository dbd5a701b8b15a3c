import json
from dataclasses import fields

import pytest
from hypothesis import given, settings

from pointsman.calls import Candidate, Decision, Excluded, Task, Wanted
from pointsman.ledger.decisions import describe
from pointsman.ledger.views import DecisionView, TaskView, WantedView
from pointsman.types import Ability, Modality
from tests.fakes.records import ENDPOINT, MODEL, TASK, decision
from tests.ledger.strategies import decisions

NOT_SHOWN = {"parked"}  # a decision's; they are among its excluded
SHOWN_BESIDE = {"more"}


@pytest.mark.parametrize(
    ("value", "view"), [(Decision, DecisionView), (Task, TaskView), (Wanted, WantedView)], ids=str
)
def test_a_view_has_every_field_of_what_it_shows(value: type, view: type) -> None:
    shown = {field.name for field in fields(value)} - NOT_SHOWN
    assert shown == set(view.__annotations__) - SHOWN_BESIDE


def test_who_is_left_out_is_told_by_the_reasons() -> None:
    excluded = (
        Excluded("context", "needs 9,000 tokens", ("a", "c")),
        Excluded("budget", "no budget set", ("b",)),
    )
    assert describe(decision(excluded=excluded))["excluded"] == [
        {"rule": "context", "reason": "needs 9,000 tokens", "models": ["a", "c"], "more": 0},
        {"rule": "budget", "reason": "no budget set", "models": ["b"], "more": 0},
    ]


def test_of_many_the_first_are_named_and_the_others_counted() -> None:
    names = tuple("abcdef")
    crowded = decision(
        wanted=Wanted("x", chosen=False, models=names, named=1),
        candidates=tuple(Candidate(MODEL, name) for name in names),
        excluded=(Excluded("budget", "no budget set", names), Excluded("busy", "it is", names[:3])),
    )
    told = describe(crowded, most=3)
    assert told["wanted"]["models"] == ["a", "b", "c"]
    assert [one["reason"] for one in told["candidates"]] == ["a", "b", "c"]
    assert told["more"] == 3
    assert [(one["models"], one["more"]) for one in told["excluded"]] == [
        (["a", "b", "c"], 3),
        (["a", "b", "c"], 0),
    ]
    assert describe(crowded)["more"] == 0


def test_the_task_is_told_in_words() -> None:
    task = describe(decision())["task"]
    assert task["grade"] == "routine"
    assert task["needs"] == ["tools", "json"]
    assert task["reads"] == ["text"]
    assert (task["privacy"], task["priority"], task["mode"]) == ("any", "normal", "normal")


def test_a_task_that_needs_nothing_lists_nothing() -> None:
    bare = Task(TASK.grade, Ability.NONE, Modality.NONE, 1, None, TASK.privacy)
    task = describe(decision(task=bare))["task"]
    assert (task["needs"], task["reads"], task["reasons"]) == ([], [], [])


def test_candidates_keep_their_order_and_say_why() -> None:
    last = Candidate(MODEL, "last resort", degraded=True, context=8_192)
    candidates = (Candidate(MODEL, "loaded"), last)
    assert describe(decision(candidates=candidates))["candidates"] == [
        {
            "model": "local/tiny",
            "tier": "local",
            "reason": "loaded",
            "degraded": False,
            "trains": None,
            "context": None,
        },
        {
            "model": "local/tiny",
            "tier": "local",
            "reason": "last resort",
            "degraded": True,
            "trains": None,
            "context": 8_192,
        },
    ]


def test_no_key_gets_into_the_view() -> None:
    assert ENDPOINT.account
    assert ENDPOINT.account.key not in json.dumps(describe(decision()))


@given(decisions)
@settings(deadline=None)
def test_a_view_is_plain_json(value: Decision) -> None:
    view = describe(value)
    assert json.loads(json.dumps(view)) == view
