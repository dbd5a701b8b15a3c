"""What a list of models says that they cost. Pure.

Three shapes are known, told apart by their own keys; of any other the unit would be a guess, and the price
stays unknown. What can't be read, or is negative, makes the whole price unknown: none is ever half known.

- OpenRouter, and whoever copies it: texts, USD per token. `overrides` hold for long prompts or at a time of
  day; of those that hold a later one wins key by key, and what none of them names costs as it does otherwise:
  https://openrouter.ai/docs/client-sdks/python/components/pricingoverride, read 2026-11-21. Times are
  as on a clock, 1000 for ten: so come DeepSeek's dearer hours, 01:00 to 04:00 and 06:00 to 10:00 in UTC.
- Vercel: texts, USD per token, with a list of tiers beside each key.
- Together: numbers, USD per million tokens. A zero there is no price: what runs by the hour has it too.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from itertools import chain, islice
from types import MappingProxyType
from typing import Any, NamedTuple

from pointsman.discovery.fields import count, inner, is_int, word
from pointsman.money import NOTHING_TO_PAY, Price, PriceTier

PER_TOKEN = 15  # powers of ten between USD per token and nano-dollars per million tokens
PER_MILLION = 9
EACH = 9
DEAREST = 10**15  # nano-dollars per million tokens, a dollar for each: beyond it is no price
MOST_TIERS = 32
FREE = re.compile(r"[:-]free$", re.IGNORECASE)
AMOUNT = re.compile(r"(?:\d{1,9}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,2})?", re.ASCII)

Fields = Mapping[str, str]  # a list's keys, and what they are called in a Price

ROUTED: Fields = MappingProxyType(
    {
        "prompt": "input",
        "completion": "output",
        "input_cache_read": "cache_read",
        "input_cache_write": "cache_write",
        "input_cache_write_1h": "cache_write_hour",
        "audio": "audio",
        "audio_output": "audio_output",
    }
)
TIERED: Fields = MappingProxyType(
    {
        "input": "input",
        "output": "output",
        "input_cache_read": "cache_read",
        "input_cache_write": "cache_write",
        "audio_input_token_cost": "audio",
        "audio_output_token_cost": "audio_output",
    }
)
# What may be charged otherwise than as tokens of text: the word for it, and the key whose price is the same.
BESIDE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "image": ("images", "prompt"),
        "image_output": ("images", "completion"),
        "web_search": ("web search", ""),
        "image_dimension_quality_pricing": ("images", ""),
        "maps_search": ("web search", ""),
        "varies_by_provider": ("another provider behind it", ""),
    }
)
CACHED_AUDIO = "input_audio_cache"
CONDITIONS = ("min_prompt_tokens", "utc_start", "utc_end")
# Whose cost is in the price, or is none of a request's. Any other key is taken for a cost, unless it is zero.
KNOWN_ROUTED = frozenset({*ROUTED, CACHED_AUDIO, "request", "internal_reasoning", "overrides"})
KNOWN_OVERRIDE = frozenset({*ROUTED, CACHED_AUDIO, *CONDITIONS})
KNOWN_TIERED = frozenset({*TIERED, *(f"{key}_tiers" for key in TIERED)})
KNOWN_BY_MILLION = frozenset({"input", "output", "finetune"})
MOST_WORDS = 16
UNNAMED = "something without a proper name"
MIDNIGHT = 2400


class Unreadable(ValueError):
    """It says something of its price, and that is none."""


class Tag(NamedTuple):
    """What a model costs as its list says. `broken`: it says something, and that can't be used."""

    price: Price | None = None
    free: bool = False
    broken: bool = False


def read_price(entry: Mapping[str, object], name: str) -> Tag:
    """Free is what costs nothing in any way, or what is called so and names no price."""
    pricing = inner(entry, "pricing")
    try:
        price = _price(pricing, name)
    except Unreadable:
        return Tag(broken=True)
    if price is None:
        return Tag(free=not pricing and name.endswith(":free"))
    return Tag(NOTHING_TO_PAY, free=True) if _is_nothing(price) else Tag(price)


def nano(value: object, power: int = PER_TOKEN) -> int:
    """Rounded up where it is no whole number of nano-dollars. Raises Unreadable."""
    text = str(value) if isinstance(value, int | float) else value
    if isinstance(value, bool) or not isinstance(text, str) or not AMOUNT.fullmatch(text):
        raise Unreadable
    amount = int(Decimal(text).scaleb(power).to_integral_value(ROUND_CEILING))
    if amount > DEAREST:
        raise Unreadable
    return amount


def parts(pricing: Mapping[str, object], fields: Fields) -> dict[str, Any]:
    """Those that are given."""
    return {field: nano(pricing[key]) for key, field in fields.items() if pricing.get(key) is not None}


def _price(pricing: Mapping[str, object], name: str) -> Price | None:
    """None: it names no price, or none whose unit is known."""
    if isinstance(pricing.get("prompt"), str):
        return _routed(pricing)
    if "hourly" in pricing:
        return _by_million(pricing, name)
    return _tiered(pricing) if isinstance(pricing.get("input"), str) else None


def _routed(pricing: Mapping[str, object]) -> Price:
    """Reasoning is part of the answer: where it costs more than the rest, all of it is taken to."""
    base = parts(pricing, ROUTED)
    thinking = nano(pricing.get("internal_reasoning") or "0")
    if "output" in base:
        base["output"] = max(base["output"], thinking)
    request = nano(pricing.get("request") or "0", EACH)
    plain = Price(**base, request=request, unpriced=_unpriced(pricing, KNOWN_ROUTED))
    return replace(
        _with_cached_audio(plain, pricing),
        tiers=tuple(_overrides(plain, pricing, _rows(pricing, "overrides"))),
    )


