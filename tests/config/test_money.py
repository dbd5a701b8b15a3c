from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.config.money import Allowance
from pointsman.config.schema import Config, budgets_of
from pointsman.dates import Window
from pointsman.funds import Budget, Scope, Turn
from pointsman.money import NANO
from pointsman.steps import Step

Read = Callable[[str], Config]
Refused = Callable[[str], str]


def test_a_budget_needs_a_window_and_a_limit_and_is_hard_and_total(read: Read) -> None:
    config = read('[budgets.x]\nwindow = "month"\nlimit = 12\n')
    assert budgets_of(config) == (Budget("x", Window.MONTH, 12 * NANO),)


def test_all_of_a_budget_may_be_said(read: Read) -> None:
    config = read(
        '[budgets."a b.c"]\nwindow = "week"\nlimit = 0.000000001\nhard = false\nunpriced = true\n'
        'scope = "model:openrouter/x:free"\n'
    )
    scope = Scope("model", "openrouter/x:free")
    assert budgets_of(config) == (Budget("a b.c", Window.WEEK, 1, hard=False, scope=scope, unpriced=True),)


def test_a_limit_of_zero_is_a_limit(read: Read) -> None:
    assert budgets_of(read('[budgets.x]\nwindow = "hour"\nlimit = 0\n'))[0].limit == 0


def test_a_budget_may_have_no_limit(read: Read) -> None:
    config = read('[budgets.x]\nwindow = "day"\nlimit = "none"\n')
    assert budgets_of(config)[0].limit is None
    assert config.budgets["x"].model_dump()["limit"] == "none"


@pytest.mark.parametrize("limit", ['"5 EUR"', '"$5"', '"5.00"', '"unlimited"', '""'])
def test_money_is_a_number_of_us_dollars(refused: Refused, limit: str) -> None:
    assert refused(f'[budgets.x]\nwindow = "day"\nlimit = {limit}\n') == (
        "config.toml:3: budgets.x.limit must be a number, in US dollars: "
        '5.00 without quotes or a currency, or "none" for no limit'
    )


@pytest.mark.parametrize("limit", ["-1", "0.0000000001", "1e10", "nan", "true"])
def test_a_limit_that_can_not_be_is_told_with_what_can(refused: Refused, limit: str) -> None:
    assert refused(f'[budgets.x]\nwindow = "day"\nlimit = {limit}\n').startswith(
        "config.toml:3: budgets.x.limit must be US dollars: a number from 0 to a billion, "
        'with at most 9 decimals, or "none"'
    )


def test_an_unknown_window_is_told_with_those_that_there_are(refused: Refused) -> None:
    assert refused('[budgets.x]\nwindow = "dya"\nlimit = 1\n') == (
        "config.toml:2: budgets.x.window must be one of hour, day, week, month; did you mean day?"
    )


def test_what_a_program_may_spend_is_a_budget_of_its_name(read: Read) -> None:
    config = read(
        '[apps.aider]\nbudget = { window = "day", limit = 0.5, hard = false }\n'
        '[apps.other]\nprivacy = "local"\n[budgets.all]\nwindow = "day"\nlimit = 1\n'
    )
    assert budgets_of(config) == (
        Budget("all", Window.DAY, NANO),
        Budget("aider", Window.DAY, NANO // 2, hard=False, scope=Scope("app", "aider")),
    )


def test_two_budgets_can_not_have_the_same_name(refused: Refused) -> None:
    text = '[apps.x]\nbudget = { window = "day", limit = 1 }\n[budgets.x]\nwindow = "day"\nlimit = 1\n'
    assert refused(text) == (
        "config.toml:3: budgets.x has the name of what apps.x.budget sets: give it another"
    )


def test_no_budget_of_the_file_is_called_none(refused: Refused) -> None:
    assert refused('[budgets.none]\nwindow = "day"\nlimit = 1\n') == (
        "config.toml:1: budgets.none has the name of what `pointsman budget none` sets: give it another"
    )


@given(st.decimals(min_value=0, max_value=10**9, places=9))
def test_a_limit_is_counted_as_exactly_as_it_is_written(limit: Decimal) -> None:
    budget = Allowance(window=Window.DAY, limit=limit).to_budget("x", Scope())
    assert budget.limit == int(limit.scaleb(9))


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


def test_the_curve_can_be_switched_off(read: Read) -> None:
    assert read("[degradation]\ncurve = []\n").degradation.curve == ()


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
