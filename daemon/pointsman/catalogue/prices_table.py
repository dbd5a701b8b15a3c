"""Writes `prices.json` from the `genai-prices` package: `python -m pointsman.catalogue.prices_table`.

Only whoever makes Pointsman runs it; the package is not needed to use it. Left out are

- hosts whose own lists tell their prices and are always had (OpenRouter, Vercel), and whoever passes on to
  the APIs of others (clouds for companies, brokers);
- open.bigmodel.cn: its prices in the package are the lowest of several, changed from yuan at a fixed rate;
- what is not sold by tokens of text in and out: by the hour, the page, the search or the character;
- what draws, since its answers cost otherwise than text;
- prices of zero, and those that ended before the table was written.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import ROUND_CEILING, Decimal
from importlib.metadata import distribution
from types import MappingProxyType
from typing import Any

import msgspec
from genai_prices import types as given
from genai_prices.data import providers

from pointsman.catalogue.prices import PACKAGED, Clause, Entry, Period, Row, Table
from pointsman.money import NANO, Price

PACKAGE = "genai-prices"

HOSTS: Mapping[str, str] = MappingProxyType(  # of an API that takes OpenAI's or Anthropic's requests
    {
        "api.openai.com": "openai",
        "api.anthropic.com": "anthropic",
        "generativelanguage.googleapis.com": "google",
        "api.groq.com": "groq",
        "api.deepseek.com": "deepseek",
        "api.mistral.ai": "mistral",
        "api.together.xyz": "together",
        "api.cerebras.ai": "cerebras",
        "api.x.ai": "x-ai",
        "api.z.ai": "zai",
        "api.moonshot.ai": "moonshotai",
        "api.minimax.io": "minimax",
        "api.fireworks.ai": "fireworks",
        "api.novita.ai": "novita",
        "api.cohere.ai": "cohere",
    }
)
COSTS: Mapping[str, str] = MappingProxyType(
    {
        "input_mtok": "input",
        "output_mtok": "output",
        "cache_read_mtok": "cache_read",
        "cache_write_mtok": "cache_write",
        "cache_write_1h_mtok": "cache_write_hour",
        "input_audio_mtok": "audio",
        "output_audio_mtok": "audio_output",
    }
)
MARKS: Mapping[str, str] = MappingProxyType(
    {"equals": "=", "starts_with": "^", "ends_with": "$", "contains": "*"}
)
APART: Mapping[str, str] = MappingProxyType(  # what costs otherwise than its tokens would as text
    {
        "input_image_mtok": "images",
        "cache_image_read_mtok": "images",
        "input_video_mtok": "video",
        "web_searches_kcount": "web search",
        "storage_searches_kcount": "file search",
    }
)


CACHED_AUDIO = "cache_audio_read_mtok"


def render(written: date) -> bytes:
    """The file, as it would be written on that day."""
    package = distribution(PACKAGE)
    licence = next(file for file in package.files or () if file.name == "LICENSE")
    known = {provider.id: provider for provider in providers}
    hosts = {host: tuple(_entries(known[name], written)) for host, name in HOSTS.items()}
    table = Table(f"{PACKAGE} {package.version}", written, licence.read_text(), hosts)
    return msgspec.json.encode(table).replace(b']]]],[["', b']]]],\n[["') + b"\n"


def _entries(provider: given.Provider, written: date) -> Iterator[Entry]:
    """A model without a price stays: else a looser name after it would give it another's."""
    for model in provider.models:
        yield Entry(tuple(_names(model.match)), tuple(_periods(model.prices, written)))


def _names(match: given.MatchLogic) -> list[Clause]:
    """Any of these is one of its names."""
    if isinstance(match, given.ClauseOr):
        return [name for one in match.or_ for name in _names(one)]
    if isinstance(match, given.ClauseAnd):
        return [tuple(_only(name) for one in match.and_ for name in _names(one))]
    if isinstance(match, given.ClauseRegex):
        return ["~" + match.regex]
    return [
        next(f"{mark}{getattr(match, key)}".lower() for key, mark in MARKS.items() if hasattr(match, key))
    ]


