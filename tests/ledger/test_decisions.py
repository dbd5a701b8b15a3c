import json
from dataclasses import fields

import pytest
from hypothesis import given, settings

from pointsman.ledger.decisions import describe
from pointsman.ledger.views import DecisionView, TaskView, WantedView
from pointsman.types import Ability, Candidate, Decision, Excluded, Modality, Task, Wanted
from tests.fakes.records import ENDPOINT, MODEL, TASK, decision
from tests.ledger.strategies import decisions

NOT_SHOWN = {"parked"}  # a decision's; they are among its excluded


@pytest.mark.parametrize(
    ("value", "view"), [(Decision, DecisionView), (Task, TaskView), (Wanted, WantedView)], ids=str
)
def test_a_view_has_every_field_of_what_it_shows(value: type, view: type) -> None:
    shown = {field.name for field in fields(value)} - NOT_SHOWN
    assert shown == set(view.__annotations__)


def test_models_left_out_by_one_rule_for_one_reason_stand_together() -> None:
    excluded = (
        Excluded("a", "context", "needs 9,000 tokens"),
        Excluded("b", "budget", "no budget set"),
        Excluded("c", "context", "needs 9,000 tokens"),
        Excluded("d", "context", "needs 9,001 tokens"),
    )
    assert describe(decision(excluded=excluded))["excluded"] == [
        {"rule": "context", "reason": "needs 9,000 tokens", "models": ["a", "c"]},
        {"rule": "budget", "reason": "no budget set", "models": ["b"]},
        {"rule": "context", "reason": "needs 9,001 tokens", "models": ["d"]},
    ]


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
