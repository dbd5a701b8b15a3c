"""`pointsman spend`."""

import json
from typing import Any, cast

import pytest

from pointsman.money import NANO
from pointsman.server.control.shapes import DriftShape, SavingsShape, SpendRowShape, SpendShape
from tests.cli.conftest import Run
from tests.cli.stub import Stub, refuse

PATH = "GET /control/v0/spend"


def row(key: str = "", **changes: Any) -> SpendRowShape:
    base: dict[str, Any] = {
        "key": key,
        "requests": 1,
        "attempts": 1,
        "input_tokens": 1200,
        "output_tokens": 30,
        "cache_read": 0,
        "cost": 0,
        "reserved": 0,
        "unpriced": 0,
    }
    return cast("SpendRowShape", base | changes)


SPEND = SpendShape(
    by="model",
    since="2026-11-01",
    rows=[
        row("cloud/big", cost=NANO * 3 // 2, cache_read=800),
        row("local/tiny", requests=3),
        row(requests=2),
    ],
    total=row(requests=6, cost=NANO * 3 // 2, input_tokens=3600, output_tokens=90, cache_read=800),
    drift=[],
    savings=SavingsShape(model="cloud/best", would_cost=5 * NANO, saved=NANO * 7 // 2),
)


def test_a_table_ends_with_its_total_and_with_what_was_saved(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = SPEND
    ran = ask_stub("spend")
    assert (ran.code, ran.err) == (0, "")
    assert stub.asked[0].path == "/control/v0/spend?by=model&since=month"
    assert ran.out.splitlines() == [
        "MODEL                   REQUESTS  IN     OUT  CACHED  COST",
        "cloud/big               1         1,200  30   800     $1.50",
        "local/tiny              3         1,200  30           $0",
        "(nobody answered)       2         1,200  30           $0",
        "total since 2026-11-01  6         3,600  90   800     $1.50",
        "Saved: $3.50; with cloud/best alone it would have cost $5.00.",
    ]


def test_what_is_not_known_is_said_and_never_nothing(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = SPEND | {
        "by": "app",
        "since": None,
        "rows": [row("aider", cost=NANO, unpriced=2, reserved=NANO // 5), row(unpriced=1)],
        "total": row(cost=NANO, unpriced=3, reserved=NANO // 5),
        "savings": SavingsShape(model="cloud/best", would_cost=5 * NANO, saved=None),
    }
    out = ask_stub("spend", "--by", "app", "--since", "all").out
    assert stub.asked[0].path == "/control/v0/spend?by=app&since=all"
    assert out.splitlines() == [
        "APP                       REQUESTS  IN     OUT  COST            UNDER WAY    NOT KNOWN",
        "aider                     1         1,200  30   at least $1.00  up to $0.20  2 attempts",
        "(not known)               1         1,200  30   unknown                      1 attempt",
        "total from the beginning  1         1,200  30   at least $1.00  up to $0.20  3 attempts",
        "Saved: unknown, as not all is known that was spent; with cloud/best alone it would have cost $5.00.",
    ]


def test_a_provider_that_tells_of_other_costs_is_told_of(ask_stub: Run, stub: Stub) -> None:
    drift = DriftShape(provider="openrouter", told=12 * NANO, priced=10 * NANO)
    savings = SavingsShape(model="cloud/best", would_cost=5 * NANO, saved=-NANO)
    stub.answers[PATH] = SPEND | {"drift": [drift], "savings": savings}
    out = ask_stub("spend").out
    assert "openrouter tells of $12.00 where the prices that are known here come to $10.00" in out
    assert "Saved: nothing; with cloud/best alone it would have cost $5.00, $1.00 less." in out


def test_where_no_paid_model_is_known_nothing_is_said_of_savings(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = SPEND | {"savings": None}
    assert "Saved" not in ask_stub("spend").out


def test_without_a_request_it_says_so(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = SPEND | {"rows": []}
    ran = ask_stub("spend")
    assert (ran.out, ran.err) == ("", "no request since 2026-11-01\n")


def test_comma_separated_values_are_exact_and_leave_empty_what_is_not_known(
    ask_stub: Run, stub: Stub
) -> None:
    rows = [row('a "b", c', cost=NANO + 1), row("x", unpriced=1), row("y\n")]
    stub.answers[PATH] = SPEND | {"rows": rows}
    assert ask_stub("spend", "--csv").out.splitlines() == [
        "model,requests,attempts,input_tokens,output_tokens,cache_read,cost,reserved,unpriced",
        '"a ""b"", c",1,1,1200,30,0,1.000000001,0,0',
        "x,1,1,1200,30,0,,0,1",
        r"y\x0a,1,1,1200,30,0,0,0,0",
    ]


def test_json_is_the_daemons_own_answer(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = SPEND
    assert json.loads(ask_stub("spend", "--json").out) == SPEND


def test_a_date_that_is_none_is_wrong_usage(ask_stub: Run, stub: Stub) -> None:
    async def no(_: object) -> object:
        return refuse(400, "since is a date such as 2026-11-01")

    stub.answers[PATH] = no
    ran = ask_stub("spend", "--since", "tomorrow")
    assert (ran.code, ran.err) == (2, "pointsman: since is a date such as 2026-11-01\n")


def test_one_form_at_a_time(ask_stub: Run, stub: Stub) -> None:
    assert ask_stub("spend", "--csv", "--json").code == 2


@pytest.mark.parametrize("by", ["colour", ""])
def test_by_another_word_is_wrong_usage(ask_stub: Run, stub: Stub, by: str) -> None:
    with pytest.raises(SystemExit) as left:
        ask_stub("spend", "--by", by)
    assert left.value.code == 2
