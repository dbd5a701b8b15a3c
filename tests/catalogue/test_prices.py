"""The packaged table, held against the package it was written from, and what may not be in it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from importlib.metadata import version
from typing import TypeGuard

import genai_prices
import msgspec
import pytest
from genai_prices import types as given
from genai_prices.data import providers

from pointsman.catalogue.prices import PACKAGED, Library, Table, known_prices, packaged
from pointsman.catalogue.prices_table import HOSTS, PACKAGE, render
from pointsman.catalogue.providers import PROVIDERS
from pointsman.money import NANO, Price, Usage

LARGEST = 200_000  # bytes of the table
TABLE = msgspec.json.decode(PACKAGED.read_bytes(), type=Table)
LIBRARY = packaged()

# What a request may have used. More than 272,000 tokens is beyond every limit that a tier has.
USED = (
    Usage(input=1_000, output=1_000),
    Usage(input=90_000, output=7, cache_read=80_000),
    Usage(input=300_000, output=12_345, cache_read=250_001, cache_write=3),
    Usage(input=150_000, output=1, cache_read=10, cache_write=100_000, cache_write_hour=40_000),
    Usage(input=7),  # of texts made into vectors
    Usage(input=5_000, output=1_000, audio=3_000, audio_output=900),
)
LEAST_COMPARED = dict(zip(USED, (500, 500, 30, 20, 500, 10), strict=True))  # models
HOURS = (0, 2, 12)  # around each of the times of day that have a price


def models() -> Iterator[tuple[str, str, str]]:
    """Host, provider and a name for each model of the package that has a name of its own."""
    known = {provider.id: provider for provider in providers}
    for host, name in HOSTS.items():
        for model in known[name].models:
            yield from ((host, name, word) for word in names(model.match))


def names(match: given.MatchLogic) -> list[str]:
    clauses = match.or_ if isinstance(match, given.ClauseOr) else [match]
    return [
        clause.equals if isinstance(clause, given.ClauseEquals) else clause.starts_with
        for clause in clauses
        if isinstance(clause, given.ClauseEquals | given.ClauseStartsWith)
    ][:2]


def reported(usage: Usage) -> given.Usage:
    """The same in the package's words."""
    return given.Usage(
        input_tokens=usage.input,
        output_tokens=usage.output,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write,
        cache_write_1h_tokens=usage.cache_write_hour,
        input_audio_tokens=usage.audio,
        output_audio_tokens=usage.audio_output,
    )


def theirs(usage: Usage, provider: str, name: str, at: datetime) -> int:
    """What the package itself makes of it, in nano-dollars."""
    told = genai_prices.calc_price(reported(usage), name, provider_id=provider, genai_request_timestamp=at)
    return int((told.total_price * NANO).to_integral_value(ROUND_CEILING))


def days() -> tuple[date, ...]:
    """When it was written, and after each change of a price that was known of then."""
    begins = {
        period.since
        for entries in TABLE.hosts.values()
        for entry in entries
        for period in entry.periods
        if period.since is not None and period.since > TABLE.written
    }
    return (TABLE.written, *sorted(begins))


def test_the_table_is_that_of_the_installed_package() -> None:
    assert TABLE.source == f"{PACKAGE} {version(PACKAGE)}", "run python -m pointsman.catalogue.prices_table"
    assert render(TABLE.written) == PACKAGED.read_bytes()


def test_the_table_is_small_and_carries_its_licence() -> None:
    assert len(PACKAGED.read_bytes()) < LARGEST
    assert "MIT License" in TABLE.licence
    assert "Copyright" in TABLE.licence


def is_told(price: Price | None, usage: Usage) -> TypeGuard[Price]:
    """The package takes a price that it lacks for nothing, or for another's; Pointsman for unknown."""
    return price is not None and usage.cost(price, 0.0) is not None


@pytest.mark.parametrize("usage", USED, ids=str)
def test_every_known_price_comes_to_what_the_package_makes_of_it(usage: Usage) -> None:
    compared = set()
    for host, provider, name in models():
        for day in days():
            price = LIBRARY.price(f"https://{host}/v1", name, day)
            if not is_told(price, usage):
                continue
            for hour in HOURS:
                at = datetime.combine(day, time(hour), UTC)
                ours = usage.cost(price, at.timestamp())
                assert ours == theirs(usage, provider, name, at), (host, name, at)
            compared.add((host, name))
    assert len(compared) >= LEAST_COMPARED[usage]


