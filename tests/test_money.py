from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.money import DAY, NOTHING_TO_PAY, Price, PriceTier, Usage, to_dollars, to_nano, unpriced_for


@given(st.integers(0, 10**18))
def test_nano_dollars_come_back_from_their_dollars(nano: int) -> None:
    assert to_nano(Decimal(to_dollars(nano))) == nano


def test_dollars_have_no_digit_too_many() -> None:
    amounts = (0, 1, 150_000_000, 10 * 10**9)
    assert [to_dollars(nano) for nano in amounts] == ["0", "0.000000001", "0.15", "10"]


NOON = 12 * 3600.0
TOKEN = 1_000_000  # of a price per million: one nano-dollar a token
PRICED = Price(
    input=3 * TOKEN,
    output=15 * TOKEN,
    cache_read=TOKEN,
    cache_write=4 * TOKEN,
    cache_write_hour=6 * TOKEN,
)


def test_each_token_of_a_prompt_is_charged_once_and_for_what_was_done_with_it() -> None:
    usage = Usage(input=1000, output=10, cache_read=600, cache_write=300, cache_write_hour=100)
    assert usage.cost(PRICED, NOON) == 100 * 3 + 600 * 1 + 200 * 4 + 100 * 6 + 10 * 15


def test_what_an_unknown_price_would_charge_is_unknown() -> None:
    usage = Usage(input=10, cache_write=5, cache_write_hour=5)
    assert usage.cost(replace(PRICED, cache_write=None), NOON) == 5 * 3 + 5 * 6
    assert usage.cost(replace(PRICED, cache_write_hour=None), NOON) is None
    assert Usage(input=10, cache_write=5).cost(replace(PRICED, cache_write=None), NOON) is None
    assert Usage(input=10, cache_read=5).cost(replace(PRICED, cache_read=None), NOON) == 10 * 3


SPOKEN = replace(PRICED, audio=32 * TOKEN, audio_output=64 * TOKEN)


def test_audio_costs_its_own_price_or_what_text_does() -> None:
    usage = Usage(input=100, output=50, audio=80, audio_output=40)
    assert usage.cost(SPOKEN, NOON) == 20 * 3 + 80 * 32 + 10 * 15 + 40 * 64
    assert usage.cost(PRICED, NOON) == 100 * 3 + 50 * 15


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (Usage(100, cache_read=30, audio=60), 10 * 3 + 30 * 1 + 60 * 32),
        (Usage(100, cache_read=60, audio=60), 40 * 1 + 60 * 32),
        (Usage(100, cache_read=100, audio=100), 100 * 32),
        (Usage(100, cache_read=20, cache_write=50, audio=60), 50 * 4 + 50 * 32),
        (Usage(100, cache_write=100, audio=100), 100 * 4),
        (Usage(10, cache_read=20, audio=5), 15 * 1 + 5 * 32),
        (Usage(10, 5, audio=99, audio_output=99), 10 * 32 + 5 * 64),
    ],
)
def test_what_was_cached_and_is_audio_too_is_charged_once(usage: Usage, cost: int) -> None:
    assert usage.cost(SPOKEN, NOON) == cost


@pytest.mark.parametrize(
    ("unpriced", "wanted", "told"),
    [
        ((), (), ()),
        (("web search", "file search", "audio", "images", "video"), (), ()),
        (("web search", "images"), ("images",), ("images",)),
        (("fast", "another provider behind it"), (), ("fast", "another provider behind it")),
        ((), ("audio", "images", "video"), ()),
        ((), ("web search", "service tier"), ("service tier", "web search")),
        (("web search",), ("web search", "inference region"), ("web search", "inference region")),
    ],
)
def test_what_nobody_can_price_is_told_to_who_wants_it(
    unpriced: tuple[str, ...], wanted: tuple[str, ...], told: tuple[str, ...]
) -> None:
    assert unpriced_for(Price(unpriced=unpriced), frozenset(wanted)) == told


FIGURES = st.integers(0, 10**9)


@given(st.builds(Usage, *[FIGURES] * 4, audio=FIGURES, audio_output=FIGURES))
def test_every_token_is_charged_and_none_twice(usage: Usage) -> None:
    """At one nano-dollar a token, whatever it is, a request costs as many as there are tokens."""
    flat = Price(TOKEN, TOKEN, TOKEN, TOKEN, TOKEN, TOKEN, TOKEN)
    most = max(usage.input, usage.cache_read + usage.cache_write)  # who reports more cached than there was
    assert usage.input <= (usage.cost(flat, NOON) or 0) - usage.output <= most


def test_audio_in_a_cache_is_covered_where_audio_is_dear_enough() -> None:
    assert SPOKEN.covers_cached_audio(30 * TOKEN)
    assert not SPOKEN.covers_cached_audio(31 * TOKEN)
    assert PRICED.covers_cached_audio(TOKEN)
    assert not PRICED.covers_cached_audio(2 * TOKEN)
    assert not Price(audio=TOKEN).covers_cached_audio(0)


USAGES = st.builds(Usage, *[st.integers(0, 10**9)] * 8)


@given(USAGES)
def test_whatever_is_reported_costs_no_less_than_nothing_and_nothing_where_nothing_is_to_pay(
    usage: Usage,
) -> None:
    assert (usage.cost(PRICED, NOON) or 0) >= usage.output * 15
    assert usage.cost(NOTHING_TO_PAY, NOON) == 0


