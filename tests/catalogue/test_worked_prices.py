"""What answers cost, worked by hand from the price that each provider's own page names.

A line is a model, what it used, and the sum as one would write it down: tokens times dollars per million.
"""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pointsman.catalogue.prices import packaged
from pointsman.discovery.prices import read_price
from pointsman.money import NANO, Usage

LIBRARY = packaged()
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
PEAK = NOON.replace(hour=7)

Line = tuple[Decimal | int, str]  # tokens, dollars per million


def dollars(*lines: Line) -> Decimal:
    return sum((tokens * Decimal(price) / 1_000_000 for tokens, price in lines), Decimal(0))


OPENAI = "https://api.openai.com/v1"  # platform.openai.com/docs/pricing
ANTHROPIC = "https://api.anthropic.com/v1"  # platform.claude.com/docs/en/about-claude/pricing
GEMINI = "https://generativelanguage.googleapis.com/v1beta/openai"  # ai.google.dev/gemini-api/docs/pricing
DEEPSEEK = "https://api.deepseek.com"  # api-docs.deepseek.com/quick_start/pricing
GROQ = "https://api.groq.com/openai/v1"  # groq.com/pricing
MISTRAL = "https://api.mistral.ai/v1"  # mistral.ai/pricing
XAI = "https://api.x.ai/v1"  # docs.x.ai/docs/models

WRITTEN = Usage(input=150_000, output=2_000, cache_read=80_000, cache_write=60_000, cache_write_hour=20_000)

WORKED = [
    (OPENAI, "gpt-4o", Usage(2_000, 300), NOON, dollars((2_000, "2.50"), (300, "10"))),
    (
        *(OPENAI, "gpt-5", Usage(10_000, 1_000, cache_read=8_000, reasoning=600), NOON),
        dollars((2_000, "1.25"), (8_000, "0.125"), (1_000, "10")),
    ),
    (
        *(OPENAI, "gpt-audio", Usage(1_000, 500, audio=900, audio_output=400), NOON),
        dollars((100, "2.50"), (900, "32"), (100, "10"), (400, "64")),
    ),
    (
        *(ANTHROPIC, "claude-sonnet-4-5", WRITTEN, NOON),
        dollars((10_000, "3"), (80_000, "0.30"), (40_000, "3.75"), (20_000, "6"), (2_000, "15")),
    ),
    (  # 201,000 tokens in all: every part of it is a long context's
        *(ANTHROPIC, "claude-sonnet-4-5", Usage(201_000, 1_000, 190_000, 10_000), NOON),
        dollars((1_000, "6"), (190_000, "0.60"), (10_000, "7.50"), (1_000, "22.50")),
    ),
    (
        *(ANTHROPIC, "claude-haiku-4-5", WRITTEN, NOON),
        dollars((10_000, "1"), (80_000, "0.10"), (40_000, "1.25"), (20_000, "2"), (2_000, "5")),
    ),
    (GEMINI, "gemini-2.5-pro", Usage(200_000, 1_000), NOON, dollars((200_000, "1.25"), (1_000, "10"))),
    (
        *(GEMINI, "gemini-2.5-pro", Usage(200_001, 1_000, cache_read=100_000), NOON),
        dollars((100_001, "2.50"), (100_000, "0.25"), (1_000, "15")),
    ),
    (
        *(GEMINI, "gemini-2.5-flash", Usage(5_000, 100, cache_read=1_000, audio=3_200), NOON),
        dollars((800, "0.30"), (1_000, "0.03"), (3_200, "1.00"), (100, "2.50")),
    ),
    (
        *(DEEPSEEK, "deepseek-v4-flash", Usage(10_000, 1_000, cache_read=9_000), NOON),
        dollars((1_000, "0.15"), (9_000, "0.003"), (1_000, "0.60")),
    ),
    (
        *(DEEPSEEK, "deepseek-v4-flash", Usage(10_000, 1_000, cache_read=9_000), PEAK),
        dollars((1_000, "0.30"), (9_000, "0.006"), (1_000, "1.20")),
    ),
    (
        *(GROQ, "openai/gpt-oss-120b", Usage(4_000, 500, cache_read=3_000), NOON),
        dollars((1_000, "0.15"), (3_000, "0.075"), (500, "0.60")),
    ),
    (
        *(MISTRAL, "mistral-medium-latest", Usage(4_000, 500), NOON),
        dollars((4_000, "1.50"), (500, "7.50")),
    ),
    (
        *(XAI, "grok-4-fast", Usage(4_000, 500, cache_read=1_000), NOON),
        dollars((3_000, "0.20"), (1_000, "0.05"), (500, "0.50")),
    ),
]


