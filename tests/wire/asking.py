"""Calls and candidates, for the tests of dialects."""

import json
from dataclasses import replace
from typing import Any

from pointsman.calls import Call, Candidate
from pointsman.types import Ability, Dialect, Endpoint, FoundBy, Model, Place, Tier
from pointsman.wire import anthropic, anthropic_count, openai, openai_completions, openai_embeddings

HELLO = [{"role": "user", "content": "Hi"}]
PLACE = Place("http://127.0.0.1:11434/v1")


def chat(messages: object = HELLO, **fields: Any) -> Call:
    return openai.decode(json.dumps({"messages": messages, **fields}).encode(), {})


def completion(prompt: object = "Once", **fields: Any) -> Call:
    return openai_completions.decode(json.dumps({"prompt": prompt, **fields}).encode(), {})


def embedding(texts: object = "Once", **fields: Any) -> Call:
    return openai_embeddings.decode(json.dumps({"input": texts, **fields}).encode(), {})


def message(messages: object = HELLO, **fields: Any) -> Call:
    return anthropic.decode(json.dumps({"messages": messages, **fields}).encode(), {})


def count(messages: object = HELLO, **fields: Any) -> Call:
    return anthropic_count.decode(json.dumps({"messages": messages, **fields}).encode(), {})


def candidate(
    context: int | None = None,
    lacks: Ability = Ability.NONE,
    known_as: frozenset[str] = frozenset(),
    slots: int | None = None,
) -> Candidate:
    endpoint = Endpoint("local", "ollama", PLACE, FoundBy.PORT, Dialect.OLLAMA)
    model = Model("local/tiny", "tiny", "tiny:1b", endpoint, Tier.LOCAL, lacks=lacks, known_as=known_as)
    return Candidate(replace(model, slots=slots), "named", context=context)