def _only(clause: Clause) -> str:
    if not isinstance(clause, str):
        raise TypeError(f"a name that is made of {clause} within another has no place in the table")
    return clause


def _periods(prices: given.ModelPrice | Sequence[given.ConditionalPrice], written: date) -> Iterator[Period]:
    """From the one in force when the table is written to the last that is announced."""
    conditional = [given.ConditionalPrice(prices=prices)] if isinstance(prices, given.ModelPrice) else prices
    begins = {
        one.constraint.start_date
        for one in conditional
        if isinstance(one.constraint, given.StartDateConstraint)
    }
    past = max((day for day in begins if day <= written), default=None)
    for since in (past, *sorted(day for day in begins if day > written)):
        yield Period(since, tuple(_rows(_active(conditional, since))))


def _active(prices: Sequence[given.ConditionalPrice], day: date | None) -> list[given.ConditionalPrice]:
    """The plain price on that day, and those for a time of day that come after it. The last one counts."""
    active = [prices[0]]
    for one in prices[1:]:
        if isinstance(one.constraint, given.TimeOfDateConstraint):
            active.append(one)
        elif one.constraint is None or (day is not None and one.constraint.start_date <= day):
            active = [one]
    return active


def _rows(prices: Sequence[given.ConditionalPrice]) -> Iterator[Row]:
    """The plain price first, then its tiers; none if it can't be told in tokens of text."""
    if not all(_is_told(one.prices) for one in prices):
        return
    for one in prices:
        start, end = _times(one.constraint)
        for above in sorted({0, *_limits(one.prices)}):
            yield _row(one.prices, above, start, end)


def _is_told(price: given.ModelPrice) -> bool:
    costs = _given(price)
    tokens = [cost for key, cost in costs.items() if key in COSTS]
    return (
        "input_mtok" in costs
        and costs.keys() <= {*COSTS, *APART, CACHED_AUDIO}
        and any(map(_at_most, tokens))
    )


def _given(price: given.ModelPrice) -> dict[str, Decimal | given.TieredPrices]:
    return {key: cost for key, cost in vars(price).items() if cost is not None}


def _at_most(cost: Decimal | given.TieredPrices) -> Decimal:
    return (
        max(cost.base, *(tier.price for tier in cost.tiers)) if isinstance(cost, given.TieredPrices) else cost
    )


def _limits(price: given.ModelPrice) -> Iterator[int]:
    """The smallest prompts that cost otherwise; the package counts from the token after its limit."""
    for cost in _given(price).values():
        if isinstance(cost, given.TieredPrices):
            yield from (tier.start + 1 for tier in cost.tiers)


def _row(price: given.ModelPrice, above: int, start: int | None, end: int | None) -> Row:
    costs = _given(price)
    nano: dict[str, Any] = {COSTS[key]: _nano(cost, above) for key, cost in costs.items() if key in COSTS}
    words = [APART[key] for key in costs if key in APART]
    if CACHED_AUDIO in costs and not Price(**nano).covers_cached_audio(_nano(costs[CACHED_AUDIO], above)):
        words.append("audio")
    return Row(**nano, unpriced=tuple(dict.fromkeys(words)), above=above, utc_start=start, utc_end=end)


def _nano(cost: Decimal | given.TieredPrices, above: int) -> int:
    if isinstance(cost, given.TieredPrices):
        reached = [tier.price for tier in cost.tiers if tier.start < above]
        cost = reached[-1] if reached else cost.base
    return int((cost * NANO).to_integral_value(ROUND_CEILING))


def _times(constraint: object) -> tuple[int | None, int | None]:
    if not isinstance(constraint, given.TimeOfDateConstraint):
        return None, None
    return _seconds(constraint.start_time), _seconds(constraint.end_time)


def _seconds(clock: time) -> int:
    """After midnight in UTC."""
    if clock.utcoffset():
        raise ValueError(f"{clock} is not in UTC")
    return clock.hour * 3600 + clock.minute * 60 + clock.second


if __name__ == "__main__":
    PACKAGED.write_bytes(render(datetime.now(UTC).date()))
    sys.stdout.write(f"{PACKAGED.name}: {PACKAGED.stat().st_size:,} bytes\n")
