"""`pointsman limits`."""

import json

import pytest

from pointsman.server.control.shapes import CeilingShape, CreditShape, FreeShape, LimitShape, LimitsShape
from tests.cli.conftest import Run
from tests.cli.stub import Stub

SHUT = LimitShape(
    kind="model", id="groq/kimi", seconds=42.0, failures=2, limited=True, reason="it answered 429: slow down"
)
ACCOUNT = SHUT | LimitShape(
    kind="account", id="groq-1f", seconds=0.0, failures=1, limited=False, reason="it answered 401"
)
CEILING = CeilingShape(model="groq/kimi", budget="requests a day", limit=14_400, remaining=29, seconds=2.0)
FREE = FreeShape(
    account="openrouter-1f", model="", what="free requests", span="day", limit=50, used=37, seconds=18_000.0
)
CREDIT = CreditShape(
    account="openrouter-1f", limit=5_000_000_000, remaining=1_250_000_000, spent=3_750_000_000
)
TOLD = LimitsShape(limits=[SHUT, ACCOUNT], ceilings=[CEILING], free=[], credit=[])


def test_what_is_left_alone_is_told_with_its_end_and_its_reason(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/limits"] = TOLD
    _, model, account, _ = ask_stub("limits").out.splitlines()
    assert " ".join(model.split()) == "model groq/kimi in 42 s 2 times it answered 429: slow down"
    assert "by the next request" in account


def test_what_asked_for_rest_before_it_failed_has_not_failed(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/limits"] = TOLD | {"limits": [SHUT | {"failures": 0}]}
    assert "times" not in ask_stub("limits").out


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "groq/kimi: requests a day: 29 of 14,400 left, full again in 2.0 s"),
        ({"seconds": 0.0}, "groq/kimi: requests a day: 29 of 14,400 left"),
        ({"seconds": None, "limit": None}, "groq/kimi: requests a day: 29 of ? left"),
        ({"remaining": None}, "groq/kimi: requests a day: 14,400 in all, full again in 2.0 s"),
        ({"budget": "", "seconds": None}, "groq/kimi: requests: 29 of 14,400 left"),
    ],
)
def test_what_is_known_of_limits_is_told(
    changes: dict[str, object], told: str, ask_stub: Run, stub: Stub
) -> None:
    stub.answers["GET /control/v0/limits"] = {
        "limits": [],
        "ceilings": [CEILING | changes],
        "free": [],
        "credit": [],
    }
    assert ask_stub("limits").out.splitlines() == [told]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "openrouter-1f: free requests a day: 37 of 50 used, anew in 5 h"),
        ({"used": 0}, "openrouter-1f: free requests a day: 0 of 50 used"),
        (
            {"model": "groq/kimi", "span": "minute", "seconds": 12.0},
            "groq/kimi: free requests a minute: 37 of 50 used, anew in 12 s",
        ),
    ],
)
def test_what_is_used_up_of_what_costs_nothing_is_told(
    changes: dict[str, object], told: str, ask_stub: Run, stub: Stub
) -> None:
    stub.answers["GET /control/v0/limits"] = {
        "limits": [],
        "ceilings": [],
        "free": [FREE | changes],
        "credit": [],
    }
    assert ask_stub("limits").out.splitlines() == [told]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "openrouter-1f: $3.75 spent, $1.25 of $5.00 left"),
        ({"limit": None, "remaining": None}, "openrouter-1f: $3.75 spent"),
        ({"limit": None}, "openrouter-1f: $3.75 spent, $1.25 left"),
    ],
)
def test_what_a_provider_tells_of_a_keys_credit_is_told(
    changes: dict[str, object], told: str, ask_stub: Run, stub: Stub
) -> None:
    credit = CREDIT | changes
    stub.answers["GET /control/v0/limits"] = {"limits": [], "ceilings": [], "free": [], "credit": [credit]}
    assert ask_stub("limits").out.splitlines() == [told]


def test_of_credit_of_which_nothing_is_known_nothing_is_told(ask_stub: Run, stub: Stub) -> None:
    credit = CREDIT | {"limit": None, "remaining": None, "spent": None}
    stub.answers["GET /control/v0/limits"] = {"limits": [], "ceilings": [], "free": [], "credit": [credit]}
    assert ask_stub("limits").out == ""


def test_nothing_to_tell_is_told(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/limits"] = LimitsShape(limits=[], ceilings=[], free=[], credit=[])
    assert ask_stub("limits").err == "nothing is left alone\n"


def test_a_reset_is_asked_for_and_told(ask_stub: Run, stub: Stub) -> None:
    stub.answers["POST /control/v0/limits/reset"] = TOLD
    ran = ask_stub("limits", "--reset")
    assert ran.code == 0
    assert "2 limits reset" in ran.err


def test_json_is_the_daemons_own_answer(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/limits"] = TOLD
    assert json.loads(ask_stub("limits", "--json").out) == TOLD
