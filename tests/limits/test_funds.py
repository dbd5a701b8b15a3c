"""What may be spent on which model, at one moment."""

from dataclasses import replace

from pointsman.dates import Window
from pointsman.errors import Unaffordable
from pointsman.funds import DEFAULT, Budget, Purse, Scope, Stand
from pointsman.limits.orders import Order, Ratios, amount_of, how_to_raise
from pointsman.money import NANO, Price
from pointsman.types import Account, FoundBy, Model, Tier
from tests.routing.house import endpoint, model, task

DOLLAR = Stand(Budget("default", Window.DAY, NANO), 0)


def test_a_model_that_is_passed_on_elsewhere_needs_leave_whoever_was_looked_at_before() -> None:
    engine = endpoint("ollama", found_by=FoundBy.CONFIG)
    here = model("ollama/here", endpoint=engine, tier=Tier.PAID)
    away = model("ollama/away", endpoint=engine, tier=Tier.PAID, runs_at="ollama.com")
    for order in ((here, away), (away, here)):
        purse = Purse((), DOLLAR)
        assert {one.id: purse.funds(one).allowed for one in order} == {here.id: True, away.id: False}


def test_credit_takes_what_has_no_price_where_the_users_budgets_do() -> None:
    paid = model("cloud/x", tier=Tier.PAID, endpoint=replace(endpoint("cloud"), account=Account("a", "sk")))
    credit = Stand(Budget("credit of cloud", None, NANO, scope=Scope("account", "a")), 0)
    for unpriced in (True, False):
        day = Stand(Budget("day", Window.DAY, NANO, unpriced=unpriced), 0)
        assert Purse((day, credit)).funds(paid).unpriced is unpriced


def test_what_is_used_up_says_how_that_very_budget_is_raised() -> None:
    says = {
        Budget("day", Window.DAY, 0): "day AMOUNT`",
        DEFAULT: "day AMOUNT`",
        Budget("daily", Window.DAY, 0): "day AMOUNT --name daily`",
        Budget("my week", Window.WEEK, 0, scope=Scope("app", "a b")): (
            "week AMOUNT --scope 'app:a b' --name 'my week'`"
        ),
    }
    for budget, command in says.items():
        assert how_to_raise(budget) == f"`pointsman budget set {command} sets another one"


def refused(order: Order, purse: Purse) -> str:
    try:
        amount_of(order, purse.funds(order.model))
    except Unaffordable as error:
        return error.message
    return ""


def test_more_than_the_ledger_holds_is_never_set_aside_for_one_answer() -> None:
    paid: Model = model("cloud/x", tier=Tier.PAID, price=Price(NANO, 10 * NANO))
    no_limit = Stand(Budget("none", Window.MONTH, None), 0)
    rich = Stand(Budget("rich", Window.MONTH, 10**18), 0)
    for stand in (no_limit, rich):
        purse = Purse((stand,))
        assert refused(Order(paid, max_tokens=10**11), purse) == ""
        for tokens in (10**12, 10**400):
            assert "let it ask for fewer tokens" in refused(Order(paid, max_tokens=tokens), purse)


def test_what_a_server_adds_to_each_prompt_is_not_taken_for_tokens_of_the_text() -> None:
    ratios, short = Ratios(), task(text_bytes=400)
    ratios.learn("cloud/x", short, 12_000)
    assert ratios.ceiling("cloud/x", task(text_bytes=100_000)) == 120_000
