"""`pointsman budget`."""

import json
import shlex
import time
from dataclasses import replace
from urllib.parse import unquote

import pytest

from pointsman.cli.commands.budget import read_amount
from pointsman.cli.shell import WrongUsage
from pointsman.config.money import BudgetConfig
from pointsman.dates import Window
from pointsman.funds import Budget, Scope
from pointsman.limits.orders import how_to_raise
from pointsman.money import NANO
from pointsman.server.control.shapes import AmountShape, BudgetShape, BudgetsShape, TurnShape
from tests.cli.conftest import Run
from tests.cli.stub import Stub, refuse

PATH = "/control/v0/budgets"
MIDNIGHT = time.mktime((2026, 12, 1, 0, 0, 0, 0, 0, -1))

DAY = BudgetShape(
    name="day",
    window="day",
    scope="total",
    limit=NANO,
    hard=True,
    unpriced=False,
    spent=42 * NANO // 100,
    reserved=2 * NANO // 100,
    left=56 * NANO // 100,
    share=0.42,
    step="normal",
    ends=MIDNIGHT,
    origin="command",
)
AIDER = BudgetShape(**DAY | {"name": "aider", "scope": "app:aider", "share": 0.92, "step": "lean"})
NONE = BudgetShape(**DAY | {"name": "none", "window": "month", "limit": None, "left": None, "share": 0.0})
CREDIT = BudgetShape(
    **DAY
    | {
        "name": "credit of OpenRouter",
        "window": None,
        "scope": "account:openrouter",
        "ends": None,
        "reserved": 0,
        "origin": "provider",
    }
)
CURVE = [
    TurnShape(share=0.8, step="thrifty"),
    TurnShape(share=0.9, step="lean"),
    TurnShape(share=0.95, step="reserve"),
    TurnShape(share=1.0, step="free"),
]


def answer(*budgets: BudgetShape, notes: tuple[str, ...] = ()) -> BudgetsShape:
    amount = AmountShape(cost=NANO // 2, reserved=0, unpriced=0)
    return BudgetsShape(budgets=list(budgets), curve=CURVE, today=amount, month=amount, notes=list(notes))


def test_a_budget_is_shown_as_a_bar_with_the_steps_that_are_ahead(ask_stub: Run, stub: Stub) -> None:
    stub.answers[f"GET {PATH}"] = answer(DAY)
    ran = ask_stub("budget")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "day: $0.42 of $1.00 spent this day, $0.020 reserved, until 1 Dec 00:00",
        "  [################................|...|.|.] 42 %",
        "  normal: all models may be used that are allowed otherwise",
        "Spent: $0.50 today, $0.50 this month",
    ]


def test_what_is_held_back_is_said_and_what_is_only_told_of(ask_stub: Run, stub: Stub) -> None:
    soft = BudgetShape(**DAY | {"name": "soft", "hard": False, "share": 1.7, "unpriced": True})
    stub.answers[f"GET {PATH}"] = answer(AIDER, soft)
    out = ask_stub("budget").out
    assert "aider: $0.42 of $1.00 spent this day by app:aider, $0.020 reserved" in out
    assert "[####################################..|.] 92 %" in out
    assert "lean: the best of the paid models are for critical requests alone" in out
    assert f"[{'#' * 40}] 170 %" in out
    assert "it is only told of: nothing is refused for it; models of unknown price may be used" in out
    assert all(len(line) <= 80 for line in out.splitlines() if "[" in line)


def test_what_has_no_limit_has_no_bar(ask_stub: Run, stub: Stub) -> None:
    stub.answers[f"GET {PATH}"] = answer(NONE)
    out = ask_stub("budget").out
    assert "none: $0.42 spent this month, $0.020 reserved, until 1 Dec 00:00\n  no limit:" in out
    assert "No budget is set" not in out


@pytest.mark.parametrize("there", [(), (CREDIT,)])
def test_without_a_budget_it_says_how_one_is_set(
    ask_stub: Run, stub: Stub, there: tuple[BudgetShape, ...]
) -> None:
    stub.answers[f"GET {PATH}"] = answer(*there)
    out = ask_stub("budget").out
    assert "No budget is set" in out
    assert "pointsman budget set day 1.00" in out


def test_a_credit_ends_when_it_is_used_up(ask_stub: Run, stub: Stub) -> None:
    stub.answers[f"GET {PATH}"] = answer(DAY, CREDIT)
    assert "credit of OpenRouter: $0.42 of $1.00 spent\n" in ask_stub("budget").out


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (None, "Spent: unknown today"),
        (
            AmountShape(cost=0, reserved=0, unpriced=1),
            "Spent: at least $0 (1 attempt at an unknown cost) today",
        ),
        (
            AmountShape(cost=NANO, reserved=NANO, unpriced=2),
            "Spent: at least $1.00 (up to $1.00 under way, 2 attempts at an unknown cost) today",
        ),
    ],
)
def test_what_is_not_known_is_not_told_as_nothing(
    ask_stub: Run, stub: Stub, today: AmountShape | None, said: str
) -> None:
    stub.answers[f"GET {PATH}"] = answer(DAY) | {"today": today}
    assert said in ask_stub("budget").out


