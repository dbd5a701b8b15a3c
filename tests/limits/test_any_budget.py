"""Whatever is spent, in whatever order, whatever the clock does: beside the budgets a plain list is kept."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from math import ceil

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pointsman.dates import Window
from pointsman.errors import Unaffordable
from pointsman.funds import CURVE, DEFAULT, Budget, Caller, Charge, Scope, Spender, Stand, Turn
from pointsman.limits.budget import Reservation
from pointsman.limits.orders import LEAST, Order
from pointsman.money import Price
from pointsman.steps import Step
from tests.limits.purses import BERLIN, DAY, HOUR, NOON, House, paid

CHEAP = Price(input=700_000, output=1_300_000)  # 0.7 and 1.3 nano-dollars a token: each of them matters
MODELS = [paid(name, CHEAP) for name in ("cloud/big", "cloud/small", "other/big")]
CALLERS = (Caller(), Caller(app="agent"), Caller("agent", "main", "ann"))
SCOPES = (
    Scope(),
    Scope("provider", "cloud"),
    Scope("model", "big"),
    Scope("app", "agent"),
    Scope("user", "ann"),
)
STARTS = (
    datetime(2026, 3, 28, 23, 40, tzinfo=BERLIN).timestamp(),
    datetime(2026, 10, 25, 1, 50, tzinfo=BERLIN).timestamp(),
    datetime(2026, 12, 31, 23, 59, 59, tzinfo=BERLIN).timestamp(),
    NOON,
)
STEPS = (1.0, 60.0, 0.6 * HOUR, HOUR, 5 * HOUR, DAY, 1.7 * DAY, 7 * DAY, 31 * DAY)

tokens = st.integers(0, 2000)
orders = st.builds(
    Order,
    st.sampled_from(MODELS),
    st.sampled_from(CALLERS),
    prompt=tokens,
    max_tokens=st.none() | tokens,
    most=st.just(3000),
    choices=st.integers(1, 2),
)
budgets = st.builds(
    Budget,
    st.just("some"),
    st.sampled_from(Window),
    st.none() | st.integers(0, 12_000),
    hard=st.sampled_from((True, True, False)),
    scope=st.sampled_from(SCOPES),
)
sets = st.lists(budgets, max_size=4).map(
    lambda some: [replace(one, name=f"budget-{number}") for number, one in enumerate(some)]
)


@dataclass
class Entry:
    """One attempt, as a ledger holds it. While it is open its amount counts."""

    who: Spender
    amount: int
    at: float
    day: int
    hour: float
    made: Reservation | None  # None: it is settled


def day_of(wall: float) -> int:
    return datetime.fromtimestamp(int(wall), BERLIN).toordinal()


def hour_of(wall: float) -> float:
    return wall // HOUR * HOUR  # where the clock is off by whole hours


def begins(window: Window | None, day: int) -> int:
    """The first day of the one that a day is in."""
    date = datetime.fromordinal(day)
    if window is Window.WEEK:
        return day - date.weekday()
    return day - date.day + 1 if window is Window.MONTH else day


class Spending(RuleBasedStateMachine):
    """A clock that goes on, and calls that come to no more than was set aside."""

    @initialize(some=sets, wall=st.sampled_from(STARTS))
    def start(self, some: list[Budget], wall: float) -> None:
        self.entries: list[Entry] = []
        self.credits: dict[str, int] = {}
        self.ahead: list[int] = []
        self.house = House(some, wall=wall)
        self.day, self.hour = day_of(wall), hour_of(wall)

    @rule(asked=orders)
    def reserve(self, asked: Order) -> None:
        stands = [one for one in self.covering(asked) if one.budget.hard]
        rooms = [one.room for one in stands if one.room is not None]
        answer = asked.max_tokens if asked.max_tokens is not None else LEAST
        least = ceil((asked.prompt * 7 + answer * asked.choices * 13) / 10)
        try:
            made = self.house.kept.reserve(asked)
        except Unaffordable:
            assert least > min(rooms)
            return
        assert made.amount is not None
        assert least <= made.amount <= min(rooms, default=made.amount)
        day, hour = day_of(self.house.wall), hour_of(self.house.wall)
        assert (made.day, made.hour) == (day, hour)
        self.entries.append(Entry(made.who, made.amount, self.house.wall, day, hour, made))

    @precondition(lambda self: any(one.made for one in self.entries))
    @rule(pick=st.integers(0), share=st.sampled_from((0.0, 0.3, 1.0)))
    def settle(self, pick: int, share: float) -> None:
        self.close(pick, share)

    def close(self, pick: int, share: float) -> None:
        under_way = [one for one in self.entries if one.made]
        entry = under_way[pick % len(under_way)]
        made, cost = entry.made, int(entry.amount * share)
        assert made is not None
        self.house.kept.settle(made, cost)
        entry.amount, entry.made = cost, None
        if entry.who.account in self.credits:
            self.credits[entry.who.account] -= cost

    @rule(seconds=st.sampled_from(STEPS))
    def go_on(self, seconds: float) -> None:
        self.set_clock(self.house.wall + seconds)

    @rule()
    def crash_and_restart(self) -> None:
        for one in self.entries:
            one.made, one.hour = None, hour_of(one.at)
        self.credits.clear()
        self.ahead.clear()
        self.house = House(self.house.budgets, self.house.curve, self.house.wall)
        charges = [
            Charge(one.who._replace(account=""), one.amount, one.day, one.at)
            for one in self.entries
            if one.amount
        ]
        self.house.kept.restore(charges, charges)
        assert self.house.steps == []

    def set_clock(self, wall: float) -> None:
        """What is too far ahead when another hour is over is taken for that hour's, and for that day's."""
        self.house.wall = wall
        self.house.kept.stands()
        is_over, self.day, self.hour = self.hour < hour_of(wall), day_of(wall), hour_of(wall)
        if is_over:
            settled = [one for one in self.entries if not one.made and one.amount]
            self.ahead += [self.day] * any(one.day > self.day + 1 for one in settled)
            for one in settled:
                one.hour = self.hour if one.hour > self.hour + HOUR else one.hour
                one.day = self.day if one.day > self.day + 1 else one.day

    def covering(self, asked: Order) -> Iterator[Stand]:
        endpoint = asked.model.endpoint
        assert endpoint.account is not None
        who = Spender(asked.model.id, endpoint.id, endpoint.provider, asked.caller, endpoint.account.id)
        stands = [one for one in self.house.kept.stands() if one.budget.scope.covers(who)]
        yield from stands
        default = self.house.kept.purse().default
        if default is not None and all(one.budget.scope.kind == "account" for one in stands):
            yield default

    def counting(self, budget: Budget) -> list[Entry]:
        """The entries that count for a budget in the window that it is now."""
        mine = [one for one in self.entries if self.covers(budget, one.who)]
        if budget.window is Window.HOUR:
            return [one for one in mine if one.hour >= self.hour]
        return [one for one in mine if one.day >= begins(budget.window, self.day)]

    def covers(self, budget: Budget, who: Spender) -> bool:
        if budget == DEFAULT:
            return not any(one.scope.covers(who) for one in self.house.budgets)
        return budget.scope.covers(who)

    @invariant()
    def budgets_stand_as_the_list_does(self) -> None:
        default = self.house.kept.purse().default
        assert default is not None
        for stand in (*self.house.kept.stands(), default):
            if stand.budget.window is None:
                continue
            counting = self.counting(stand.budget)
            assert stand.spent == sum(one.amount for one in counting if not one.made)
            assert stand.reserved == sum(one.amount for one in counting if one.made)

    @invariant()
    def credit_stands_as_it_was_told_less_what_was_spent_since(self) -> None:
        stands = [one for one in self.house.kept.stands() if one.budget.window is None]
        assert len(stands) == len(self.credits)
        for stand in stands:
            account = stand.budget.scope.name
            assert (stand.budget.limit or 0) - stand.spent == self.credits[account]
            assert stand.reserved == sum(
                one.amount for one in self.entries if one.made and one.who.account == account
            )

    @invariant()
    def days_that_were_too_far_ahead_are_told_of(self) -> None:
        assert self.house.ahead == self.ahead

    @invariant()
    def a_step_is_told_when_it_changes_and_only_then(self) -> None:
        for name in {name for name, _ in self.house.steps}:
            told = [step for one, step in self.house.steps if one == name]
            assert all(step is not after for step, after in pairwise(told))

    def teardown(self) -> None:
        if not hasattr(self, "house"):
            return
        while any(one.made for one in self.entries):
            self.close(0, 1.0)
        assert [one.reserved for one in self.house.kept.stands()] == [0] * len(self.house.kept.stands())


class Honest(Spending):
    @invariant()
    def no_window_of_any_budget_is_ever_overdrawn(self) -> None:
        for budget in self.house.budgets:
            if budget.limit is None or not budget.hard:
                continue
            sums = Counter[float]()
            for one in self.entries:
                if budget.scope.covers(one.who):
                    label = one.hour if budget.window is Window.HOUR else begins(budget.window, one.day)
                    sums[label] += one.amount
            assert max(sums.values(), default=0) <= budget.limit


class Wild(Spending):
    """Calls cost more than was thought, clocks are set, and all is configured anew in between."""

    @precondition(lambda self: any(one.made for one in self.entries))
    @rule(pick=st.integers(0), share=st.sampled_from((1.5, 40.0)))
    def settle_for_more(self, pick: int, share: float) -> None:
        self.close(pick, share)

    @rule(seconds=st.sampled_from(STEPS) | st.just(1000 * DAY))
    def set_clock_back(self, seconds: float) -> None:
        before = self.house.kept.stands()
        self.set_clock(self.house.wall - seconds)
        for was, now in zip(before, self.house.kept.stands(), strict=True):
            if was.room is not None:
                assert now.room is not None
                assert now.room <= was.room

    @rule(seconds=st.sampled_from((1000 * DAY, 3000 * DAY)))
    def set_clock_ahead(self, seconds: float) -> None:
        self.set_clock(self.house.wall + seconds)

    @rule(seconds=st.sampled_from(STEPS) | st.just(1000 * DAY), back=st.booleans())
    def set_clock_wrong_and_right_again(self, seconds: float, back: bool) -> None:
        before, told = self.house.kept.stands(), self.house.wall
        self.set_clock(told - seconds if back else told + seconds)
        self.set_clock(told)
        assert back is False or self.house.kept.stands() == before

    @rule(some=sets, curve=st.sampled_from((CURVE, (Turn(0.5, Step.LOCAL),), ())))
    def configure(self, some: list[Budget], curve: tuple[Turn, ...]) -> None:
        self.house.budgets, self.house.curve = some, curve
        self.house.kept.configure(some, curve)
        self.house.steps.clear()

    @rule(limit=st.none() | st.integers(0, 20_000), left=st.integers(-1000, 20_000))
    def hear_of_credit(self, limit: int | None, left: int) -> None:
        self.house.kept.credit("cloud-account", "cloud", limit, left)
        self.credits["cloud-account"] = left

    @rule()
    def forget_credit(self) -> None:
        self.house.kept.forget_credit("cloud-account")
        self.credits.clear()


def test_any_spending_on_a_clock_that_goes_on_stays_within_every_budget() -> None:
    run_state_machine_as_test(Honest, settings=settings(max_examples=80, stateful_step_count=40))


def test_any_spending_at_all_is_counted_as_a_plain_list_counts_it() -> None:
    run_state_machine_as_test(Wild, settings=settings(max_examples=120, stateful_step_count=40))
