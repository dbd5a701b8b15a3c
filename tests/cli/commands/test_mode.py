"""`pointsman mode`."""

import json

import pytest

from pointsman.modes import Mode
from pointsman.server.control.shapes import ModeShape
from tests.cli.conftest import Run
from tests.cli.stub import Stub

LOCAL_ONLY = ModeShape(mode="local-only", origin="command")


def test_without_a_word_it_tells_which_is_in_force_and_who_said_so(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/mode"] = LOCAL_ONLY
    ran = ask_stub("mode")
    assert (ran.code, ran.out) == (
        0,
        "local-only: nothing answers but what is on this machine (set by a command)\n",
    )


@pytest.mark.parametrize("mode", Mode)
def test_a_word_sets_it(mode: Mode, ask_stub: Run, stub: Stub) -> None:
    stub.answers["POST /control/v0/mode"] = ModeShape(mode=mode.value, origin="command")
    assert ask_stub("mode", mode.value).out.startswith(f"{mode.value}: ")
    assert stub.asked[0].body == {"mode": mode.value}


def test_it_can_be_taken_back(ask_stub: Run, stub: Stub) -> None:
    stub.answers["POST /control/v0/mode"] = ModeShape(mode="normal", origin="configuration")
    assert ask_stub("mode", "--undo").out.endswith("(set by the configuration)\n")
    assert stub.asked[0].body == {"mode": None}


def test_another_word_is_wrong_usage(ask_stub: Run, stub: Stub) -> None:
    with pytest.raises(SystemExit) as left:
        ask_stub("mode", "nowhere")
    assert left.value.code == 2
    assert stub.asked == []


def test_offline_is_another_word_for_local_only(ask_stub: Run, stub: Stub) -> None:
    stub.answers["POST /control/v0/mode"] = LOCAL_ONLY
    assert ask_stub("mode", "offline").out.startswith("local-only: ")
    assert stub.asked[0].body == {"mode": "offline"}
    assert Mode("offline") is Mode.LOCAL_ONLY


def test_json_is_the_daemons_own_answer(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/mode"] = LOCAL_ONLY
    assert json.loads(ask_stub("mode", "--json").out) == LOCAL_ONLY
