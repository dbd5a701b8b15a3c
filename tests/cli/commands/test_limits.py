"""`pointsman limits`."""

import json

from pointsman.server.control.shapes import LimitShape, LimitsShape
from tests.cli.conftest import Run
from tests.cli.stub import Stub

SHUT = LimitShape(
    kind="model", id="groq/kimi", seconds=42.0, failures=2, limited=True, reason="it answered 429: slow down"
)
ACCOUNT = SHUT | LimitShape(
    kind="account", id="groq-1f", seconds=0.0, failures=1, limited=False, reason="it answered 401"
)
TOLD = LimitsShape(limits=[SHUT, ACCOUNT])


def test_what_is_left_alone_is_told_with_its_end_and_its_reason(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/limits"] = TOLD
    _, model, account = ask_stub("limits").out.splitlines()
    assert " ".join(model.split()) == "model groq/kimi in 42 s 2 times it answered 429: slow down"
    assert "by the next request" in account


def test_nothing_to_tell_is_told(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/limits"] = LimitsShape(limits=[])
    assert "every model that is there may be asked" in ask_stub("limits").err


def test_a_reset_is_asked_for_and_told(ask_stub: Run, stub: Stub) -> None:
    stub.answers["POST /control/v0/limits/reset"] = TOLD
    ran = ask_stub("limits", "--reset")
    assert ran.code == 0
    assert "2 limits reset" in ran.err


def test_json_is_the_daemons_own_answer(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/limits"] = TOLD
    assert json.loads(ask_stub("limits", "--json").out) == TOLD
