"""`pointsman limits`."""

import json

import pytest

from pointsman.server.control.shapes import CeilingShape, LimitShape, LimitsShape
from tests.cli.conftest import Run
from tests.cli.stub import Stub

SHUT = LimitShape(
    kind="model", id="groq/kimi", seconds=42.0, failures=2, limited=True, reason="it answered 429: slow down"
)
ACCOUNT = SHUT | LimitShape(
    kind="account", id="groq-1f", seconds=0.0, failures=1, limited=False, reason="it answered 401"
)
CEILING = CeilingShape(model="groq/kimi", budget="requests a day", limit=14_400, remaining=29, seconds=2.0)
TOLD = LimitsShape(limits=[SHUT, ACCOUNT], ceilings=[CEILING])


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
    stub.answers["GET /control/v0/limits"] = {"limits": [], "ceilings": [CEILING | changes]}
    assert ask_stub("limits").out.splitlines() == [told]


def test_nothing_to_tell_is_told(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/limits"] = LimitsShape(limits=[], ceilings=[])
    assert "every model that is there may be asked" in ask_stub("limits").err


def test_a_reset_is_asked_for_and_told(ask_stub: Run, stub: Stub) -> None:
    stub.answers["POST /control/v0/limits/reset"] = TOLD
    ran = ask_stub("limits", "--reset")
    assert ran.code == 0
    assert "2 limits reset" in ran.err


def test_json_is_the_daemons_own_answer(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/limits"] = TOLD
    assert json.loads(ask_stub("limits", "--json").out) == TOLD
