"""What was set aside is settled, whatever is configured meanwhile and whatever the clock does."""

from dataclasses import replace
from datetime import datetime

import pytest

from pointsman.dates import Window
from pointsman.funds import NOBODY, Budget, Charge, spender
from pointsman.steps import Step
from pointsman.types import FoundBy
from tests.limits.purses import (
    BERLIN,
    CENT,
    COST,
    DAY,
    DOLLAR,
    HOUR,
    MIDNIGHT,
    NOON,
    House,
    daily,
    order,
    paid,
)

UNKNOWN = paid(price=None)


# Settling


def test_more_than_was_set_aside_is_charged() -> None:
    house = House([daily(3 * COST)])
    house.kept.settle(house.kept.reserve(order()), 5 * COST)
    assert (house.stand().spent, house.stand().room) == (5 * COST, 0)
    assert not house.admits(order())


def test_what_is_settled_twice_is_a_mistake_that_gives_nothing_back() -> None:
    house = House([daily()])
    made = house.kept.reserve(order())
    house.kept.settle(made, COST)
    with pytest.raises(KeyError):
        house.kept.settle(made, COST)
    assert (house.stand().spent, house.stand().reserved) == (COST, 0)


def test_a_call_across_midnight_counts_for_the_day_it_was_set_aside_on() -> None:
    house = House([daily(), Budget("weekly", Window.WEEK, DOLLAR)], wall=MIDNIGHT - 1)
    made = house.kept.reserve(order())
    house.wall = MIDNIGHT
    assert (house.stand().reserved, house.stand("weekly").reserved) == (0, COST)
    house.kept.settle(made, COST)
    assert (house.stand().spent, house.stand("weekly").spent) == (0, COST)
    house.wall = MIDNIGHT - 1
    assert house.stand().spent == COST


def test_an_ending_is_counted_even_if_its_hour_was_over_before_anybody_asked() -> None:
    house = House([daily(), Budget("hourly", Window.HOUR, DOLLAR)], wall=MIDNIGHT - 1)
    made = house.kept.reserve(order())
    house.wall = MIDNIGHT + DAY
    house.kept.settle(made, COST)
    assert [(one.spent, one.reserved) for one in house.kept.stands()] == [(0, 0)] * 2


def test_every_window_begins_with_the_calendars_own() -> None:
    windows = [Budget(window.value, window, DOLLAR) for window in Window]
    house = House(windows)
    house.spend(CENT)
    spent = {}
    for name, later in {"hour": HOUR, "day": DAY / 2, "week": 5 * DAY, "month": 13 * DAY}.items():
        house.wall = NOON + later
        spent[name] = [one.spent for one in house.kept.stands()]
    assert spent == {
        "hour": [0, CENT, CENT, CENT],
        "day": [0, 0, CENT, CENT],
        "week": [0, 0, 0, CENT],
        "month": [0, 0, 0, 0],
    }
    assert house.stand("month").ends == datetime(2027, 1, 1, tzinfo=BERLIN).timestamp()


# Credit


def test_credit_that_a_provider_told_of_is_a_hard_budget_of_its_account() -> None:
    house = House([daily(None)])
    house.kept.credit("cloud-account", "cloud", 6 * COST, COST)
    assert house.stand("credit of cloud").words() == "credit of cloud: $0.010 of $0.012 spent"
    made = house.kept.reserve(order())
    assert house.refusal(order()).endswith("add credit at its provider")
    assert house.admits(order(paid("other/big")))
    house.kept.settle(made, COST)
    assert house.kept.purse().funds(paid()).step is Step.FREE
    house.kept.forget_credit("cloud-account")
    assert house.admits(order())


def test_credit_is_told_anew_while_calls_are_under_way() -> None:
    house = House([daily(None)])
    made = house.kept.reserve(order())
    house.kept.credit("cloud-account", "cloud", None, 2 * COST)
    assert house.stand("credit of cloud").room == COST
    house.kept.credit("cloud-account", "cloud", None, 2 * COST)
    house.kept.settle(made, COST)
    assert (house.stand("credit of cloud").spent, house.stand("credit of cloud").room) == (COST, COST)


