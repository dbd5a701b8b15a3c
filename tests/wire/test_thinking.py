"""Whether a request asks for thought, in the words of each dialect."""

import json

import pytest

from pointsman.wire import anthropic, openai

CHAT = {"model": "m", "messages": [{"role": "user", "content": "why?"}]}


@pytest.mark.parametrize(
    ("fields", "thinks"),
    [
        ({}, False),
        ({"reasoning_effort": "high"}, True),
        ({"reasoning_effort": "minimal"}, False),
        ({"reasoning_effort": "none"}, False),
        ({"reasoning_effort": None}, False),
        ({"reasoning_effort": 7}, False),
        ({"reasoning": {"max_tokens": 2_000}}, True),
        ({"reasoning": {"effort": "none"}}, False),
        ({"reasoning": {"enabled": False}}, False),
        ({"reasoning": [{}]}, False),
        ({"reasoning": {"effort": ["high"]}}, False),
    ],
)
def test_a_chat_says_how_much_is_to_be_thought(fields: dict[str, object], thinks: bool) -> None:
    assert openai.decode(json.dumps(CHAT | fields).encode(), {}).thinks is thinks


@pytest.mark.parametrize(
    ("thinking", "thinks"),
    [
        ({"type": "enabled", "budget_tokens": 2_000}, True),
        ({"type": "adaptive"}, True),
        ({"type": "disabled"}, False),
    ],
)
def test_a_message_says_whether_it_is_to_be_thought(thinking: dict[str, object], thinks: bool) -> None:
    body = CHAT | {"max_tokens": 4_000, "thinking": thinking}
    assert anthropic.decode(json.dumps(body).encode(), {}).thinks is thinks
