"""`pointsman models`."""

import json

from tests.cli.conftest import Run
from tests.cli.samples import GRADE, MODEL
from tests.cli.stub import Stub

PATH = "GET /control/v0/models"


def test_each_model_is_a_row(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = {"models": [MODEL]}
    ran = ask_stub("models")
    assert (ran.code, ran.out.splitlines()[1]) == (
        0,
        "llama-server/qwen  local  loaded  32,768   tools  text image  0       0",
    )
    assert stub.asked[0].path == "/control/v0/models"


def test_what_is_unknown_is_a_question_mark_and_trouble_stands_with_the_state(
    ask_stub: Run, stub: Stub
) -> None:
    unknown = MODEL | {"health": "away", "price": None, "modalities": None, "context": None}
    stub.answers[PATH] = {"models": [unknown]}
    row = ask_stub("models").out.splitlines()[1]
    assert row == "llama-server/qwen  local  loaded, away  ?        tools  ?      ?       ?"


def test_advanced_adds_the_grade_and_where_it_comes_from(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = {"models": [MODEL | {"advanced": GRADE}]}
    heads, row = ask_stub("models", "--advanced").out.splitlines()
    assert heads.split()[-5:] == ["GRADE", "FROM", "SIZE", "QUANT", "PARAMETERS"]
    assert row.endswith("routine  size  2.4 GB  Q4_K_M  4.0 B")
    assert stub.asked[0].path.endswith("?advanced=1")


def test_no_model_is_said_and_is_no_failure(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = {"models": []}
    ran = ask_stub("models")
    assert (ran.code, ran.out) == (0, "")
    assert "no model is known" in ran.err


def test_json_is_the_daemons_own_answer(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = {"models": [MODEL]}
    assert json.loads(ask_stub("models", "--json").out) == {"models": [MODEL]}
