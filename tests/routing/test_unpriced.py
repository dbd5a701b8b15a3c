"""Whose price is not known where a budget is to be kept."""

from pointsman.calls import Outlook, Wanted
from pointsman.dates import Window
from pointsman.funds import Budget, Purse, Stand
from pointsman.money import NANO, Price
from pointsman.routing.policy import decide
from pointsman.types import Ability, Tier
from tests.routing.house import endpoint, model, snapshot, task

AT = endpoint("cloud")
MODELS = [
    model(f"cloud/{name}", endpoint=AT, tier=Tier.PAID, price=price)
    for name, price in (
        ("whole", Price(NANO, NANO)),
        ("read", Price(NANO)),
        ("written", Price(None, NANO)),
        ("none", None),
    )
]
OUTLOOK = Outlook(purse=Purse((Stand(Budget("day", Window.DAY, NANO), 0),)))


def asked(needs: Ability) -> set[str]:
    decision = decide("d", Wanted("auto", chosen=True), task(needs=needs), snapshot(*MODELS), OUTLOOK)
    assert {one.rule for one in decision.excluded} == {"unpriced"}
    return {one.model.name for one in decision.candidates}


def test_words_cost_what_is_read_and_what_is_written() -> None:
    assert asked(Ability.CHAT) == {"whole"}


def test_vectors_cost_what_is_read() -> None:
    assert asked(Ability.EMBEDDINGS) == {"whole", "read"}
