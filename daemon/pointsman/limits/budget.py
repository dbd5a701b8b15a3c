"""Money: set aside before a call, settled after it, counted by the user's own calendar.

Nobody awaits in here, so that what is checked still holds when it is set aside. In which window it is now is
looked up whenever somebody asks; nothing has to reset one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf

from pointsman.dates import Calendar, Window
from pointsman.errors import Unaffordable
from pointsman.funds import (
    CURVE,
    DEFAULT,
    NO_BUDGET,
    NOBODY,
    Budget,
    Caller,
    Charge,
    Purse,
    Scope,
    Spender,
    Stand,
    Turn,
    spender,
    wish,
)
from pointsman.limits.book import Book
from pointsman.limits.orders import Order, amount_of
from pointsman.steps import Step
from pointsman.types import Tier


@dataclass(frozen=True, slots=True, eq=False)
class Reservation:
    """What is set aside for one attempt, until it is settled."""

    who: Spender
    amount: int | None  # nano-dollars; None: its price is not known
    cap: int | None  # tokens that its answer may have; None: as many as it likes
    at: float  # wall clock
    day: int
    hour: float  # when it began, on the wall clock


class _Tally:
    """How one budget stands in the window that it is now."""

    def __init__(self, budget: Budget, covers: Callable[[Spender], bool] | None = None) -> None:
        self.budget = budget
        self.covers = covers or budget.scope.covers
        self.first = -inf  # the day, or the hour, from which on it counts
        self.ends: float | None = None  # wall clock
        self.spent = 0
        self.reserved = 0
        self.step = Step.NORMAL  # as it was told last

    def counts(self, one: Reservation) -> bool:
        label = one.hour if self.budget.window is Window.HOUR else one.day
        return label >= self.first and self.covers(one.who)

    def stand(self) -> Stand:
        return Stand(self.budget, self.spent, self.reserved, self.ends)


class Budgets:
    """`wall` tells the time of day.

    `on_step` hears of a budget that holds back more, or less, than before. `on_ahead` hears of the day that
    counts for all that come after the next one: they were told by a clock that was wrong.
    """

    def __init__(
        self,
        calendar: Calendar,
        wall: Callable[[], float],
        *,
        budgets: Iterable[Budget] = (),
        curve: Sequence[Turn] = CURVE,
        on_step: Callable[[Stand, Step], object] = lambda _stand, _step: None,
        on_ahead: Callable[[int], object] = lambda _day: None,
    ) -> None:
        self.calendar = calendar
        self._wall = wall
        self._on_step = on_step
        self._on_ahead = on_ahead
        self._book = Book()
        self._open: set[Reservation] = set()
        self._credits: dict[str, _Tally] = {}  # by account
        self._begins = self._ends = 0.0  # of this hour, on the wall clock
        self.configure(budgets, curve)

    def configure(self, budgets: Iterable[Budget], curve: Sequence[Turn]) -> None:
        """From now on these hold. What is spent, and what is set aside, counts as before."""
        self._curve = tuple(curve)
        self._tallies = [_Tally(budget) for budget in budgets]
        self._default = _Tally(DEFAULT, self._is_uncovered)
        self._count_anew()
        self._note_steps()

    def today(self) -> int:
        """An ordinal: of the day that this hour is in, which is why nobody has to look it up again."""
        self._turn()
        return self._book.day

    def stands(self) -> tuple[Stand, ...]:
        """How the budgets stand, and after them the credit that providers told of."""
        self._turn()
        return tuple(tally.stand() for tally in (*self._tallies, *self._credits.values()))

    def purse(self, caller: Caller = NOBODY, at_most: int | None = None) -> Purse:
        """`at_most`: what a request is to cost, by its own word."""
        wished = () if at_most is None else (Stand(wish(at_most), 0),)
        return Purse((*self.stands(), *wished), self._default.stand(), self._curve, caller)

    def reserve(self, order: Order) -> Reservation:
        """Leave to spend. Raises Unaffordable: a budget has not enough left, or none is set."""
        wall = self._turn()
        amount: int | None = 0
        cap = None
        if order.model.tier is Tier.PAID:
            funds = self.purse(order.caller, order.at_most).funds(order.model)
            if not funds.allowed:
                raise Unaffordable(NO_BUDGET)
            amount, cap = amount_of(order, funds)
        who, book = spender(order.model, order.caller), self._book
        made = Reservation(who, amount, cap, wall, book.day, book.hour)
        if amount:
            self._open.add(made)
            for tally in self._touched(made):
                tally.reserved += amount
        return made

    def settle(self, one: Reservation, cost: int) -> None:
        """What it came to, which counts for the window in which it was set aside. Once for each."""
        amount = one.amount or 0
        if amount:
            self._open.remove(one)
        if cost:
            self._book.add(one.who._replace(account=""), cost, day=one.day, hour=one.hour)
        for tally in self._touched(one):
            tally.reserved -= amount
            tally.spent += cost
        self._turn()
        self._tell_steps()

    def credit(self, account: str, name: str, limit: int | None, left: int) -> None:
        """A provider told what is left of an account's credit, and of how much."""
        most = max(limit or 0, left)
        # What has no price is for the user's own budgets to judge: nothing can be written down for this one.
        budget = Budget(f"credit of {name}", None, most, scope=Scope("account", account), unpriced=True)
        tally = self._credits[account] = _Tally(budget)
        tally.spent = most - left
        tally.reserved = self._reserved(tally)

    def forget_credit(self, account: str) -> None:
        """Nobody spends it any more, or its provider tells of no limit."""
        self._credits.pop(account, None)

    def restore(self, days: Iterable[Charge], hours: Iterable[Charge]) -> None:
        """What earlier starts have spent: by day; and once more, of the last hours, by the moment."""
        for charge in days:
            self._book.add(charge.who, charge.amount, day=charge.day)
        for charge in hours:
            hour = self.calendar.hour(charge.at).begins
            self._book.add(charge.who, charge.amount, hour=hour)
        self._count_anew()
        self._note_steps()

    @property
    def _windowed(self) -> list[_Tally]:
        """All but the credit."""
        return [*self._tallies, self._default]

    def _is_uncovered(self, who: Spender) -> bool:
        """By any budget of the user's own: it is the default's."""
        return not any(tally.covers(who) for tally in self._tallies)

    def _turn(self) -> float:
        """What time it is. If it is another hour, any other window may have begun as well."""
        wall = self._wall()
        if not self._begins <= wall < self._ends:
            self._count_anew()
            self._tell_steps()
        return wall

    def _count_anew(self) -> None:
        wall = self._wall()
        hour, day = self.calendar.hour(wall), self.calendar.day(wall)
        self._begins, self._ends = hour
        was_ahead = self._book.turn(day, hour.begins)
        for tally in self._windowed:
            window = tally.budget.window
            tally.first = self._book.first(window)
            tally.ends = self.calendar.span(window, wall).ends if window is not None else None
            tally.spent = self._book.spent(window, tally.covers)
            tally.reserved = self._reserved(tally)
        if was_ahead:
            self._on_ahead(day)

    def _reserved(self, tally: _Tally) -> int:
        return sum(one.amount or 0 for one in self._open if tally.counts(one))

    def _touched(self, one: Reservation) -> list[_Tally]:
        return [tally for tally in (*self._windowed, *self._credits.values()) if tally.counts(one)]

    def _tell_steps(self) -> None:
        for tally in self._note_steps():
            self._on_step(tally.stand(), tally.step)

    def _note_steps(self) -> list[_Tally]:
        """Those that changed."""
        changed = []
        for tally in self._windowed:
            before, tally.step = tally.step, tally.stand().step(self._curve)
            if tally.step is not before:
                changed.append(tally)
        return changed
