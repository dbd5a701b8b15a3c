"""Models that have budgets of their own, among many that have none."""

import pytest

from pointsman.calls import Outlook, Wanted
from pointsman.dates import Window
from pointsman.funds import Budget, Funds, Purse, Scope, Stand
from pointsman.money import NANO, Price
from pointsman.routing.policy import decide
from pointsman.types import Model, Tier
from tests.routing.house import endpoint, model, snapshot, task

AT = endpoint("mine", provider="cloud")
MANY = [
    model(f"mine/{number}", endpoint=AT, tier=Tier.PAID, price=Price(number + 1, 1)) for number in range(500)
]
DAY = Stand(Budget("day", Window.DAY, NANO), 0)


class Asked(Purse):
    """Notes of whom it is asked."""

    def __init__(self, *stands: Stand) -> None:
        super().__init__(stands)
        self.__dict__["models"] = []

    def funds(self, model: Model) -> Funds:
        self.__dict__["models"].append(model.id)
        return super().funds(model)


@pytest.mark.parametrize("name", ["mine/7", "cloud/7", "7"])
def test_one_with_a_budget_of_its_own_is_looked_at_by_itself_and_the_others_together(name: str) -> None:
    purse = Asked(DAY, Stand(Budget("seven", Window.DAY, 0, scope=Scope("model", name)), 0))
    decision = decide("d", Wanted("auto", chosen=True), task(), snapshot(*MANY), Outlook(purse=purse))
    (excluded,) = decision.excluded
    assert excluded.models == ("mine/7",)
    assert len(decision.candidates) == len(MANY) - 1
    assert len(purse.__dict__["models"]) == 2


def test_where_it_is_the_only_one_nobody_else_is_looked_at() -> None:
    purse = Asked(DAY, Stand(Budget("seven", Window.DAY, 0, scope=Scope("model", "mine/7")), 0))
    decision = decide("d", Wanted("auto", chosen=True), task(), snapshot(MANY[7]), Outlook(purse=purse))
    assert (len(decision.candidates), purse.__dict__["models"]) == (0, ["mine/7"])
