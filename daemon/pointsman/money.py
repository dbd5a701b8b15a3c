"""Prices, tokens and what they come to: integers throughout, in nano-dollars."""

from dataclasses import dataclass
from decimal import Decimal

NANO = 1_000_000_000  # nano-dollars in a dollar


@dataclass(frozen=True, slots=True)
class Price:
    """Nano-dollars per million tokens; `request` and `image` are nano-dollars each."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_hour: int | None = None  # what is kept for an hour instead of minutes
    request: int = 0


NOTHING_TO_PAY = Price(input=0, output=0, cache_read=0, cache_write=0, cache_write_hour=0)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens. `input` counts all of the prompt, what was read from a cache or written to one included.

    `cache_write_hour`: how much of `cache_write` is kept for an hour.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_hour: int = 0
    reasoning: int = 0
    estimated: bool = False

    def cost(self, price: Price) -> int | None:
        """Nano-dollars, rounded up once; None when a price that is needed is unknown.

        A provider that reports more of the prompt cached than there was of it is charged for no less. To
        write to a cache costs more than the prompt itself: no other price stands in for that one.
        """
        parts = (
            (max(self.input - self.cache_read - self.cache_write, 0), price.input),
            (self.cache_read, price.input if price.cache_read is None else price.cache_read),
            (max(self.cache_write - self.cache_write_hour, 0), price.cache_write),
            (self.cache_write_hour, price.cache_write_hour),
            (self.output, price.output),
        )
        sums = [tokens * per_million for tokens, per_million in parts if tokens and per_million is not None]
        if len(sums) < sum(1 for tokens, _ in parts if tokens):
            return None
        return -(-sum(sums) // 1_000_000) + price.request


def to_nano(usd: Decimal) -> int:
    """Exact for an amount with at most 9 decimals."""
    return int(usd * NANO)


def to_dollars(nano: int) -> str:
    """Exact: `3000000000` is `3`, `150000000` is `0.15`."""
    whole, part = divmod(nano, NANO)
    return f"{whole}.{part:09d}".rstrip("0").rstrip(".")
