"""Money is set aside before a call and settled after it. A token costs a thousand nano-dollars."""

from dataclasses import replace

import pytest

from pointsman.dates import Window
from pointsman.funds import Budget, Caller, Scope
from pointsman.limits.orders import LEAST
from pointsman.money import Price
from pointsman.steps import Step
from pointsman.types import FoundBy, Tier
from tests.limits.purses import (
    CENT,
    COST,
    DOLLAR,
    PRICE,
    House,
    daily,
    order,
    paid,
)

TOKEN = 1000  # nano-dollars
UNKNOWN = paid(price=None)


# What is admitted


def test_of_fifty_callers_with_room_for_five_exactly_five_are_admitted() -> None:
    house = House([daily(5 * COST)])
    admitted = house.admitted([order()] * 50)
    assert len(admitted) == 5
    assert house.stand().room == 0
    for one in admitted:
        house.kept.settle(one, one.amount or 0)
    assert house.admitted([order()]) == []
    assert house.stand().spent == 5 * COST


def test_what_was_set_aside_and_not_spent_is_there_for_the_next() -> None:
    house = House([daily(COST)])
    first = house.kept.reserve(order())
    assert not house.admits(order())
    house.kept.settle(first, 0)
    assert house.admits(order())


def test_a_nano_dollar_too_little_is_too_little() -> None:
    assert House([daily(COST)]).admits(order())
    assert not House([daily(COST - 1)]).admits(order())


def test_an_answer_without_a_ceiling_is_given_the_one_that_the_room_pays_for() -> None:
    house = House([daily(1300 * TOKEN + 999)])
    made = house.kept.reserve(order(max_tokens=None))
    assert (made.cap, made.amount) == (300, 1300 * TOKEN)


def test_an_answer_is_never_given_more_than_its_most() -> None:
    made = House([daily()]).kept.reserve(order(max_tokens=None))
    assert (made.cap, made.amount) == (4000, 5000 * TOKEN)


def test_an_answer_too_short_to_be_of_use_is_not_asked_for() -> None:
    enough = (1000 + LEAST) * TOKEN
    assert House([daily(enough)]).kept.reserve(order(max_tokens=None)).cap == LEAST
    assert "may cost $0.0013" in House([daily(enough - 1)]).refusal(order(max_tokens=None))
    assert House([daily(1010 * TOKEN)]).kept.reserve(order(max_tokens=None, most=10)).cap == 10
    assert House([daily(1010 * TOKEN)]).kept.reserve(order(max_tokens=10)).cap == 10


def test_what_gives_no_answer_costs_its_prompt() -> None:
    embedding = order(paid(price=Price(input=PRICE.input)), max_tokens=None, most=0)
    made = House([daily(1000 * TOKEN)]).kept.reserve(embedding)
    assert (made.cap, made.amount) == (None, 1000 * TOKEN)
    assert not House([daily(1000 * TOKEN - 1)]).admits(embedding)


def test_several_choices_cost_several_answers() -> None:
    made = House([daily(4000 * TOKEN)]).kept.reserve(order(max_tokens=None, choices=3))
    assert (made.cap, made.amount) == (1000, 4000 * TOKEN)


def test_what_is_local_or_free_takes_nothing_of_a_budget() -> None:
    for tier in (Tier.LOCAL, Tier.FREE):
        house = House([daily(0)])
        made = house.kept.reserve(order(replace(UNKNOWN, tier=tier)))
        assert (made.amount, made.cap) == (0, None)
        house.kept.settle(made, 0)


def test_what_was_free_and_is_charged_all_the_same_counts() -> None:
    house = House([daily()])
    house.kept.settle(house.kept.reserve(order(replace(UNKNOWN, tier=Tier.FREE))), 7)
    assert house.stand().spent == 7


# Limits of all kinds


def test_a_budget_that_is_not_hard_only_tells() -> None:
    house = House([daily(CENT, hard=False)])
    house.spend(2 * CENT)
    assert house.kept.reserve(order(max_tokens=None)).cap is None
    assert house.kept.purse().funds(paid()).step is Step.NORMAL
    assert house.stand().spent == 2 * CENT
    assert house.stand().room == 0


def test_of_a_limit_of_nothing_nothing_is_spent() -> None:
    house = House([daily(0)])
    assert "budget daily: $0 of $0 spent" in house.refusal(order())
    assert house.kept.purse().funds(paid()).step is Step.FREE


def test_without_a_limit_any_amount_is_set_aside_and_counted() -> None:
    house = House([daily(None)])
    made = house.kept.reserve(order(max_tokens=None, prompt=10**9))
    assert made.cap is None
    assert made.amount == (10**9 + 4000) * TOKEN
    house.kept.settle(made, 3 * DOLLAR)
    assert house.stand().words() == "budget daily: $3.00 spent, no limit"
    assert house.kept.purse().funds(UNKNOWN).step is Step.NORMAL


