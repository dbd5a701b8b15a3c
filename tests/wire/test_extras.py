"""What requests ask for that costs more than their tokens, and what they want kept in a cache."""

import json
from typing import Any

import pytest

from pointsman.calls import Call
from pointsman.wire import anthropic, openai, openai_completions

FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "web_search"}}}
OWN = {"name": "web_search", "input_schema": {"type": "object"}}


def chat(**fields: Any) -> Call:
    body = {"messages": [{"role": "user", "content": "Hi"}], **fields}
    return openai.decode(json.dumps(body).encode(), {})


def message(**fields: Any) -> Call:
    body = {"max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}], **fields}
    return anthropic.decode(json.dumps(body).encode(), {})


@pytest.mark.parametrize(
    ("fields", "extras"),
    [
        ({"web_search_options": {}}, {"web search"}),
        ({"search_parameters": {"mode": "auto"}}, {"web search"}),
        ({"tools": [FUNCTION, {"type": "web_search_preview"}]}, {"web search"}),
        ({"tools": [{"type": "openrouter:web_search"}]}, {"web search"}),
        ({"tools": [{"type": "browser_search"}, {"type": "file_search"}]}, {"web search", "file search"}),
        ({"tools": [{"type": "code_interpreter", "container": {}}]}, {"server tool"}),
        ({"tools": [{"type": "of_tomorrow"}]}, {"server tool"}),
        ({"plugins": [{"id": "web"}]}, {"web search"}),
        ({"mcp_servers": [{"type": "url", "url": "https://tools.example"}]}, {"server tool"}),
        ({"mcp_servers": []}, set()),
        ({"plugins": [{"id": "file-parser", "pdf": {"engine": "mistral-ocr"}}]}, {"server tool"}),
        ({"modalities": ["text", "audio"]}, {"audio"}),
        ({"modalities": ["image"]}, {"images"}),
        ({"service_tier": "priority"}, {"service tier"}),
        ({"service_tier": "fast", "web_search_options": {}}, {"service tier", "web search"}),
        ({"models": ["a/dear", "a/dearer"]}, {"another model"}),
        ({"plugins": [{"id": "web"}, 7]}, {"server tool"}),
        ({"tools": [{"type": None}]}, {"server tool"}),
        ({"modalities": "audio"}, {"audio", "images"}),
        ({"service_tier": ["auto"]}, {"service tier"}),
    ],
)
def test_what_costs_more_than_its_tokens_is_named(fields: dict[str, Any], extras: set[str]) -> None:
    assert chat(**fields).extras == extras


@pytest.mark.parametrize(
    ("fields", "extras"),
    [
        ({"tools": [OWN, {"type": "web_search_20250305", "name": "web_search"}]}, {"web search"}),
        ({"tools": [{"type": "code_execution_20250825", "name": "code_execution"}]}, {"server tool"}),
        ({"tools": [{"type": "web_fetch_20250910", "name": "web_fetch"}]}, {"server tool"}),
        ({"tools": [{"type": "tool_search_tool_regex_20251119", "name": "find"}]}, {"server tool"}),
        ({"speed": "fast"}, {"service tier"}),
        ({"inference_geo": "us"}, {"inference region"}),
    ],
)
def test_what_costs_more_at_anthropics_is_named(fields: dict[str, Any], extras: set[str]) -> None:
    assert message(**fields).extras == extras


@pytest.mark.parametrize(
    "call",
    [
        chat(),
        chat(tools=[FUNCTION, {"type": "custom", "custom": {"name": "g"}}]),
        chat(web_search_options=None, plugins=None, models=[], modalities=["text"], service_tier=None),
        *(chat(service_tier=usual) for usual in ("auto", "default", "flex")),
        chat(search_parameters={"mode": "off"}),
        message(tools=[OWN, {"type": "bash_20250124", "name": "bash"}, {"type": "custom", "name": "x"}]),
        message(service_tier="standard_only", inference_geo="global", speed="standard"),
    ],
)
def test_what_costs_what_its_tokens_do_has_no_extras(call: Call) -> None:
    assert call.extras == frozenset()


def test_a_completion_may_be_in_a_hurry_too() -> None:
    assert openai_completions.decode(b'{"prompt":"a","service_tier":"fast"}', {}).extras == {"service tier"}


@pytest.mark.parametrize("decoded", [chat, message])
def test_what_is_to_be_cached_and_for_how_long_is_known(decoded: Any) -> None:
    def told(control: object, **fields: Any) -> tuple[bool, bool]:
        part = {"type": "text", "text": "Hi", "cache_control": control}
        call = decoded(messages=[{"role": "user", "content": [part]}], **fields)
        return call.caches, call.caches_for_hour

    assert told({"type": "ephemeral"}) == (True, False)
    assert told({"type": "ephemeral", "ttl": "5m"}) == (True, False)
    assert told({"type": "ephemeral", "ttl": "1h"}) == (True, True)
    assert decoded(cache_control={"type": "ephemeral"}).caches


def test_a_text_that_speaks_of_caching_caches_nothing() -> None:
    words = '{"cache_control": {"type": "ephemeral", "ttl": "1h"}}'
    call = chat(messages=[{"role": "user", "content": words}])
    assert (call.caches, call.caches_for_hour) == (False, False)