def _with_cached_audio(price: Price, pricing: Mapping[str, object]) -> Price:
    """Audio is charged as if no cache had held it: what costs more in a cache is not priced."""
    if (cost := pricing.get(CACHED_AUDIO)) is None or price.covers_cached_audio(nano(cost)):
        return price
    return replace(price, unpriced=tuple(dict.fromkeys(("audio", *price.unpriced))))


def _rows(pricing: Mapping[str, object], key: str) -> Sequence[Mapping[str, object]]:
    rows = [] if pricing.get(key) is None else pricing[key]
    if not isinstance(rows, list) or len(rows) > MOST_TIERS or not all(isinstance(row, dict) for row in rows):
        raise Unreadable
    return rows


def _overrides(
    base: Price, pricing: Mapping[str, object], entries: Sequence[Mapping[str, object]]
) -> Iterator[PriceTier]:
    """Each with the keys of those before it that hold whenever it does."""
    before: list[tuple[PriceTier, dict[str, Any]]] = []
    for entry in entries:
        when, own = _when(entry, base), parts(entry, ROUTED)
        held = {key: cost for tier, costs in before if _within(when, tier) for key, cost in costs.items()}
        before.append((when, own))
        words = tuple(dict.fromkeys((*base.unpriced, *_unpriced({"prompt": "", **entry}, KNOWN_OVERRIDE))))
        price = replace(base, **(held | own), unpriced=words)
        yield replace(when, price=_with_cached_audio(price, {**pricing, **entry}))


def _when(entry: Mapping[str, object], price: Price) -> PriceTier:
    """A condition that nobody knows would make a guess of the price."""
    if any(key not in CONDITIONS and not isinstance(value, str) for key, value in entry.items()):
        raise Unreadable
    above, start, end = (entry.get(key) for key in CONDITIONS)
    if above is not None and not is_int(above):
        raise Unreadable
    if (start is None) is not (end is None) or (above is None and start is None):
        raise Unreadable
    times = (None, None) if start is None else (_seconds(start), _seconds(end))
    return PriceTier(price, max(0, above or 0), *times)


def _seconds(clock: object) -> int:
    """`1030` is half past ten."""
    if not is_int(clock) or not 0 <= clock <= MIDNIGHT or clock % 100 >= 60:
        raise Unreadable
    return clock // 100 * 3600 + clock % 100 * 60


def _within(one: PriceTier, other: PriceTier) -> bool:
    """Whether the other holds whenever this one does."""
    same_time = (one.utc_start, one.utc_end) == (other.utc_start, other.utc_end)
    return one.above >= other.above and (other.utc_start is None or same_time)


def _unpriced(pricing: Mapping[str, object], known: frozenset[str]) -> tuple[str, ...]:
    """Words for what costs otherwise than its tokens would as text, and for what nobody knows."""
    words = (
        told
        for key, (told, same) in BESIDE.items()
        if _costs(pricing.get(key)) and pricing.get(key) != pricing.get(same)
    )
    unknown = (
        word(key) or UNNAMED
        for key, value in pricing.items()
        if key not in known and key not in BESIDE and _may_cost(value)
    )
    return tuple(dict.fromkeys(islice(chain(words, unknown), MOST_WORDS)))


def _may_cost(value: object) -> bool:
    try:
        return _costs(value)
    except Unreadable:
        return True


def _costs(value: object) -> bool:
    return nano(value, EACH) > 0 if isinstance(value, str) and value else bool(value)


def _tiered(pricing: Mapping[str, object]) -> Price:
    plain = Price(**parts(pricing, TIERED), unpriced=_unpriced(pricing, KNOWN_TIERED))
    steps = {key: _steps(_rows(pricing, f"{key}_tiers")) for key in TIERED}
    mins = sorted({least for costs in steps.values() for least in costs if least})
    return replace(plain, tiers=tuple(PriceTier(_step(plain, steps, least), least) for least in mins))


def _steps(tiers: Sequence[Mapping[str, object]]) -> Mapping[int, int]:
    """What each costs, by the tokens from which on it does."""
    return {count(tier.get("min")) or 0: nano(tier.get("cost")) for tier in tiers}


def _step(plain: Price, steps: Mapping[str, Mapping[int, int]], least: int) -> Price:
    def holding(costs: Mapping[int, int]) -> int | None:
        return costs[max(reached)] if (reached := [start for start in costs if start <= least]) else None

    costs: dict[str, Any] = {
        TIERED[key]: cost for key, own in steps.items() if (cost := holding(own)) is not None
    }
    return replace(plain, **costs)


def _by_million(pricing: Mapping[str, object], name: str) -> Price | None:
    cost, answers = nano(pricing.get("input"), PER_MILLION), nano(pricing.get("output"), PER_MILLION)
    price = Price(cost, answers, unpriced=_unpriced(pricing, KNOWN_BY_MILLION))
    return price if cost or answers or FREE.search(name) else None


def _is_nothing(price: Price) -> bool:
    """To read and to write, each stated, and whatever else there is: all of it zero."""
    writes = (price.cache_write, price.cache_write_hour)
    costs = (price.cache_read, *writes, price.audio, price.audio_output, price.request)
    return (
        price.input == 0
        and price.output == 0
        and not any(costs)
        and not price.unpriced
        and all(_is_nothing(tier.price) for tier in price.tiers)
    )
