"""A ceiling for answers whose client named none, as it goes up."""

import json
from typing import Any

import pytest

from pointsman.calls import Call
from pointsman.wire import anthropic, anthropic_count, openai, openai_completions, openai_embeddings
from pointsman.wire.formats import FORMATS, capped
from tests.wire.asking import candidate

ASKED: dict[str, Any] = {"messages": [{"role": "user", "content": "Hi"}]}


def call(decoder: Any, **fields: Any) -> Call:
    asked: Call = decoder.decode(json.dumps(fields).encode(), {})
    return asked


def sent(asked: Call) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(FORMATS[asked.format].encode(asked, candidate()))
    return body


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_a_chat_without_a_ceiling_gets_one_in_its_servers_words(field: str) -> None:
    asked = capped(call(openai, **ASKED, temperature=1.50), 77, field)
    assert asked.max_tokens == 77
    assert sent(asked)[field] == 77
    assert sent(asked) == sent(call(openai, **ASKED, temperature=1.50)) | {field: 77}


def test_a_null_is_no_ceiling() -> None:
    assert sent(capped(call(openai, **ASKED, max_tokens=None), 77, "max_tokens"))["max_tokens"] == 77


def test_a_ceiling_by_a_name_that_its_server_may_not_know_goes_up_by_the_one_that_it_knows() -> None:
    asked = call(openai, **ASKED, max_completion_tokens=77, max_tokens=None)
    assert sent(capped(asked, 77, "max_tokens")) == sent(call(openai, **ASKED, max_tokens=77))


def test_of_two_ceilings_the_higher_is_counted_with() -> None:
    asked = call(openai, **ASKED, max_completion_tokens=5, max_tokens=500)
    assert asked.max_tokens == 500
    assert capped(asked, 500, "max_tokens") is asked


def test_completions_and_messages_know_one_word_alone() -> None:
    field = "max_completion_tokens"
    assert sent(capped(call(openai_completions, prompt="a"), 77, field))["max_tokens"] == 77
    assert sent(capped(call(anthropic, **ASKED), 77, field))["max_tokens"] == 77


@pytest.mark.parametrize(
    "asked",
    [
        call(openai, **ASKED, max_tokens=5),
        call(openai_completions, prompt="a", max_tokens=0),
        call(anthropic, **ASKED, max_tokens=5),
        call(anthropic_count, **ASKED),
        call(openai_embeddings, input="a"),
    ],
)
def test_a_clients_own_ceiling_and_what_needs_none_stay_as_they_are(asked: Call) -> None:
    assert capped(asked, 77, "max_tokens") is asked
