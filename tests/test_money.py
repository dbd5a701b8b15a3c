from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pointsman.money import to_dollars, to_nano


@given(st.integers(0, 10**18))
def test_nano_dollars_come_back_from_their_dollars(nano: int) -> None:
    assert to_nano(Decimal(to_dollars(nano))) == nano


def test_dollars_have_no_digit_too_many() -> None:
    amounts = (0, 1, 150_000_000, 10 * 10**9)
    assert [to_dollars(nano) for nano in amounts] == ["0", "0.000000001", "0.15", "10"]
