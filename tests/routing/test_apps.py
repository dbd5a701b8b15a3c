"""What holds for all that one program asks, beside what each of its requests says."""

from dataclasses import replace
from typing import Any

import pytest

from pointsman.calls import Call, CallKind, Hints, Outlook
from pointsman.funds import Caller
from pointsman.modes import Privacy
from pointsman.profiles import AppRules
from pointsman.routing.names import Names
from pointsman.routing.policy import decide
from pointsman.routing.understand import understand
from pointsman.types import Grade, Tier
from tests.routing.house import model, snapshot

APP = "aider"
KNOWN = snapshot(
    model("local/tiny"),
    model("far/tiny", tier=Tier.FREE),
    model("far/large", tier=Tier.FREE),
)


def names(rules: AppRules) -> Names:
    return Names(aliases={"big": "far/large"}, apps={APP: rules})


def call(asked: str = "auto", kind: CallKind = CallKind.CHAT, **hints: Any) -> Call:
    return Call(kind, "openai.chat", asked, {}, 0, hints=Hints(**hints))


def may_use(*allow: str, asked: str = "auto", app: str = APP) -> list[str]:
    """Who may answer a program with that list."""
    wanted, task = understand(call(asked), names(AppRules(allow=allow)), KNOWN, app)
    task = replace(task, caller=Caller(app))
    return [one.model.id for one in decide("d", wanted, task, KNOWN, Outlook()).candidates]


@pytest.mark.parametrize("own", Privacy)
@pytest.mark.parametrize("asked", Privacy)
def test_of_a_program_s_privacy_and_its_request_s_the_stricter_holds(own: Privacy, asked: Privacy) -> None:
    strictness = [Privacy.ANY, Privacy.NO_TRAIN, Privacy.LOCAL]
    _, task = understand(call(privacy=asked), names(AppRules(privacy=own)), KNOWN, APP)
    assert strictness.index(task.privacy) == max(strictness.index(own), strictness.index(asked))


def test_its_profile_holds_where_the_request_names_none_and_its_floor_in_any_case() -> None:
    rules = names(AppRules(profile="eco", floor=Grade.REASONING))
    wanted, task = understand(call(), rules, KNOWN, APP)
    assert (wanted.profile.name, wanted.floor, task.grade) == ("eco", Grade.REASONING, Grade.REASONING)
    wanted, _ = understand(call(profile="premium", floor=Grade.GENERATION), rules, KNOWN, APP)
    assert (wanted.profile.name, wanted.floor) == ("premium", Grade.REASONING)
    wanted, _ = understand(call("auto:balanced"), rules, KNOWN, APP)
    assert wanted.profile.name == "balanced"


def test_the_decision_says_whose_floor_it_is() -> None:
    rules = names(AppRules(floor=Grade.GENERATION))
    assert f"floor:generation ({APP})" in understand(call(floor=Grade.ROUTINE), rules, KNOWN, APP)[1].reasons
    told = understand(call(floor=Grade.REASONING), rules, KNOWN, APP)[1].reasons
    assert "floor:reasoning (X-Pointsman-Floor)" in told


def test_the_decision_says_whose_rules_held_and_another_program_has_none() -> None:
    rules = names(AppRules(privacy=Privacy.LOCAL))
    assert f"app:{APP}" in understand(call(), rules, KNOWN, APP)[1].reasons
    _, task = understand(call(), rules, KNOWN, "other")
    assert (task.privacy, [one for one in task.reasons if one.startswith("app:")]) == (Privacy.ANY, [])


@pytest.mark.parametrize(
    ("allow", "used"),
    [
        (["local/tiny"], ["local/tiny"]),
        (["tiny"], ["local/tiny", "far/tiny"]),
        (["big"], ["far/large"]),
        (["free"], ["far/tiny", "far/large"]),
        (["local", "big"], ["local/tiny", "far/large"]),
        (["nobody"], []),
    ],
)
def test_it_may_use_what_its_list_names_and_nothing_else(allow: list[str], used: list[str]) -> None:
    assert sorted(may_use(*allow)) == sorted(used)


def test_a_model_that_it_names_is_used_or_refused_by_its_list() -> None:
    assert may_use("local", asked="far/large") == []
    assert may_use("big", asked="big") == ["far/large"]
    assert may_use("local", asked="far/large", app="other") == ["far/large"]


def test_who_is_left_out_by_its_list_is_told_so() -> None:
    wanted, task = understand(call(), names(AppRules(allow=("local",))), KNOWN, APP)
    decision = decide("d", wanted, replace(task, caller=Caller(APP)), KNOWN, Outlook())
    (one,) = decision.excluded
    assert (one.rule, one.models) == ("allowed", ("far/tiny", "far/large"))
    assert "what aider may use" in one.reason


def test_vectors_too_come_from_what_its_list_names() -> None:
    wanted, _ = understand(call("big", CallKind.EMBEDDING), names(AppRules(allow=("local",))), KNOWN, APP)
    assert wanted.allowed == frozenset({"local/tiny"})
