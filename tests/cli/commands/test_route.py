"""`pointsman route`: a decision in words, and nobody asked."""

import json

from tests.cli.conftest import Run
from tests.cli.samples import CANDIDATE, DECISION
from tests.cli.stub import Stub

PATH = "POST /control/v0/explain"


def test_the_order_and_who_is_left_out_are_told(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = DECISION
    ran = ask_stub("route", "write", "a poem")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "Asked: auto: Pointsman chooses",
        "Task:  needs routine, tools; prompt of about 120 tokens",
        "RANK  MODEL              TIER   REASON",
        "1     llama-server/qwen  local  ladder:local",
        "2     mine/small         paid   ladder:paid (degraded)",
        "Left out: 2 by budget, 1 by context",
        "  2 models: no budget is set [budget]",
        "  ollama/tiny: its context is 4,096 [context]",
    ]
    assert stub.asked[0].body == {"model": "auto", "messages": [{"role": "user", "content": "write a poem"}]}


def test_all_lists_each_model_that_is_left_out(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = DECISION
    told = ask_stub("route", "--all", "-m", "big", "hi").out
    assert "mine/big     budget   no budget is set" in told
    assert "mine/huge    budget   no budget is set" in told
    assert stub.asked[0].body == {"model": "big", "messages": [{"role": "user", "content": "hi"}]}


def test_a_context_that_the_engine_is_asked_for_is_told(ask_stub: Run, stub: Stub) -> None:
    asked = CANDIDATE | {"context": 32_768, "degraded": True}
    stub.answers[PATH] = DECISION | {"candidates": [asked]}
    told = ask_stub("route", "hi").out
    assert "ladder:local (degraded), asked for 32,768 tokens of context\n" in told


def test_a_request_that_lets_others_go_first_is_told_so(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = DECISION | {"task": DECISION["task"] | {"priority": "background"}}
    assert "tokens; priority background\n" in ask_stub("route", "hi").out


def test_nobody_to_ask_is_a_failure(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = DECISION | {"candidates": []}
    ran = ask_stub("route", "hi")
    assert ran.code == 1
    assert "Nobody could answer." in ran.out


def test_a_name_is_told_with_what_it_stands_for(ask_stub: Run, stub: Stub) -> None:
    wanted = {"asked": "quick", "chosen": False, "models": ["a/b"], "via": "quick", "missing": ["c"]}
    stub.answers[PATH] = DECISION | {"wanted": wanted}
    told = ask_stub("route", "hi").out.splitlines()[0]
    assert told == "Asked: quick, by quick: a/b; not known now: c"


def test_json_is_the_daemons_own_answer(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = DECISION
    assert json.loads(ask_stub("route", "--json", "-", stdin="from a pipe").out) == DECISION
    assert isinstance(body := stub.asked[0].body, dict)
    assert body["messages"][0]["content"] == "from a pipe"


def test_who_may_train_on_prompts_is_told_and_so_is_a_mode(ask_stub: Run, stub: Stub) -> None:
    far = CANDIDATE | {"model": "openrouter/any", "tier": "free", "trains": True}
    stub.answers[PATH] = DECISION | {"candidates": [far], "task": DECISION["task"] | {"mode": "no-paid"}}
    told = ask_stub("route", "hi").out
    assert "openrouter/any  free · may train  ladder:local" in told
    assert "; mode no-paid\n" in told


def test_who_answered_in_the_conversation_before_is_told(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = DECISION | {"task": DECISION["task"] | {"stays_with": "local/tiny"}}
    assert "; answered before by local/tiny\n" in ask_stub("route", "hi").out


def test_what_holds_spending_back_is_told(ask_stub: Run, stub: Stub) -> None:
    spending = "budget day: $0.92 of $1.00 spent, step lean"
    stub.answers[PATH] = DECISION | {"spending": spending}
    assert f"Money: {spending}\n" in ask_stub("route", "hi").out