@pytest.mark.parametrize(
    ("words", "path", "body"),
    [
        (("day", "1.00"), "day", {}),
        (("week", "$2.5"), "week", {"window": "week", "limit": 2.5}),
        (("day", "none"), "day", {"limit": "none"}),
        (("day", "0", "--soft", "--unpriced"), "day", {"limit": 0, "hard": False, "unpriced": True}),
        (("day", "1", "--scope", "app:aider"), "app%3Aaider%20day", {"scope": "app:aider"}),
        (("day", "1", "--scope", "model:a/b", "--name", "a/b 50%"), "a%2Fb%2050%25", {"scope": "model:a/b"}),
    ],
)
def test_a_budget_is_set(
    ask_stub: Run, stub: Stub, words: tuple[str, ...], path: str, body: dict[str, object]
) -> None:
    stub.answers[f"POST {PATH}/{unquote(path)}"] = answer(DAY)
    ran = ask_stub("budget", "set", *words)
    (asked,) = stub.asked
    assert (ran.code, asked.method, asked.path) == (0, "POST", f"{PATH}/{path}")
    base = {"window": "day", "limit": 1, "hard": True, "scope": "total", "unpriced": False}
    assert asked.body == base | body
    assert ran.err.startswith("budget ")
    assert "day: $0.42 of $1.00" in ran.out


@pytest.mark.parametrize(
    "budget",
    [
        Budget("day", Window.DAY, NANO),
        Budget("for all of it", Window.MONTH, NANO, unpriced=True),
        Budget("aider", Window.WEEK, NANO, scope=Scope("app", "aider")),
        Budget("app:my tool hour", Window.HOUR, NANO, scope=Scope("app", "my tool")),
    ],
    ids=str,
)
def test_the_command_that_a_refusal_names_sets_that_very_budget(
    ask_stub: Run, stub: Stub, budget: Budget
) -> None:
    stub.answers[f"POST {PATH}/{budget.name}"] = answer(DAY)
    _, command, _ = how_to_raise(budget).split("`")
    assert ask_stub(*shlex.split(command.replace("AMOUNT", "7"))[1:]).code == 0
    (asked,) = stub.asked
    again = BudgetConfig.model_validate(asked.body)
    assert again.to_budget(unquote(asked.path.rpartition("/")[2]), again.whose) == replace(
        budget, limit=7 * NANO
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "day", "5", "EUR"), "'5 EUR' is no amount of US dollars"),
        (("set", "day", "5EUR"), "'5EUR' is no amount of US dollars: write it as 1.00 or $1.00"),
        (("set", "day", "1,50"), "'1,50' is no amount"),
        (("set", "day", "-1"), "-1 is less than nothing"),
        (("set", "fortnight", "1"), "WINDOW is one of hour, day, week, month, not 'fortnight'"),
        (("set", "day"), "as in budget set day 1.00"),
        (("set",), "budget set WINDOW AMOUNT"),
        (("remove",), "budget remove NAME"),
        (("none", "1"), "budget none"),
        (("list", "1"), "pointsman budget"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(
    ask_stub: Run, stub: Stub, words: tuple[str, ...], said: str
) -> None:
    ran = ask_stub("budget", *words)
    assert ran.code == 2
    assert said in ran.err
    assert stub.asked == []


@pytest.mark.parametrize(
    "text", ["", "$", ".", "1e3", "0x1", "٣", "1.0000000000", "nan", "inf", "€5", "1 000"]
)
def test_an_amount_is_never_guessed_at(text: str) -> None:
    with pytest.raises(WrongUsage):
        read_amount(text)


def test_none_says_what_holds_all_the_same(ask_stub: Run, stub: Stub) -> None:
    stub.answers[f"POST {PATH}/none"] = answer(NONE, notes=("budget x is set in /c.toml, [budgets.x]",))
    ran = ask_stub("budget", "none")
    assert ran.code == 0
    done, held = ran.err.splitlines()
    assert done.startswith("nothing is held back any more, but by what the configuration says; ")
    assert held == "budget x is set in /c.toml, [budgets.x]"


def test_a_budget_is_removed(ask_stub: Run, stub: Stub) -> None:
    stub.answers[f"DELETE {PATH}/day"] = answer(DAY)
    assert (
        "budget day was removed; that of the configuration holds again"
        in ask_stub("budget", "remove", "day").err
    )
    stub.answers[f"DELETE {PATH}/day"] = answer()
    assert ask_stub("budget", "remove", "day").err == "budget day was removed\n"


def test_what_the_daemon_refuses_is_told(ask_stub: Run, stub: Stub) -> None:
    async def no(_: object) -> object:
        return refuse(400, "budget day is set in /c.toml, [budgets.day]: take it out there")

    stub.answers[f"DELETE {PATH}/day"] = no
    ran = ask_stub("budget", "remove", "day")
    assert (ran.code, ran.err) == (
        1,
        "pointsman: budget day is set in /c.toml, [budgets.day]: take it out there\n",
    )


def test_json_is_the_daemons_own_answer(ask_stub: Run, stub: Stub) -> None:
    stub.answers[f"GET {PATH}"] = answer(DAY)
    assert json.loads(ask_stub("budget", "--json").out) == answer(DAY)