@pytest.mark.parametrize(
    ("scope", "covers", "others"),
    [
        (Scope("provider", "cloud"), order(), order(paid("other/big"))),
        (Scope("provider", "vendor"), order(paid("cloud-2/big", provider="vendor")), order()),
        (Scope("model", "cloud/big"), order(), order(paid("cloud/small"))),
        (Scope("model", "vendor/big"), order(paid("c/big", provider="vendor")), order(paid("c/big"))),
        (Scope("model", "big"), order(paid("other/big")), order(paid("cloud/small"))),
        (Scope("model", "labs/big"), order(paid("cloud/labs/big")), order(paid("cloud/big"))),
        (Scope("app", "agent"), order(caller=Caller(app="agent")), order(caller=Caller(role="agent"))),
        (Scope("role", "main"), order(caller=Caller(role="main")), order()),
        (Scope("user", "ann"), order(caller=Caller(user="ann")), order(caller=Caller(user="bob"))),
    ],
)
def test_a_scope_is_whose_spending_counts(scope: Scope, covers: object, others: object) -> None:
    house = House([daily(COST, scope=scope)])
    house.kept.reserve(others)  # type: ignore[arg-type]
    assert house.stand().reserved == 0
    house.kept.reserve(covers)  # type: ignore[arg-type]
    assert (house.stand().reserved, house.stand().room) == (COST, 0)
    assert house.admits(others)  # type: ignore[arg-type]
    assert not house.admits(covers)  # type: ignore[arg-type]


def test_of_several_budgets_the_tightest_decides() -> None:
    here = daily(3 * COST, name="all")
    there = daily(2 * COST, name="cloud's", scope=Scope("provider", "cloud"))
    house = House([here, there, Budget("monthly", Window.MONTH, DOLLAR)])
    assert len(house.admitted([order()] * 5)) == 2
    assert "budget cloud's (provider:cloud): $0 of $0.0040 spent, $0.0040 reserved" in house.refusal(order())
    assert len(house.admitted([order(paid("other/big"))] * 5)) == 1
    assert "budget all: " in house.refusal(order(paid("other/big")))


def test_of_several_budgets_the_fullest_tells_the_step() -> None:
    house = House([daily(100 * CENT), Budget("hourly", Window.HOUR, 10 * CENT)])
    house.spend(9 * CENT)
    funds = house.kept.purse().funds(paid())
    assert (funds.step, funds.room) == (Step.LEAN, CENT)
    assert funds.fullest == house.stand("hourly")


def test_a_purse_tells_models_of_one_place_apart_where_a_budget_does() -> None:
    house = House([daily(), daily(0, name="dear", scope=Scope("model", "big"))])
    purse = house.kept.purse()
    assert purse.funds(paid()).room == 0
    assert purse.funds(paid("cloud/small")).room == DOLLAR


# What has no known price


def test_an_unknown_price_is_refused_and_says_what_to_write() -> None:
    told = House([daily()]).refusal(order(UNKNOWN))
    assert told.startswith("its price is not known")
    assert '[prices."cloud/big"]' in told


@pytest.mark.parametrize("price", [Price(input=1), Price(output=1), Price(cache_read=1)])
@pytest.mark.parametrize("max_tokens", [None, 1000])
def test_half_a_price_is_an_unknown_one(price: Price, max_tokens: int | None) -> None:
    assert "its price is not known" in House([daily()]).refusal(
        order(paid(price=price), max_tokens=max_tokens)
    )


def test_what_of_a_request_costs_otherwise_is_an_unknown_price() -> None:
    told = House([daily()]).refusal(order(unpriced=("audio", "web search")))
    assert told.startswith("what audio and web search costs is not known")


def test_a_budget_may_let_what_has_no_known_price_by() -> None:
    house = House([daily(unpriced=True)])
    made = house.kept.reserve(order(UNKNOWN))
    assert (made.amount, made.cap) == (None, None)
    house.kept.settle(made, 5)
    assert (house.stand().spent, house.stand().reserved) == (5, 0)


def test_each_of_several_hard_budgets_has_to_let_an_unknown_price_by() -> None:
    assert not House([daily(unpriced=True), daily(name="strict")]).admits(order(UNKNOWN))
    assert House([daily(unpriced=True), daily(name="soft", hard=False)]).admits(order(UNKNOWN))


def test_where_nothing_is_limited_an_unknown_price_is_no_obstacle() -> None:
    assert House([daily(None)]).admits(order(UNKNOWN))


# Who may spend at all


def test_a_place_in_the_configuration_may_cost_a_dollar_a_day_until_a_budget_is_set() -> None:
    house = House()
    funds = house.kept.purse().funds(paid())
    assert (funds.allowed, funds.room) == (True, DOLLAR)
    house.spend(DOLLAR)
    assert "budget default: $1.00 of $1.00 spent" in house.refusal(order())
    house.configure(daily(2 * DOLLAR))
    assert house.admits(order())


@pytest.mark.parametrize("found_by", [FoundBy.KEY, FoundBy.PORT, FoundBy.ENVIRONMENT])
def test_a_key_that_merely_lies_there_spends_nothing(found_by: FoundBy) -> None:
    found = paid()
    found = replace(found, endpoint=replace(found.endpoint, found_by=found_by))
    house = House()
    assert not house.kept.purse().funds(found).allowed
    told = house.refusal(order(found))
    assert told.startswith("no budget set")
    assert "`pointsman budget set day 1.00`" in told
    assert House([daily()]).admits(order(found))


def test_a_budget_of_ones_own_leaves_the_default_to_the_others() -> None:
    house = House([daily(10 * DOLLAR, scope=Scope("provider", "cloud"))])
    house.spend(5 * DOLLAR)
    other = house.kept.purse().funds(paid("other/big"))
    assert other.tightest is not None
    assert (other.tightest.budget.name, other.room) == ("default", DOLLAR)
    house.spend(DOLLAR, paid("other/big"))
    assert not house.admits(order(paid("other/big")))
    assert house.admits(order())
