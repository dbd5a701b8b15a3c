"""`pointsman why`: six lines about a past request."""

import json

from tests.cli.conftest import Run
from tests.cli.samples import ATTEMPT, CANDIDATE, DECISION, LINE, RECORD
from tests.cli.stub import Stub

FAILED = "ollama/tiny failed, it said: out of memory, 500 ms"
ANSWERED = "llama-server/qwen ok, first content after 400 ms, 2.7 s"
LAST = "GET /control/v0/decisions/last"


def test_six_lines_say_who_what_why_and_for_how_much(ask_stub: Run, stub: Stub) -> None:
    stub.answers[LAST] = RECORD
    ran = ask_stub("why")
    asked, *rest = ran.out.splitlines()
    assert asked.endswith(" d ago aider asked for auto as a stream (openai.chat, abc123)")
    assert rest == [
        "Task:     needs routine, tools; prompt of about 120 tokens",
        "Answered: by llama-server/qwen (local), because ladder:local, in 3.2 s",
        f"Attempts: {FAILED}; {ANSWERED}",
        "Left out: 2 by budget, 1 by context",
        "Cost:     $0 (120 tokens in, 45 out)",
    ]


def test_what_its_provider_told_and_what_it_took_above_what_was_set_aside_is_said(
    ask_stub: Run, stub: Stub
) -> None:
    attempt = ATTEMPT | {"cost": 30_000_000, "priced": 20_000_000, "told": True, "reserved": 25_000_000}
    line, decision = LINE | {"cost": 30_000_000}, DECISION | {"spending": "budget day: $0.92 of $1.00 spent"}
    stub.answers[LAST] = {"request": line, "decision": decision, "attempts": [attempt]}
    assert ask_stub("why").out.splitlines()[-1] == (
        "Cost:     $0.030 (120 tokens in, 45 out), as its provider told; by its prices $0.020, "
        "$0.0050 more than was set aside; budget day: $0.92 of $1.00 spent"
    )


def test_a_context_that_its_engine_was_asked_for_is_told(ask_stub: Run, stub: Stub) -> None:
    asked = DECISION | {"candidates": [CANDIDATE | {"context": 32_768}]}
    stub.answers[LAST] = RECORD | {"decision": asked}
    told = "because ladder:local, asked for 32,768 tokens of context, in 3.2 s\n"
    assert told in ask_stub("why").out


def test_all_adds_each_model_that_was_left_out(ask_stub: Run, stub: Stub) -> None:
    stub.answers[LAST] = RECORD
    lines = ask_stub("why", "--all").out.splitlines()
    assert len(lines) == 6 + 1 + 3
    assert lines[-1] == "ollama/tiny  context  its context is 4,096"


def test_a_request_that_nobody_answered_says_why(ask_stub: Run, stub: Stub) -> None:
    line = LINE | {"model": "", "status": 503, "error": "no model was found", "cost": None}
    stub.answers[LAST] = {"request": line, "decision": None, "attempts": []}
    told = ask_stub("why").out
    assert "Task:     refused before it was looked at" in told
    assert "Answered: by nobody, status 503 after 3.2 s: no model was found" in told
    assert "Attempts: none" in told
    assert "Cost:     nothing was asked of a model" in told


def test_one_that_is_under_way_is_not_said_to_have_failed(ask_stub: Run, stub: Stub) -> None:
    line = {**LINE, "status": 0, "model": "", "tier": "", "error": "", "cost": None}
    begun = ATTEMPT | {"outcome": "open", "cost": None, "reserved": 25_000_000}
    failed = ATTEMPT | {"outcome": "failed", "cost": 5_000_000, "reserved": 25_000_000}
    stub.answers["GET /control/v0/decisions/abc"] = {**RECORD, "request": line, "attempts": [failed, begun]}
    told = ask_stub("why", "abc").out
    assert "Answered: not yet: it is under way" in told
    assert told.endswith("Cost:     not known yet, at most $0.030\n")


def test_what_is_under_way_at_no_cost_is_said_to_cost_nothing(ask_stub: Run, stub: Stub) -> None:
    begun = ATTEMPT | {"outcome": "open", "cost": None, "reserved": 0}
    line = {**LINE, "status": 0, "error": "", "cost": None}
    stub.answers[LAST] = {**RECORD, "request": line, "attempts": [begun]}
    assert ask_stub("why").out.endswith("Cost:     $0\n")


def test_one_that_a_crash_ended_was_answered_by_nobody_and_has_no_status(ask_stub: Run, stub: Stub) -> None:
    line = {**LINE, "status": 0, "model": "", "tier": "", "error": "Pointsman was ended in the middle of it"}
    stub.answers[LAST] = {**RECORD, "request": line}
    assert "Answered: by nobody: Pointsman was ended in the middle of it\n" in ask_stub("why").out


def test_an_attempt_that_a_crash_left_open_is_told_so(ask_stub: Run, stub: Stub) -> None:
    attempt = RECORD["attempts"][1] | {"outcome": "open", "status": None, "ended": None, "estimated": True}
    stub.answers[LAST] = RECORD | {"attempts": [attempt]}
    told = ask_stub("why").out
    assert "llama-server/qwen open, first content after 400 ms, not ended" in told
    assert "45 out, estimated)" in told


def test_an_id_is_passed_on_whole(ask_stub: Run, stub: Stub) -> None:
    assert ask_stub("why", "a/../b?c").code == 1
    assert stub.asked[0].path == "/control/v0/decisions/a%2F..%2Fb%3Fc"


def test_json_is_the_daemons_own_answer(ask_stub: Run, stub: Stub) -> None:
    stub.answers[LAST] = RECORD
    assert json.loads(ask_stub("why", "--json").out) == RECORD