@pytest.mark.parametrize(("api", "name", "usage", "at", "worked"), WORKED, ids=lambda one: str(one)[:40])
def test_an_answer_costs_what_is_worked_by_hand(
    api: str, name: str, usage: Usage, at: datetime, worked: Decimal
) -> None:
    price = LIBRARY.price(api, name, at.date())
    assert price is not None
    assert usage.cost(price, at.timestamp()) == worked * NANO


ROUTED = {  # as https://openrouter.ai/api/v1/models told of them on 2026-08-22
    "anthropic/claude-sonnet-4.5": {
        "prompt": "0.000003",
        "completion": "0.000015",
        "web_search": "0.01",
        "input_cache_read": "0.0000003",
        "input_cache_write": "0.00000375",
        "input_cache_write_1h": "0.000006",
        "overrides": [
            {
                "min_prompt_tokens": 200000,
                "prompt": "0.000006",
                "completion": "0.0000225",
                "input_cache_read": "0.0000006",
                "input_cache_write": "0.0000075",
                "input_cache_write_1h": "0.000012",
            }
        ],
    },
    "google/gemini-2.5-flash": {
        "prompt": "0.0000003",
        "completion": "0.0000025",
        "image": "0.0000003",
        "audio": "0.000001",
        "input_audio_cache": "0.0000001",
        "internal_reasoning": "0.0000025",
        "input_cache_read": "0.00000003",
        "input_cache_write": "0.0000000833333333333333",
    },
    "openai/gpt-audio": {
        "prompt": "0.0000025",
        "completion": "0.00001",
        "audio": "0.000032",
        "audio_output": "0.000064",
    },
    "deepseek/deepseek-v4-flash-vision-exp": {
        "prompt": "0.00000044",
        "completion": "0.00000132",
        "input_cache_read": "0.000000014",
        "overrides": [
            {
                "utc_start": 1000,
                "utc_end": 100,
                "prompt": "0.00000022",
                "completion": "0.00000066",
                "input_cache_read": "0.000000007",
            },
        ],
    },
}
VISION = "deepseek/deepseek-v4-flash-vision-exp"


@pytest.mark.parametrize(
    ("name", "usage", "at", "worked"),
    [
        (
            *("anthropic/claude-sonnet-4.5", WRITTEN, NOON),
            dollars((10_000, "3"), (80_000, "0.30"), (40_000, "3.75"), (20_000, "6"), (2_000, "15")),
        ),
        (
            *("anthropic/claude-sonnet-4.5", Usage(200_000, 10, cache_read=150_000), NOON),
            dollars((50_000, "6"), (150_000, "0.60"), (10, "22.50")),
        ),
        (
            *("google/gemini-2.5-flash", Usage(5_000, 100, cache_read=1_000, audio=3_200), NOON),
            dollars((800, "0.30"), (1_000, "0.03"), (3_200, "1.00"), (100, "2.50")),
        ),
        (
            *("openai/gpt-audio", Usage(1_000, 500, audio=900, audio_output=400), NOON),
            dollars((100, "2.50"), (900, "32"), (100, "10"), (400, "64")),
        ),
        (VISION, Usage(1_000, 100, 500), NOON, dollars((500, "0.22"), (500, "0.007"), (100, "0.66"))),
        (VISION, Usage(1_000, 100, 500), PEAK, dollars((500, "0.44"), (500, "0.014"), (100, "1.32"))),
    ],
)
def test_an_answer_by_way_of_openrouter_costs_what_is_worked_by_hand(
    name: str, usage: Usage, at: datetime, worked: Decimal
) -> None:
    price = read_price({"id": name, "pricing": ROUTED[name]}, name).price
    assert price is not None
    assert "audio" not in price.unpriced
    assert usage.cost(price, at.timestamp()) == worked * NANO
