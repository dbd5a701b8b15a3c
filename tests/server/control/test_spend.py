"""GET spend."""

from datetime import date
from typing import Any

import pytest

from pointsman.errors import BadRequest
from pointsman.money import NANO, Price
from pointsman.server.control.shapes import SpendRowShape, SpendShape
from pointsman.server.control.spend import first_day
from pointsman.types import Grade, Model, Tier
from tests.server.control.conftest import Client, House, endpoint, model
from tests.server.control.spent import Sums, one

TODAY = date(2026, 11, 21).toordinal()  # a Saturday


async def told(client: Client, query: str = "") -> SpendShape:
    response = await client.get(f"/control/v0/spend{query}")
    assert response.status == 200
    answer: SpendShape = await response.json()
    assert answer.keys() == SpendShape.__annotations__.keys()
    return answer


def paid(name: str, grade: Grade = Grade.REASONING, **changes: Any) -> Model:
    price = Price(input=3 * NANO, output=15 * NANO, cache_read=NANO)
    return model(endpoint("cloud", tier=Tier.PAID), name, **{"grade": grade, "price": price} | changes)


async def know(house: House, *models: Model) -> None:
    house.find(models[0].endpoint, *models)
    await house.rooms.sweeper.sweep("test")


async def test_without_a_word_it_tells_of_this_month_by_model(sums: Sums, client: Client) -> None:
    sums.by["model"] = (
        one("cloud/big", cost=5, input_tokens=100, output_tokens=20, cache_read=50, attempts=2, reserved=1),
        one("local/tiny", requests=3, attempts=3, input_tokens=7, unpriced=1),
    )
    answer = await told(client)
    assert (answer["by"], answer["drift"], answer["savings"]) == ("model", [], None)
    assert [row["key"] for row in answer["rows"]] == ["cloud/big", "local/tiny"]
    assert answer["total"] == SpendRowShape(
        key="",
        requests=4,
        attempts=5,
        input_tokens=107,
        output_tokens=20,
        cache_read=50,
        cost=5,
        reserved=1,
        unpriced=1,
    )
    _, first, until = sums.asked[0]
    assert answer["since"] == date.fromordinal(first).isoformat()
    assert (date.fromordinal(first).day, until) == (1, None)


async def test_what_it_is_told_by_and_since_when_can_be_asked_for(sums: Sums, client: Client) -> None:
    sums.by["day"] = (one("2026-11-01"),)
    answer = await told(client, "?by=day&since=2026-11-01")
    assert (answer["by"], answer["since"], answer["rows"][0]["key"]) == ("day", "2026-11-01", "2026-11-01")
    assert (await told(client, "?since=all"))["since"] is None


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?by=colour", "by is one of model, provider, app, role, kind, user, day, tier, not 'colour'"),
        ("?since=yesterday", "since is a date such as 2026-11-01, or one of today, week, month, year, all"),
        ("?since=2026-02-30", "since is a date such as"),
        ("?since=9999-01-01", "since 9999-01-01 nothing was spent: that day is yet to come"),
    ],
)
async def test_what_makes_no_sense_is_told_what_does(
    sums: Sums, client: Client, query: str, said: str
) -> None:
    response = await client.get(f"/control/v0/spend{query}")
    assert response.status == 400
    assert said in (await response.json())["error"]["message"]


@pytest.mark.parametrize(
    ("since", "first"),
    [
        ("today", date(2026, 11, 21)),
        ("week", date(2026, 11, 16)),
        ("month", date(2026, 11, 1)),
        ("year", date(2026, 1, 1)),
        ("all", date.min),
        ("2025-12-31", date(2025, 12, 31)),
    ],
)
def test_since_is_a_word_or_a_date(since: str, first: date) -> None:
    assert first_day(since, TODAY) == first.toordinal()


def test_tomorrow_is_yet_to_come() -> None:
    assert first_day("2026-11-21", TODAY) == TODAY
    with pytest.raises(BadRequest):
        first_day("2026-11-22", TODAY)


async def test_a_provider_that_is_more_than_two_per_cent_off_is_told_of(sums: Sums, client: Client) -> None:
    sums.by["provider"] = (
        one("dearer", told=1021, told_priced=1000),
        one("near", told=1020, told_priced=1000),
        one("cheaper", told=979, told_priced=1000),
        one("free after all", told=0, told_priced=5),
        one("silent"),
    )
    drift = (await told(client))["drift"]
    assert [each["provider"] for each in drift] == ["dearer", "cheaper", "free after all"]
    assert drift[0] == {"provider": "dearer", "told": 1021, "priced": 1000}


async def test_what_was_saved_is_held_against_the_cheapest_of_the_best(
    sums: Sums, client: Client, house: House
) -> None:
    await know(
        house,
        paid("weak", Grade.ROUTINE, price=Price(input=1, output=1)),
        paid("dear", price=Price(input=9 * NANO, output=9 * NANO)),
        paid("best"),
        paid("unknown", price=None),
        paid("half", price=Price(input=0)),
    )
    sums.by["model"] = (
        one("cloud/weak", input_tokens=1_000_000, cost=NANO),
        one("local/tiny", input_tokens=3_000_000, output_tokens=1_000_000, cache_read=2_000_000),
    )
    savings = (await told(client))["savings"]
    would_cost = (2 * 3 + 15 + 2 * 1) * NANO
    assert savings == {"model": "cloud/best", "would_cost": would_cost, "saved": would_cost - NANO}


async def test_nobody_says_what_was_saved_where_it_is_not_known_what_was_spent(
    sums: Sums, client: Client, house: House
) -> None:
    await know(house, paid("best", price=Price(input=NANO, output=NANO, request=10)))
    sums.by["model"] = (one(requests=4, input_tokens=1_000_000, unpriced=1),)
    savings = (await told(client))["savings"]
    assert savings == {"model": "cloud/best", "would_cost": NANO + 40, "saved": None}


async def test_a_ledger_that_can_not_be_read_is_told(sums: Sums, client: Client) -> None:
    sums.broken = True
    response = await client.get("/control/v0/spend")
    assert response.status == 500
    assert (await response.json())["error"]["message"] == "the ledger is damaged"
