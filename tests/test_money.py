from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pointsman.money import NOTHING_TO_PAY, Price, Usage, to_dollars, to_nano


@given(st.integers(0, 10**18))
def test_nano_dollars_come_back_from_their_dollars(nano: int) -> None:
    assert to_nano(Decimal(to_dollars(nano))) == nano


def test_dollars_have_no_digit_too_many() -> None:
    amounts = (0, 1, 150_000_000, 10 * 10**9)
    assert [to_dollars(nano) for nano in amounts] == ["0", "0.000000001", "0.15", "10"]


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
    assert usage.cost(PRICED) == 100 * 3 + 600 * 1 + 200 * 4 + 100 * 6 + 10 * 15


def test_what_an_unknown_price_would_charge_is_unknown() -> None:
    usage = Usage(input=10, cache_write=5, cache_write_hour=5)
    assert usage.cost(replace(PRICED, cache_write=None)) == 5 * 3 + 5 * 6
    assert usage.cost(replace(PRICED, cache_write_hour=None)) is None
    assert Usage(input=10, cache_write=5).cost(replace(PRICED, cache_write=None)) is None
    assert Usage(input=10, cache_read=5).cost(replace(PRICED, cache_read=None)) == 10 * 3


@given(st.builds(Usage, *[st.integers(0, 10**9)] * 6))
def test_whatever_is_reported_costs_no_less_than_nothing_and_nothing_where_nothing_is_to_pay(
    usage: Usage,
) -> None:
    assert (usage.cost(PRICED) or 0) >= usage.output * 15
    assert usage.cost(NOTHING_TO_PAY) == 0
