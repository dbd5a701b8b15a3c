"""Models that cost money, and budgets on a clock that a test sets."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pointsman.dates import Calendar, Window
from pointsman.errors import Unaffordable
from pointsman.funds import CURVE, NOBODY, Budget, Caller, Stand, Turn
from pointsman.limits.budget import Budgets, Reservation
from pointsman.limits.orders import Order
from pointsman.money import NANO, Price
from pointsman.steps import Step
from pointsman.types import Account, FoundBy, Model, Tier
from tests.routing.house import endpoint, model

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 18, 12, tzinfo=BERLIN).timestamp()  # a Wednesday's
HOUR, DAY = 3600.0, 86_400.0
CENT = NANO // 100
DOLLAR = NANO
MIDNIGHT = NOON + DAY / 2
PRICE = Price(input=1000 * 10**6, output=1000 * 10**6)  # a thousand nano-dollars a token


def paid(id: str = "cloud/big", price: Price | None = PRICE, **facts: Any) -> Model:  # noqa: A002 - the field is called so
    """Of a place that is written into the configuration, if `facts` say nothing else."""
    name = id.partition("/")[0]
    at = replace(
        endpoint(name), found_by=FoundBy.CONFIG, account=Account(f"{name}-account", "sk-secret"), **facts
    )
    return model(id, endpoint=at, tier=Tier.PAID, price=price)


def order(of: Model | None = None, max_tokens: int | None = 1000, **facts: Any) -> Order:
    """A thousand tokens are asked for and a thousand may come back, two million nano-dollars in all."""
    usual = Order(of or paid(), NOBODY, prompt=1000, max_tokens=max_tokens, most=4000)
    return replace(usual, **facts)


COST = 2_000_000  # what `order()` may come to


def daily(limit: int | None = DOLLAR, **facts: Any) -> Budget:
    return replace(Budget("daily", Window.DAY, limit), **facts)


@dataclass
class House:
    """Budgets, the time of day, and what they told of."""

    budgets: Sequence[Budget] = ()
    curve: tuple[Turn, ...] = CURVE
    wall: float = NOON
    steps: list[tuple[str, Step]] = field(default_factory=list)
    ahead: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.calendar = Calendar(BERLIN)
        self.kept = Budgets(
            self.calendar,
            lambda: self.wall,
            budgets=self.budgets,
            curve=self.curve,
            on_step=lambda stand, step: self.steps.append((stand.budget.name, step)),
            on_ahead=self.ahead.append,
        )

    def spend(self, cost: int, of: Model | None = None, caller: Caller = NOBODY) -> None:
        """Whatever it is that may be spent: what came of a call is charged."""
        at = replace(of or paid(), price=replace(PRICE, input=0, output=0))
        self.kept.settle(self.kept.reserve(order(at, caller=caller)), cost)

    def admits(self, asked: Order) -> bool:
        """Nothing is set aside for it."""
        try:
            self.kept.settle(self.kept.reserve(asked), 0)
        except Unaffordable:
            return False
        return True

    def refusal(self, asked: Order) -> str:
        """In its own words."""
        with pytest.raises(Unaffordable) as refused:
            self.kept.reserve(asked)
        return refused.value.message

    def admitted(self, orders: Sequence[Order]) -> list[Reservation]:
        found = []
        for one in orders:
            try:
                found.append(self.kept.reserve(one))
            except Unaffordable:
                continue
        return found

    def stand(self, name: str = "daily") -> Stand:
        return next(one for one in self.kept.stands() if one.budget.name == name)

    def configure(self, *budgets: Budget) -> None:
        self.kept.configure(budgets, self.curve)
