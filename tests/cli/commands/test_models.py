"""`pointsman models`."""

import json

import pytest
from aiohttp import web

from pointsman.types import Modality, Tier, flag_names, tier_word
from tests.cli.conftest import Run
from tests.cli.samples import ADVANCED, MODEL
from tests.cli.stub import Stub, refuse

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
    unknown = MODEL | {"health": "away", "price": None, "modalities": None, "context": None, "wait": 9.0}
    stub.answers[PATH] = {"models": [unknown]}
    row = ask_stub("models").out.splitlines()[1]
    assert row == "llama-server/qwen  local  loaded, away  ?        tools  ?      ?       ?"


@pytest.mark.parametrize(
    ("tier", "trains", "shown"),
    [
        ("free", True, "free · may train"),
        ("free", None, "free"),
        ("free", False, "free"),
        ("paid", True, "paid · may train"),
        ("paid", None, "paid"),
        ("local", None, "local"),
        ("unknown", None, "unknown"),
    ],
)
def test_who_may_train_on_prompts_is_told_with_the_tier(
    tier: str, trains: bool | None, shown: str, ask_stub: Run, stub: Stub
) -> None:
    stub.answers[PATH] = {"models": [MODEL | {"tier": tier, "trains": trains}]}
    assert f"llama-server/qwen  {shown}  loaded" in ask_stub("models").out


def test_advanced_adds_the_grade_and_where_it_comes_from(ask_stub: Run, stub: Stub) -> None:
    remote = MODEL | {"runs_at": "ollama.com", "note": "it wants a key", "advanced": ADVANCED}
    stub.answers[PATH] = {"models": [remote]}
    heads, row, unused = ask_stub("models", "--advanced").out.splitlines()
    assert heads.split()[10:15] == ["GRADE", "FROM", "SIZE", "QUANT", "PARAMETERS"]
    assert row.split()[10:-7] == ["routine", "size", "2.4", "GB", "Q4_K_M", "4.0", "B"] + [
        *["41.2", "4", "none", "ollama.com", "llama-server", "port"]
    ]
    assert row.endswith(" d ago  it wants a key")
    assert unused == "1 model not used: it wants a key"
    assert stub.asked[0].path.endswith("?advanced=1")


def test_why_models_are_not_used_is_told_once_for_all_of_them(ask_stub: Run, stub: Stub) -> None:
    barred = MODEL | {"tier": "paid", "note": "no budget set"}
    stub.answers[PATH] = {"models": [barred, barred, MODEL]}
    _, first, _, whole, why = ask_stub("models").out.splitlines()
    assert ("not used" in first, "not used" in whole) == (True, False)
    assert why == "2 models not used: no budget set"


@pytest.mark.parametrize(
    ("cost", "price_source", "shown"),
    [("low", "library", "low, library"), ("none", "", "none"), ("", "", "?"), ("", "user", "user")],
)
def test_advanced_tells_what_a_model_costs_in_a_word_and_who_says_so(
    cost: str, price_source: str, shown: str, ask_stub: Run, stub: Stub
) -> None:
    told = ADVANCED | {"cost": cost, "price_source": price_source}
    stub.answers[PATH] = {"models": [MODEL | {"runs_at": "a.b", "advanced": told}]}
    assert f"  4        {shown}" in ask_stub("models", "--advanced").out


def test_a_context_is_shown_with_what_it_can_be_set_to(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = {"models": [MODEL | {"context": 4_096, "context_most": 40_960}]}
    assert "  4,096 (up to 40,960)  " in ask_stub("models").out
    stub.answers[PATH] = {"models": [MODEL | {"context": 4_096, "context_most": 4_096}]}
    assert "up to" not in ask_stub("models").out


def test_a_model_that_is_not_loaded_is_shown_with_what_it_costs_to_wait_for(
    ask_stub: Run, stub: Stub
) -> None:
    stub.answers[PATH] = {"models": [MODEL | {"state": "unloaded", "wait": 12.4}]}
    assert "  unloaded, about 12 s  " in ask_stub("models").out


def test_filters_are_the_daemons(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = {"models": []}
    ran = ask_stub("models", "--provider", "lm studio", "--modality", "image", "--tier", "local")
    assert (ran.code, ran.out, ran.err) == (0, "", "no model that is known fits\n")
    assert stub.asked[0].path.endswith("?provider=lm+studio&modality=image&tier=local")


def test_a_filter_that_means_nothing_is_wrong_usage_in_the_daemons_words(ask_stub: Run, stub: Stub) -> None:
    async def no(_request: web.Request) -> web.Response:
        return refuse(400, "no provider is called 'x': there are ollama")

    stub.answers[PATH] = no
    ran = ask_stub("models", "--provider", "x")
    assert (ran.code, ran.err) == (2, "pointsman: no provider is called 'x': there are ollama\n")


@pytest.mark.parametrize(
    "words",
    [
        *(("--modality", word) for word in flag_names(~Modality.NONE)),
        *(("--tier", tier_word(tier)) for tier in (*Tier, None)),
    ],
    ids="=".join,
)
def test_whatever_the_daemon_knows_may_be_filtered_by(
    words: tuple[str, str], ask_stub: Run, stub: Stub
) -> None:
    stub.answers[PATH] = {"models": [MODEL]}
    assert ask_stub("models", *words).code == 0


@pytest.mark.parametrize("words", [("--modality", "smell"), ("--tier", "cheap"), ("--tier", "")])
def test_words_that_no_model_has_are_wrong_usage(
    ask_stub: Run, capsys: pytest.CaptureFixture[str], words: tuple[str, str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        ask_stub("models", *words)
    assert leaving.value.code == 2
    assert f"{words[0]}: invalid choice" in capsys.readouterr().err


def test_no_model_is_said_and_is_no_failure(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = {"models": []}
    ran = ask_stub("models")
    assert (ran.code, ran.out) == (0, "")
    assert "no model is known" in ran.err


def test_json_is_the_daemons_own_answer(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = {"models": [MODEL]}
    assert json.loads(ask_stub("models", "--json").out) == {"models": [MODEL]}


def test_what_answers_only_who_has_a_key_needs_sign_in(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/models"] = {"models": [MODEL | {"health": "sign-in"}]}
    assert "needs sign-in" in ask_stub("models").out