LONG = 200_001  # tokens of the first prompt that is charged as a long one
DEAR = Price(6 * TOKEN, 30 * TOKEN, 2 * TOKEN, 8 * TOKEN, 12 * TOKEN)
CHEAP = Price(TOKEN, TOKEN, TOKEN, TOKEN, TOKEN)
BY_SIZE = replace(PRICED, tiers=(PriceTier(DEAR, above=LONG),))
AT_NIGHT = PriceTier(CHEAP, utc_start=23 * 3600, utc_end=6 * 3600)
BY_HOUR = replace(PRICED, tiers=(AT_NIGHT,))


def test_a_long_prompt_is_charged_whole_and_its_answer_too() -> None:
    assert Usage(LONG - 1, 10).cost(BY_SIZE, NOON) == (LONG - 1) * 3 + 10 * 15
    assert Usage(LONG, 10).cost(BY_SIZE, NOON) == LONG * 6 + 10 * 30


def test_what_was_read_from_a_cache_counts_for_a_prompts_length() -> None:
    assert Usage(LONG, 0, cache_read=LONG - 1).cost(BY_SIZE, NOON) == 1 * 6 + (LONG - 1) * 2


def test_a_time_of_day_holds_from_its_first_second_to_before_its_last_on_every_day() -> None:
    for day in (0, DAY, 20_000 * DAY):
        hours = {
            second: Usage(1).cost(BY_HOUR, day + second) for second in (0, 21_599, 21_600, 82_799, 82_800)
        }
        assert hours == {0: 1, 21_599: 1, 21_600: 3, 82_799: 3, 82_800: 1}


def test_a_time_of_day_that_ends_where_it_begins_is_all_day() -> None:
    for start, end in ((0, DAY), (3_600, 3_600)):
        always = replace(PRICED, tiers=(PriceTier(CHEAP, utc_start=start, utc_end=end),))
        assert {Usage(1).cost(always, float(second)) for second in (0, 3_599, 3_600, 80_000)} == {1}


def test_of_prices_that_hold_at_once_the_last_one_counts() -> None:
    size, night = PriceTier(DEAR, above=LONG), AT_NIGHT
    assert Usage(LONG).cost(replace(PRICED, tiers=(size, night)), 0.0) == LONG
    assert Usage(LONG).cost(replace(PRICED, tiers=(night, size)), 0.0) == LONG * 6


def test_the_least_a_request_can_cost_is_at_the_cheapest_hour_and_of_what_is_known() -> None:
    assert Usage(10).cost_least(BY_HOUR) == 10 * 1
    unknown = replace(BY_HOUR, tiers=(*BY_HOUR.tiers, PriceTier(Price(), utc_start=0, utc_end=1)))
    assert Usage(10).cost_least(unknown) == 10 * 1
    assert Usage(10).cost_least(Price()) is None


COSTS = st.integers(0, 10**14)
PRICES = st.builds(Price, *[COSTS] * 7, request=st.integers(0, 10**9))
TIERS = st.builds(
    PriceTier, PRICES, st.integers(0, 10**6), utc_start=st.integers(0, DAY), utc_end=st.integers(0, DAY)
)
TIERED = st.builds(
    lambda price, tiers: replace(price, tiers=tuple(tiers)), PRICES, st.lists(TIERS, max_size=4)
)
MOMENTS = st.floats(0, 10**10)


@given(USAGES, TIERED, MOMENTS)
def test_a_cost_is_a_whole_number_that_the_least_is_never_above(
    usage: Usage, price: Price, wall: float
) -> None:
    cost, least = usage.cost(price, wall), usage.cost_least(price)
    assert isinstance(cost, int)
    assert least is not None
    assert 0 <= least <= cost


@given(USAGES, TIERED, MOMENTS, st.integers(0, 10**6))
def test_a_longer_answer_never_costs_less(usage: Usage, price: Price, wall: float, more: int) -> None:
    less, longer = usage.cost(price, wall), replace(usage, output=usage.output + more).cost(price, wall)
    assert less is not None
    assert longer is not None
    assert less <= longer


@given(USAGES, MOMENTS, st.integers(0, 10**6))
def test_a_longer_prompt_never_costs_less_where_long_ones_are_no_cheaper(
    usage: Usage, wall: float, more: int
) -> None:
    less = usage.cost(BY_SIZE, wall)
    longer = replace(usage, input=usage.input + more).cost(BY_SIZE, wall)
    assert less is not None
    assert longer is not None
    assert less <= longer


@given(USAGES, PRICES)
def test_rounding_up_costs_less_than_a_nano_dollar(usage: Usage, price: Price) -> None:
    usage = replace(usage, audio=0, audio_output=0)
    plain = max(usage.input - usage.cache_read - usage.cache_write, 0)
    exact = (
        Decimal(plain * (price.input or 0))
        + usage.cache_read * (price.cache_read or 0)
        + max(usage.cache_write - usage.cache_write_hour, 0) * (price.cache_write or 0)
        + usage.cache_write_hour * (price.cache_write_hour or 0)
        + usage.output * (price.output or 0)
    ) / TOKEN + price.request
    cost = usage.cost(price, NOON)
    assert cost is not None
    assert 0 <= cost - exact < 1
