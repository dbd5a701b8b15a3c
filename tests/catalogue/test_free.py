"""Which requests are counted before they are made, and by what."""

from dataclasses import replace

import pytest

from pointsman.catalogue.free import allowances
from pointsman.types import Account, Model, Tier
from tests.routing.house import endpoint, model

ACCOUNT = Account("openrouter-1", "sk")
AT = endpoint("openrouter", account=ACCOUNT)
GIFT = model("openrouter/gift", endpoint=AT, tier=Tier.FREE)
NOBODY_SAYS: dict[str, int] = {}


def told(one: Model, **most: int) -> list[tuple[int, str, str]]:
    return [(limit.count, limit.span, limit.what) for limit in allowances(one, most)]


def test_what_is_free_is_counted_as_its_row_says() -> None:
    assert told(GIFT) == [(20, "minute", "free requests"), (50, "day", "free requests")]


@pytest.mark.parametrize(
    "one",
    [
        replace(GIFT, tier=Tier.PAID),
        replace(GIFT, tier=Tier.LOCAL),
        replace(GIFT, endpoint=endpoint("openrouter")),
        replace(GIFT, endpoint=endpoint("nobody-knows", account=ACCOUNT)),
    ],
    ids=["paid", "local", "without a key", "of no row"],
)
def test_what_costs_money_runs_here_or_has_no_key_is_not_counted(one: Model) -> None:
    assert told(one) == []


def test_a_users_limit_holds_for_all_models_of_a_place_and_no_other() -> None:
    paid = replace(GIFT, tier=Tier.PAID)
    assert told(paid, openrouter=7) == [(7, "minute", "requests (rate_limit_rpm)")]
    assert told(paid, groq=7) == []


def test_of_two_limits_of_a_minute_the_smaller_holds() -> None:
    assert told(GIFT, openrouter=7)[0] == (7, "minute", "requests (rate_limit_rpm)")
    assert told(GIFT, openrouter=7)[1:] == [(50, "day", "free requests")]
    assert told(GIFT, openrouter=21) == told(GIFT)
