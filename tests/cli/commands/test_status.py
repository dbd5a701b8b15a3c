"""`pointsman status`: the daemon's page, for people and for programs."""

import json
import time

from pointsman.server.control.shapes import (
    BudgetShape,
    GoneShape,
    JobShape,
    LastRequestShape,
    LedgerShape,
    LimitShape,
    ModeShape,
    SpentShape,
)
from tests.cli.commands.test_budget import DAY, NONE
from tests.cli.conftest import Run
from tests.cli.samples import ENDPOINT, STATUS
from tests.cli.stub import Stub

PATH = "GET /control/v0/status"


def test_the_page_says_what_is_used_and_where(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = STATUS
    ran = ask_stub("status")
    assert ran.code == 0
    for words in (
        "Answers come from llama-server/qwen (local); nothing leaves this machine.",
        "Listening on http://127.0.0.1:11711 and unix:/run/p.sock",
        "version 0.1.0, process 4711, up 2 h",
        "Configuration: none, the defaults hold",
        "Looked for (4.0 s ago): llama-server on 127.0.0.1:8080 and 9931\n",
        "llama-server  llama.cpp server  http://127.0.0.1:8080/v1  local  up",
        "Models: 2 local (1 loaded, 1 unloaded)",
        "Last request: llama-server/qwen (local)",
        "pointsman why abc123",
        "Today: local 3 requests, 1,234 tokens",
        "To mend: an unknown server at http://127.0.0.1:9000/v1",
    ):
        assert words in ran.out


def test_a_last_request_that_a_crash_ended_has_no_status(ask_stub: Run, stub: Stub) -> None:
    lost = LastRequestShape(id="abc123", at=0.0, app="", model="", tier="", status=0)
    stub.answers[PATH] = STATUS | {"last_request": lost}
    assert "Last request: nobody, lost with its daemon, " in ask_stub("status").out


def test_json_is_the_daemons_own_answer(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = STATUS
    assert json.loads(ask_stub("status", "--json").out) == STATUS


def test_money_is_told_for_what_left_the_machine(ask_stub: Run, stub: Stub) -> None:
    spent = SpentShape(requests=1, input_tokens=5, output_tokens=5, cost=4_200_000, unpriced=2)
    stub.answers[PATH] = STATUS | {"today": {"paid": spent}}
    told = ask_stub("status").out
    assert "paid 1 request, 10 tokens, $0.0042 and 2 attempts of unknown cost" in told


def test_budgets_are_told_in_one_line(ask_stub: Run, stub: Stub) -> None:
    lean = BudgetShape(**DAY | {"name": "week", "share": 0.9999, "step": "lean"})
    stub.answers[PATH] = STATUS | {"budgets": [DAY, lean, NONE]}
    told = "Budget: day 42 % of $1.00, week 99 % of $1.00 (lean), none $0.42 without a limit\n"
    assert told in ask_stub("status").out


def test_what_left_the_machine_is_told_by_place(ask_stub: Run, stub: Stub) -> None:
    noon = time.mktime((2026, 11, 21, 12, 0, 0, 0, 0, -1))
    stub.answers[PATH] = STATUS | {
        "gone": [
            GoneShape(to="openrouter", programs=3, first="aider", at=noon),
            GoneShape(to="groq", programs=1, first="editor", at=noon),
        ]
    }
    told = ask_stub("status").out
    assert "Left this machine: 3 programs' prompts went to openrouter (first: aider, 21 Nov 2026)" in told
    assert "Left this machine: editor's prompts went to groq (first: 21 Nov 2026)" in told


def test_a_mode_is_told_with_how_to_end_it(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = STATUS
    assert "Mode:" not in ask_stub("status").out
    stub.answers[PATH] = STATUS | {"mode": ModeShape(mode="no-paid", origin="command")}
    assert "Mode: no-paid (pointsman mode normal ends it)" in ask_stub("status").out


def test_troubles_are_told(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = STATUS | {
        "ledger": LedgerShape(trouble="The ledger is full.", lost=2),
        "failed_jobs": [JobShape(name="sweep", failures=3, error="boom")],
    }
    told = ask_stub("status").out
    assert "Ledger: The ledger is full." in told
    assert "Ledger: 2 requests could not be written down" in told
    assert "Job sweep: 3 failures; the last: boom" in told


def test_what_is_left_alone_is_told_with_its_end(ask_stub: Run, stub: Stub) -> None:
    model = LimitShape(
        kind="model", id="groq/kimi", seconds=42.0, failures=2, limited=True, reason="it answered 429"
    )
    free = model | LimitShape(
        kind="free", id="router-1f", seconds=7200.0, failures=1, limited=True, reason="50 a day"
    )
    due = model | LimitShape(kind="model", id="due", seconds=0, failures=1, limited=True, reason="no more")
    stub.answers[PATH] = STATUS | {"limits": [due, model, free]}
    told = ask_stub("status").out
    assert "Left alone: groq/kimi, asked again in 42 s: it answered 429" in told
    assert "Left alone: the free models of router-1f, asked again in 2 h: 50 a day" in told
    assert "no more" not in told
    stub.answers[PATH] = STATUS | {"limits": [model] * 10}
    assert "Left alone: 2 more (pointsman limits)" in ask_stub("status").out


def test_a_daemon_that_has_just_started_is_still_looking(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = STATUS | {
        "swept_ago": None,
        "endpoints": [],
        "last_request": None,
        "today": {},
        "socket": "",
        "hints": [],
    }
    told = ask_stub("status").out
    assert "(still looking)" in told
    assert "Today: no request yet" in told
    assert "unix:" not in told


def test_a_long_list_of_things_to_mend_is_cut_and_all_of_it_is_there(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = STATUS | {"hints": [f"thing {number}" for number in range(20)]}
    some, every = ask_stub("status").out, ask_stub("status", "--all").out
    assert [line for line in some.splitlines() if line.startswith("To mend")][-2:] == [
        "To mend: thing 7",
        "To mend: 12 more things (pointsman status --all)",
    ]
    assert every.count("To mend: thing") == 20
    assert "more things" not in every


def test_sentences_keep_within_a_hundred_columns_and_no_word_is_cut(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = STATUS | {"hints": ["word " * 60 + "x" * 120], "summary": "what is used " * 20}
    lines = ask_stub("status").out.splitlines()
    assert max(len(line) for line in lines if "xxx" not in line) <= 100
    assert f"  {'x' * 120}" in lines


def test_a_note_is_told_below_the_table_unless_it_is_told_as_a_thing_to_mend(
    ask_stub: Run, stub: Stub
) -> None:
    gone = ENDPOINT | {"health": "away", "note": "nothing answered"}
    stub.answers[PATH] = STATUS | {"endpoints": [gone], "hints": []}
    assert "\n  llama-server: nothing answered\n" in ask_stub("status").out
    stub.answers[PATH] = STATUS | {"endpoints": [gone], "hints": ["it is away: nothing answered"]}
    assert ask_stub("status").out.count("nothing answered") == 1


def test_a_note_from_an_engine_can_neither_forge_a_line_nor_command_the_terminal(
    ask_stub: Run, stub: Stub
) -> None:
    stub.answers[PATH] = STATUS | {"endpoints": [ENDPOINT | {"note": "fine\nTo mend: \x1b[31mnothing"}]}
    told = ask_stub("status").out
    assert "fine\\x0aTo mend: \\x1b[31mnothing" in told