def test_credit_that_is_overdrawn_pays_for_nothing() -> None:
    house = House([daily(None)])
    house.kept.credit("cloud-account", "cloud", None, -CENT)
    assert not house.admits(order())
    assert house.kept.purse().funds(paid()).step is Step.FREE


def test_credit_alone_lets_nobody_spend() -> None:
    found = paid(found_by=FoundBy.KEY) if False else paid()
    found = replace(found, endpoint=replace(found.endpoint, found_by=FoundBy.KEY))
    house = House()
    house.kept.credit("cloud-account", "cloud", None, DOLLAR)
    assert not house.kept.purse().funds(found).allowed


def test_what_credit_cannot_judge_is_left_to_the_users_own_budgets() -> None:
    house = House([daily(unpriced=True)])
    house.kept.credit("cloud-account", "cloud", None, DOLLAR)
    assert house.admits(order(UNKNOWN))
    house.configure(daily())
    assert not house.admits(order(UNKNOWN))


# Configured anew


def test_a_window_that_is_changed_and_changed_back_forgets_nothing() -> None:
    house = House([daily(9 * COST)], wall=NOON - DAY)
    house.spend(COST)
    house.wall = NOON
    house.spend(2 * COST)
    made = house.kept.reserve(order())
    as_it_was = house.stand()
    house.configure(daily(9 * COST, window=Window.MONTH))
    assert (house.stand().spent, house.stand().reserved, house.stand().room) == (3 * COST, COST, 5 * COST)
    house.configure(daily(9 * COST, window=Window.HOUR))
    assert (house.stand().spent, house.stand().reserved) == (2 * COST, COST)
    house.configure(daily(9 * COST))
    assert house.stand() == as_it_was
    house.kept.settle(made, COST)
    assert (house.stand().spent, house.stand().reserved) == (3 * COST, 0)


def test_a_limit_below_what_is_spent_leaves_no_room_and_what_is_under_way_goes_on() -> None:
    house = House([daily()])
    house.spend(10 * COST)
    made = house.kept.reserve(order())
    house.configure(daily(5 * COST))
    assert house.stand().room == 0
    assert not house.admits(order())
    house.kept.settle(made, COST)
    assert house.stand().spent == 11 * COST
    house.configure(daily(12 * COST))
    assert house.stand().room == COST


def test_a_budget_that_is_taken_away_and_set_again_has_missed_nothing() -> None:
    house = House([daily()])
    early = house.kept.reserve(order())
    house.configure()
    late = house.kept.reserve(order())
    house.spend(CENT)
    house.configure(daily())
    assert (house.stand().spent, house.stand().reserved) == (CENT, 2 * COST)
    for one in (early, late):
        house.kept.settle(one, COST)
    assert (house.stand().spent, house.stand().reserved) == (CENT + 2 * COST, 0)


def test_credit_outlives_another_configuration() -> None:
    house = House([daily()])
    house.kept.credit("cloud-account", "cloud", None, DOLLAR)
    made = house.kept.reserve(order())
    house.configure(daily(None))
    house.kept.settle(made, COST)
    assert house.stand("credit of cloud").room == DOLLAR - COST


# Telling


def test_a_step_is_told_once_and_again_when_it_is_over() -> None:
    house = House([daily(100 * CENT)])
    for _ in range(10):
        house.spend(9 * CENT)
    house.spend(5 * CENT)
    house.spend(7 * CENT)
    told = [Step.THRIFTY, Step.LEAN, Step.RESERVE, Step.FREE]
    assert house.steps == [("daily", step) for step in told]
    house.wall = MIDNIGHT
    house.kept.stands()
    house.kept.stands()
    assert house.steps[len(told) :] == [("daily", Step.NORMAL)]


