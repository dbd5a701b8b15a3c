"""What is set aside covers whatever an attempt may come to; nothing here spends."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.errors import Unaffordable
from pointsman.funds import Funds, Stand
from pointsman.limits.orders import (
    FADES,
    LEAST,
    MARGIN,
    MEASURED,
    MOST_PER_BYTE,
    Order,
    Ratios,
    amount_of,
)
from pointsman.money import DAY, Price, PriceTier, Usage
from tests.limits.purses import DOLLAR, PRICE, daily, order, paid
from tests.routing.house import task

LIMITLESS = Funds(allowed=True)


def with_room(room: int) -> Funds:
    return Funds(allowed=True, tightest=Stand(daily(room), 0))


# What an attempt comes to at the most

MILLION = 1_000_000
costs = st.integers(0, 30_000 * MILLION)
prices = st.builds(
    Price,
    input=costs,
    output=costs,
    cache_read=st.none() | costs,
    cache_write=st.none() | costs,
    cache_write_hour=st.none() | costs,
    request=st.integers(0, DOLLAR),
)
clock = st.none() | st.integers(0, DAY)
tiers = st.builds(PriceTier, prices, st.integers(0, 3000), utc_start=clock, utc_end=clock)
tiered = st.builds(
    lambda price, tiers: replace(price, tiers=tuple(tiers)), prices, st.lists(tiers, max_size=3)
)
orders = st.builds(
    order,
    st.builds(lambda price: paid(price=price), tiered),
    st.none() | st.integers(0, 3000),
    prompt=st.integers(0, 4000),
    most=st.integers(0, 5000),
    choices=st.integers(1, 4),
    caches=st.booleans(),
    caches_for_hour=st.booleans(),
)
rooms = st.integers(0, DOLLAR // 100) | st.integers(0, 300 * DOLLAR)


def usage(data: st.DataObject, asked: Order, tokens: int) -> Usage:
    """One that an answer of so many tokens may report."""
    prompt = data.draw(st.integers(0, asked.prompt))
    minutes = data.draw(st.integers(0, prompt)) if asked.caches else 0
    hour = data.draw(st.integers(0, prompt - minutes)) if asked.caches_for_hour else 0
    return Usage(
        input=prompt,
        output=data.draw(st.integers(0, tokens * asked.choices)),
        cache_read=data.draw(st.integers(0, prompt - minutes - hour)),
        cache_write=minutes + hour,
        cache_write_hour=hour,
    )


@settings(max_examples=500)
@given(st.data(), orders, st.just(LIMITLESS) | rooms.map(with_room), st.floats(0, 10**10))
def test_what_is_set_aside_covers_any_usage_at_any_time_of_day(
    data: st.DataObject, asked: Order, funds: Funds, wall: float
) -> None:
    try:
        amount, cap = amount_of(asked, funds)
    except Unaffordable:
        return
    assert asked.model.price is not None
    assert amount is not None
    assert funds.room is None or amount <= funds.room
    tokens = asked.max_tokens if asked.max_tokens is not None else asked.most if cap is None else cap
    assert tokens <= asked.answer
    cost = usage(data, asked, tokens).cost(asked.model.price, wall)
    assert cost is None or cost <= amount


@given(orders, rooms)
def test_an_answer_gets_all_that_the_room_pays_for_and_nothing_beyond(asked: Order, room: int) -> None:
    asked = replace(asked, max_tokens=None, caches=False, caches_for_hour=False)
    price = replace(
        asked.model.price or PRICE, input=7 * MILLION, output=9 * MILLION, cache_read=None, tiers=()
    )
    asked = replace(asked, model=paid(price=price))

    def cost(tokens: int) -> int:
        return Usage(asked.prompt, tokens * asked.choices).cost(price, 0.0) or 0

    try:
        amount, cap = amount_of(asked, with_room(room))
    except Unaffordable:
        assert cost(min(LEAST, asked.most)) > room
        return
    assert amount == cost(cap or 0) <= room
    assert cap == (asked.most or None) or cost((cap or 0) + 1) > room


def test_a_prompt_may_be_charged_by_the_dearest_of_all_prices_that_may_hold() -> None:
    cheap, dear = Price(input=MILLION, output=0), Price(input=9 * MILLION, output=0)
    long = replace(cheap, tiers=(PriceTier(dear, above=1000),))
    assert amount_of(order(paid(price=long)), LIMITLESS) == (9000, None)
    assert amount_of(order(paid(price=long), prompt=999), LIMITLESS) == (999, None)
    assert amount_of(order(paid(price=replace(dear, tiers=(PriceTier(cheap, above=1000),)))), LIMITLESS) == (
        9000,
        None,
    )


def test_what_is_written_to_a_cache_is_thought_to_be_all_of_the_prompt() -> None:
    price = Price(
        input=2 * MILLION, output=0, cache_write=3 * MILLION, cache_write_hour=4 * MILLION, request=5
    )
    asked = order(paid(price=price))
    assert amount_of(asked, LIMITLESS) == (2005, None)
    assert amount_of(replace(asked, caches=True), LIMITLESS) == (3005, None)
    assert amount_of(replace(asked, caches=True, caches_for_hour=True), LIMITLESS) == (4005, None)


def test_a_tier_of_which_a_price_is_unknown_makes_the_whole_unknown() -> None:
    price = replace(PRICE, tiers=(PriceTier(Price(input=1), above=500),))
    assert amount_of(order(paid(price=price)), LIMITLESS) == (None, None)
    assert amount_of(order(paid(price=price), prompt=499), LIMITLESS) != (None, None)


# How many tokens a prompt may come to


def ceiling(*seen: int, of: int = 1000) -> int:
    """For a prompt of a thousand bytes, once prompts of so many bytes were seen to have so many tokens."""
    ratios = Ratios()
    for tokens in seen:
        ratios.learn("cloud/big", task(text_bytes=of), tokens)
    return ratios.ceiling("cloud/big", task(text_bytes=1000))


@given(st.lists(st.integers(0, 3000), max_size=20))
def test_a_prompt_is_never_thought_to_have_less_than_a_token_in_two_bytes(seen: list[int]) -> None:
    assert ceiling(*seen) >= 500


@given(st.lists(st.integers(0, 3000), max_size=5), st.integers(0, 3000))
def test_what_was_seen_last_is_believed_at_once(before: list[int], tokens: int) -> None:
    assert ceiling(*before, tokens) >= min(tokens, 1000 * MOST_PER_BYTE) * MARGIN - 1


def test_what_was_seen_once_fades_slowly() -> None:
    assert ceiling(1000) == 1200
    assert 1200 * (1 - FADES) <= ceiling(1000, 0) < 1200
    assert ceiling(1000, *[0] * 10) > 900
    assert ceiling(1000, *[0] * 100) == 500
    assert ceiling(*[600, 300] * 100) > 700


def test_a_short_prompt_tells_nothing() -> None:
    assert ceiling(MEASURED, of=MEASURED - 1) == 500
    assert ceiling(MEASURED, of=MEASURED) == 1200


def test_each_model_has_a_vocabulary_of_its_own() -> None:
    ratios = Ratios()
    ratios.learn("cloud/big", task(text_bytes=1000), 1000)
    assert ratios.ceiling("cloud/small", task(text_bytes=1000)) == 500


def test_what_is_no_text_of_a_prompt_comes_on_top() -> None:
    ratios = Ratios()
    pictured = task(text_bytes=1000, extra_tokens=800)
    assert ratios.ceiling("cloud/big", pictured) == 1300
    ratios.learn("cloud/big", pictured, 1800)
    assert ratios.ceiling("cloud/big", pictured) == 2000
    ratios.learn("cloud/big", pictured, 10)
    assert ratios.ceiling("cloud/big", task(text_bytes=1000)) > 1100
