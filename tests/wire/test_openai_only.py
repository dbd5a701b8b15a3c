"""What only an OpenAI API can be asked: a model that would have to be asked otherwise is left out for it."""

from typing import Any

import pytest

from pointsman.wire.openai import decode
from tests.wire.asking import chat, embedding

CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
PNG = "data:image/png;base64,UE5H"


def image(url: object) -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": url}]}
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.1, "seed": 1, "stop": "x"},
        {"presence_penalty": 1, "frequency_penalty": 1, "repeat_penalty": 1.1, "max_tokens": 5},
        {"n": 1, "logprobs": False, "top_logprobs": None, "logit_bias": {}, "parallel_tool_calls": True},
        {"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "auto"},
        {"tools": [], "functions": [], "modalities": ["text"], "verbosity": "medium"},
        {"tool_choice": "none", "reasoning_effort": "low", "keep_alive": "5m"},
        {"response_format": {"type": "text"}},
        {"response_format": {"type": "json_object"}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}},
        {
            "user": "u",
            "metadata": {"a": "b"},
            "store": False,
            "service_tier": "auto",
            "prompt_cache_key": "k",
        },
        {"stream": True, "stream_options": {"include_usage": True}},
        {"logit_bias": None, "audio": None, "web_search_options": None, "of_tomorrow": None},
    ],
)
def test_what_has_a_translation_or_changes_nothing_is_no_obstacle(fields: dict[str, Any]) -> None:
    assert chat(**fields).untranslatable == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 2),
        ("logprobs", True),
        ("top_logprobs", 5),
        ("logit_bias", {"50256": -100}),
        ("parallel_tool_calls", False),
        ("tool_choice", "required"),
        ("tool_choice", {"type": "function", "function": {"name": "f"}}),
        ("functions", [{"name": "f"}]),
        ("function_call", {"name": "f"}),
        ("tools", [{"type": "custom", "custom": {"name": "f"}}]),
        ("modalities", ["text", "audio"]),
        ("audio", {"voice": "alloy"}),
        ("reasoning_effort", "minimal"),
        ("verbosity", "low"),
        ("web_search_options", {}),
        ("response_format", {"type": "grammar"}),
        ("grammar", "root ::= 'a'"),
        ("of_tomorrow", 0),
    ],
)
def test_a_field_without_a_translation_is_named(name: str, value: object) -> None:
    assert chat(**{"user": "u", name: value}).untranslatable == name


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": role, "content": "x"} for role in ("developer", "system", "user", "assistant")],
        [{"role": "assistant", "content": None, "tool_calls": [CALL], "refusal": None, "audio": None}],
        [{"role": "tool", "content": "4", "tool_call_id": "1", "name": "f"}],
        [{"role": "assistant", "content": [{"type": "refusal", "refusal": "No"}], "reasoning_content": "Hm"}],
        image({"url": PNG}),
        image({"detail": "low", "url": PNG}),
        image(PNG),
        image("data:;base64,UE5H"),
    ],
)
def test_messages_that_can_be_said_are_no_obstacle(messages: list[dict[str, Any]]) -> None:
    assert chat(messages).untranslatable == ""


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ({"role": "user", "content": "x", "name": "ada"}, "name"),
        ({"role": "function", "content": "x", "name": "f"}, "role"),
        ({"role": "assistant", "content": None, "function_call": {"name": "f"}}, "function_call"),
        ({"role": "assistant", "content": None, "audio": {"id": "a"}}, "audio"),
        ({"role": "assistant", "content": None, "refusal": "No"}, "refusal"),
        (image({"url": "https://example.org/a.png"})[0], "content[1].image_url"),
        (image({"url": "data:text/html;base64,UE5H"})[0], "content[1].image_url"),
        (image(None)[0], "content[1].image_url"),
        ({"role": "user", "content": [{"type": "input_audio"}]}, "content[0].input_audio"),
        ({"role": "user", "content": [{"type": "file"}]}, "content[0].file"),
    ],
)
def test_the_place_in_the_messages_is_named(message: dict[str, Any], place: str) -> None:
    hello = {"role": "user", "content": "Hi"}
    assert chat([hello, message]).untranslatable == f"messages[1].{place}"


def test_slashes_that_were_escaped_make_no_difference() -> None:
    body = rb'{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"%b"}}]}]}'
    assert decode(body % rb"data:image\/png;base64,UE5H", {}).untranslatable == ""


@pytest.mark.parametrize("fields", [{}, {"encoding_format": "base64", "dimensions": 64, "user": "u"}])
def test_embeddings_of_texts_have_a_translation(fields: dict[str, Any]) -> None:
    assert embedding(["a", "b"], **fields).untranslatable == ""


@pytest.mark.parametrize(
    ("texts", "fields", "name"),
    [
        ([1, 2], {}, "input"),
        ([[1], [2]], {}, "input"),
        ("a", {"encoding_format": "int8"}, "encoding_format"),
        ("a", {"task": "retrieval.query"}, "task"),
        ("a", {"tools": []}, "tools"),
    ],
)
def test_other_embeddings_have_none(texts: object, fields: dict[str, Any], name: str) -> None:
    assert embedding(texts, **fields).untranslatable == name