def test_the_steps_of_a_dollar_a_day_are_told_as_well() -> None:
    house = House()
    house.spend(85 * CENT)
    assert house.steps == [("default", Step.THRIFTY)]


def test_where_a_budget_stands_is_not_told_at_a_restart_nor_when_it_is_set() -> None:
    who = spender(paid(), NOBODY)._replace(account="")
    house = House([daily()])
    house.kept.restore([Charge(who, 95 * CENT, house.calendar.day(NOON))], [Charge(who, 95 * CENT, 0, NOON)])
    house.configure(daily(96 * CENT))
    assert house.steps == []
    house.spend(CENT)
    house.spend(CENT)
    assert house.steps == [("daily", Step.FREE)]


# Starting again, and clocks that are set


def earlier(cost: int, wall: float, house: House) -> tuple[list[Charge], list[Charge]]:
    """What a ledger holds of it."""
    charge = Charge(spender(paid(), NOBODY)._replace(account=""), cost, house.calendar.day(wall), wall)
    return [charge], [charge]


def test_what_earlier_starts_have_spent_counts_for_its_own_windows() -> None:
    house = House([daily(), Budget("hourly", Window.HOUR, DOLLAR), Budget("monthly", Window.MONTH, DOLLAR)])
    for cost, wall in ((1, NOON + 1), (10, NOON - HOUR), (100, NOON - DAY), (1000, NOON - 40 * DAY)):
        house.kept.restore(*earlier(cost, wall, house))
    assert [one.spent for one in house.kept.stands()] == [11, 1, 111]


def test_a_clock_that_is_set_back_gives_nothing_back() -> None:
    house = House([daily(), Budget("hourly", Window.HOUR, DOLLAR)])
    house.spend(CENT)
    for back in (1, HOUR, DAY, 30 * DAY, 9000 * DAY):
        house.wall = NOON - back
        assert [one.spent for one in house.kept.stands()] == [CENT, CENT]
    house.wall = NOON
    assert [one.spent for one in house.kept.stands()] == [CENT, CENT]


def test_a_machine_that_starts_with_its_clock_behind_owes_what_it_spent_when_it_is_put_right() -> None:
    house = House([daily(), Budget("hourly", Window.HOUR, DOLLAR)], wall=NOON - 5 * DAY)
    house.kept.restore(*earlier(CENT, NOON, house))
    assert [one.spent for one in house.kept.stands()] == [CENT, CENT]
    house.wall = NOON + 60
    assert [one.spent for one in house.kept.stands()] == [CENT, CENT]
    assert house.ahead == []


def test_what_is_still_years_ahead_when_an_hour_is_over_is_todays() -> None:
    house = House([daily(), Budget("hourly", Window.HOUR, DOLLAR)], wall=NOON + 1000 * DAY)
    house.spend(CENT)
    house.wall = NOON
    assert [one.spent for one in house.kept.stands()] == [CENT, CENT]
    assert house.ahead == []
    house.wall = NOON + HOUR
    assert [one.spent for one in house.kept.stands()] == [CENT, CENT]
    assert house.ahead == [house.calendar.day(NOON)]
    house.wall = NOON + 2 * HOUR
    assert [one.spent for one in house.kept.stands()] == [CENT, 0]
    for later in (DAY, 1000 * DAY):
        house.wall = NOON + later
        assert house.stand().spent == 0
    assert len(house.ahead) == 1


def test_what_was_spent_is_kept_for_as_long_as_any_window_may_ask_for_it() -> None:
    house = House(
        [Budget("monthly", Window.MONTH, 10 * DOLLAR)], wall=datetime(2026, 1, 1, tzinfo=BERLIN).timestamp()
    )
    for hour in range(31 * 24):
        house.wall += HOUR if hour else 0
        house.spend(1)
    assert house.stand("monthly").spent == 31 * 24
