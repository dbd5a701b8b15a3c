from collections.abc import Callable

import pytest

from pointsman.config.schema import Config
from pointsman.dates import Window
from pointsman.funds import Step, Turn

Read = Callable[[str], Config]
Refused = Callable[[str], str]


def test_a_budget_needs_a_window_and_a_limit_and_is_hard_and_total(read: Read) -> None:
    budget = read('[budgets.x]\nwindow = "month"\nlimit = 12\n').budgets["x"]
    assert (budget.window, budget.nano_limit, budget.hard, budget.scope) == (
        Window.MONTH,
        12 * 10**9,
        True,
        "total",
    )


def test_a_limit_of_zero_is_a_limit(read: Read) -> None:
    assert read('[budgets.x]\nwindow = "hour"\nlimit = 0\n').budgets["x"].nano_limit == 0


def test_a_budget_without_its_limit_is_told_what_is_missing(refused: Refused) -> None:
    assert refused('[budgets.x]\nwindow = "day"\n').startswith(
        "config.toml:1: budgets.x.limit is missing: it must be US dollars"
    )


@pytest.mark.parametrize("scope", ["total", "provider:openai", "model:a/b", "app:x", "role:main", "user:me"])
def test_a_scope_is_the_total_or_of_a_named_thing(read: Read, scope: str) -> None:
    text = f'[budgets.x]\nwindow = "day"\nlimit = 1\nscope = "{scope}"\n'
    assert read(text).budgets["x"].scope == scope


@pytest.mark.parametrize("scope", ["", "Total", "provider:", "team:x", "totals", "app: "])
def test_any_other_scope_is_refused(refused: Refused, scope: str) -> None:
    said = refused(f'[budgets.x]\nwindow = "day"\nlimit = 1\nscope = "{scope}"\n')
    assert said.startswith("config.toml:4: budgets.x.scope must be total, or one of provider:, model:,")


def test_the_curve_without_a_file_is_the_documented_one() -> None:
    assert Config().degradation.curve == (
        Turn(0.80, Step.THRIFTY),
        Turn(0.90, Step.LEAN),
        Turn(0.95, Step.RESERVE),
        Turn(1.00, Step.FREE),
    )


@pytest.mark.parametrize(
    ("curve", "why"),
    [
        ("0.8", "must be a list of [share, step] pairs"),
        ("[0.8]", "must be a list of [share, step] pairs"),
        ('[["thrifty", 0.8]]', "must have shares from 0 to 1"),
        ('[[0.9, "lean"], [0.8, "thrifty"]]', "must have shares that rise from pair to pair"),
        ('[[0.9, "lean"], [0.9, "thrifty"]]', "must have shares that rise from pair to pair"),
        ('[[1.1, "free"]]', "must have shares from 0 to 1"),
        ('[[nan, "free"]]', "must have shares from 0 to 1"),
        ('[[true, "free"]]', "must have shares from 0 to 1"),
        ('[[0.8, "thirfty"]]', "did you mean thrifty?"),
    ],
)
def test_a_curve_that_makes_no_sense_is_refused(refused: Refused, curve: str, why: str) -> None:
    said = refused(f"[degradation]\ncurve = {curve}\n")
    assert said.startswith("config.toml:2: degradation.curve ")
    assert why in said


def test_a_program_s_budget_may_stand_in_its_own_table(read: Read) -> None:
    budget = read('[apps.x.budget]\nwindow = "day"\nlimit = 0.5\nhard = false\n').apps["x"].budget
    assert budget is not None
    assert (budget.nano_limit, budget.hard) == (5 * 10**8, False)
