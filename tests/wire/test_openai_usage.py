"""Usage in the words of each provider of OpenAI's dialect, and what it comes to."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.money import MOST, NANO, Price, Usage
from pointsman.wire.openai_answer import read_answer
from pointsman.wire.openai_stream import StreamReader
from pointsman.wire.openai_usage import MOST_THOUGHTS, MOST_TOKENS, read_usage

MODEL = "cloud/model"
SAID = {"index": 0, "finish_reason": "stop"}
PRICE = Price(3 * NANO, 15 * NANO, NANO, 4 * NANO, audio=32 * NANO, audio_output=64 * NANO)


COUNTED: dict[str, Any] = {"prompt_tokens": 100, "completion_tokens": 10}


def read(**told: Any) -> Usage | None:
    return read_usage(msgspec.Raw(json.dumps(COUNTED | told).encode()))


def cost(told: str) -> int | None:
    usage = read_usage(msgspec.Raw(b'{"prompt_tokens":1,"cost":%b}' % told.encode()))
    assert usage is not None, "tokens are known whatever the cost is"
    return usage.told


@pytest.mark.parametrize("tokens", [-1, MOST_TOKENS + 1, 10**30, 1.5, "7", True])
def test_a_count_that_no_answer_has_tells_nothing(tokens: object) -> None:
    assert read(completion_tokens=tokens) is None


def test_two_costs_are_no_more_than_the_ledger_holds() -> None:
    assert cost('1e6,"is_byok":true,"cost_details":{"upstream_inference_cost":1e6}') == MOST


OPENAI = {
    "total_tokens": 110,
    "prompt_tokens_details": {"cached_tokens": 64, "audio_tokens": 20},
    "completion_tokens_details": {"reasoning_tokens": 4, "audio_tokens": 5, "accepted_prediction_tokens": 0},
}
XAI = {"total_tokens": 150, "completion_tokens_details": {"reasoning_tokens": 40}}
GEMINI = {"total_tokens": 515}
DEEPSEEK = {"total_tokens": 110, "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36}
GROQ = {
    "total_tokens": 110,
    "queue_time": 0.01,
    "total_time": 0.2,
    "prompt_tokens_details": {"cached_tokens": 50},
}
OPENROUTER = {
    "total_tokens": 110,
    "cost": 0.00095,
    "is_byok": False,
    "cost_details": {"upstream_inference_cost": 0.00095},
    "prompt_tokens_details": {"cached_tokens": 10, "cache_write_tokens": 30, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}
WORDS = [
    (OPENAI, Usage(100, 10, cache_read=64, reasoning=4, audio=20, audio_output=5)),
    (XAI, Usage(100, 50, reasoning=40)),
    (GEMINI, Usage(100, 415, reasoning=405)),
    (DEEPSEEK, Usage(100, 10, cache_read=64)),
    (GROQ, Usage(100, 10, cache_read=50)),
    (OPENROUTER, Usage(100, 10, cache_read=10, cache_write=30, told=950_000)),
]


@pytest.mark.parametrize(("told", "usage"), WORDS)
def test_each_providers_words_are_understood(told: dict[str, Any], usage: Usage) -> None:
    assert read(**told) == usage


@pytest.mark.parametrize(("told", "_usage"), WORDS)
def test_a_stream_costs_what_the_same_plain_answer_does(told: dict[str, Any], _usage: Usage) -> None:
    usage = COUNTED | told
    body = {"choices": [SAID | {"message": {"content": "Hi"}}], "usage": usage}
    plain = read_answer(json.dumps(body).encode(), MODEL)
    streams = (
        [{"choices": [SAID | {"delta": {"content": "Hi"}}]}, {"choices": [], "usage": usage}],
        [{"choices": [SAID | {"delta": {"content": "Hi"}}], "usage": usage}],
        [
            {"choices": [{"index": 0, "delta": {"content": "Hi"}}], "usage": {"prompt_tokens": 100}},
            {"choices": [SAID | {"delta": {}}], "usage": usage},
        ],
        [{"choices": [SAID | {"delta": {"content": "Hi"}}], "x_groq": {"id": "req_1", "usage": usage}}],
    )
    assert plain.usage is not None
    for chunks in streams:
        reader = StreamReader(MODEL, keep_usage=False)
        for chunk in chunks:
            reader.feed(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        reader.end()
        assert reader.usage == plain.usage
        assert reader.usage.cost(PRICE, 0.0) == plain.usage.cost(PRICE, 0.0) is not None


def test_groqs_corner_is_looked_into_only_where_no_usage_stands() -> None:
    reader = StreamReader(MODEL, keep_usage=True)
    corner = {"id": "req_1", "usage": {"prompt_tokens": 7, "completion_tokens": 7}}
    odds: tuple[Any, ...] = (None, "", [], {"id": "req_1"}, {"usage": None})
    for odd in odds:
        reader.feed(b"data: " + json.dumps({"choices": [], "x_groq": odd}).encode() + b"\n\n")
    assert (reader.usage, reader.skipped) == (None, 0)
    for usage in (None, {"prompt_tokens": 9, "completion_tokens": 1}):
        chunk: dict[str, Any] = {"choices": [], "usage": usage, "x_groq": corner}
        reader.feed(b"data: " + json.dumps(chunk).encode() + b"\n\n")
    assert reader.usage == Usage(9, 1)


@pytest.mark.parametrize("total", [0, 109, -5, "many", None, 1.5, True, 110 + MOST_THOUGHTS + 1, 1 << 60])
def test_a_total_that_is_no_sum_changes_nothing(total: object) -> None:
    assert read(total_tokens=total) == Usage(100, 10)


def test_details_come_before_what_stands_beside_them() -> None:
    assert read(prompt_tokens_details={"cached_tokens": 0}, prompt_cache_hit_tokens=64) == Usage(100, 10)
    assert read(prompt_tokens_details={}, prompt_cache_hit_tokens=64) == Usage(100, 10, cache_read=64)


@given(st.integers(0, 10**15))
def test_a_cost_is_read_to_the_nano_dollar(nano: int) -> None:
    assert cost(f"{Decimal(nano).scaleb(-9):f}") == nano


def test_less_than_a_nano_dollar_is_one_and_more_digits_than_a_float_has_are_read() -> None:
    assert cost("0.0000000001") == cost("1e-400") == 1
    assert cost("123456.000000001") == 123_456_000_000_001
    assert cost("0") == 0


@pytest.mark.parametrize(
    "odd", ["-0.1", "1e7", "1e999999", '"NaN"', '"Infinity"', "null", "true", "{}", '"x"']
)
def test_what_is_no_sum_of_money_is_not_known(odd: str) -> None:
    assert cost(odd) is None


@pytest.mark.parametrize(
    ("told", "nano"),
    [
        ({"cost": 0.05, "is_byok": False, "cost_details": {"upstream_inference_cost": 1}}, 50_000_000),
        ({"cost": 0.05, "is_byok": True, "cost_details": {"upstream_inference_cost": 1}}, 1_050_000_000),
        ({"cost": 0, "is_byok": True, "cost_details": {"upstream_inference_cost": None}}, None),
        ({"cost": 0, "is_byok": True}, None),
        ({"cost": 0, "is_byok": True, "cost_details": [1]}, None),
        ({"is_byok": True, "cost_details": {"upstream_inference_cost": 1}}, None),
    ],
)
def test_with_a_key_of_ones_own_its_provider_is_paid_too(told: dict[str, Any], nano: int | None) -> None:
    usage = read(**told)
    assert usage is not None
    assert usage.told == nano