def test_a_day_later_than_all_that_is_known_has_the_last_price() -> None:
    far = days()[-1] + timedelta(days=3_650)
    for host, _, name in models():
        api = f"https://{host}"
        assert LIBRARY.price(api, name, far) == LIBRARY.price(api, name, days()[-1])


def test_nothing_in_it_is_free_or_below_zero() -> None:
    rows = [
        row
        for entries in TABLE.hosts.values()
        for entry in entries
        for period in entry.periods
        for row in period.rows
    ]
    assert rows
    for row in rows:
        assert row.input is not None
        assert row.input + (row.output or 0) > 0
        assert min(row.input, row.output or 0, row.cache_read or 0, row.cache_write or 0, row.above) >= 0


def test_what_is_not_sold_by_tokens_of_text_has_no_price() -> None:
    unknown = ("whisper-1", "tts-1", "gpt-live-1", "omni-moderation-latest")
    api = "https://api.openai.com/v1"
    assert [LIBRARY.price(api, name, TABLE.written) for name in unknown] == [None] * len(unknown)


def test_what_costs_otherwise_than_text_is_named() -> None:
    price = LIBRARY.price(
        "https://generativelanguage.googleapis.com/v1beta", "gemini-2.5-flash", TABLE.written
    )
    assert price is not None
    assert price.unpriced == ("web search",)
    assert price.audio == NANO


@pytest.mark.parametrize(
    ("api", "name"),
    [
        ("https://api.openai.com/v1", "a-model-nobody-has-heard-of"),
        ("https://elsewhere.example/v1", "gpt-4o"),
        ("unix:/run/a.sock", "gpt-4o"),
        ("", "gpt-4o"),
        ("https://api.openai.com/v1", ""),
        ("https://api.openai.com/v1", "\N{SNOWMAN}" * 500),
    ],
)
def test_whom_it_does_not_know_has_no_price(api: str, name: str) -> None:
    assert LIBRARY.price(api, name, TABLE.written) is None
    assert Library().price(api, name, TABLE.written) is None


def test_a_name_is_known_in_the_spellings_of_lists() -> None:
    google, anthropic = (
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "https://api.anthropic.com/v1",
    )
    plain = LIBRARY.price(google, "gemini-2.5-pro", TABLE.written)
    assert plain is not None
    assert LIBRARY.price(google, "models/gemini-2.5-pro", TABLE.written) == plain
    dated = LIBRARY.price(anthropic, "claude-haiku-4-5-20251001", TABLE.written)
    assert dated == LIBRARY.price(anthropic, "claude-haiku-4-5", TABLE.written) is not None


def test_clouds_whose_lists_name_no_price_are_known_by_their_rows() -> None:
    """Zhipu's prices are left out, OpenRouter and Vercel tell theirs."""
    hosts = {row.base_url.split("/")[2] for row in PROVIDERS if row.base_url}
    assert hosts - HOSTS.keys() == {"openrouter.ai", "ai-gateway.vercel.sh", "open.bigmodel.cn"}


def test_a_price_with_two_tiers_is_read_to_the_unit() -> None:
    price = LIBRARY.price("https://generativelanguage.googleapis.com/v1beta", "gemini-2.5-pro", TABLE.written)
    assert price is not None
    most = Usage(200_000, 1_000)
    assert most.cost(price, 0.0) == NANO * (Decimal("0.25") + Decimal("0.010"))
    assert Usage(200_001, 0).cost(price, 0.0) == 200_001 * 2_500


def test_a_price_that_is_announced_holds_from_its_day_on() -> None:
    host, name, first = next(
        (host, clause[1:], entry.periods[1].since)
        for host, entries in TABLE.hosts.items()
        for entry in entries
        for clause in entry.names
        if len(entry.periods) > 1 and isinstance(clause, str) and clause.startswith("=")
    )
    assert first is not None
    midnight = datetime.combine(first, time(), UTC).timestamp()
    before = known_prices(lambda: midnight - 1)(f"https://{host}", name)
    after = known_prices(lambda: midnight)(f"https://{host}", name)
    assert before != after
    assert after == LIBRARY.price(f"https://{host}", name, first)
