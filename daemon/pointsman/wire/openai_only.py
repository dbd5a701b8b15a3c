"""What only an OpenAI API can be asked: top-level fields that Ollama's own API has no words for.

What a server can't do is a reason to leave it out, never dropped without a word. Left away is only what
changes nothing in the answer. The fields: https://platform.openai.com/docs/api-reference; Ollama's:
ollama/ollama, api/types.go.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

OPTIONS = frozenset(
    {
        *("temperature", "top_p", "top_k", "min_p", "typical_p", "seed", "stop"),
        *("presence_penalty", "frequency_penalty", "repeat_penalty", "repeat_last_n"),
    }
)
"""Sampling, by the names that both have."""

BOOKKEEPING = frozenset(
    {
        *("user", "metadata", "store", "service_tier", "safety_identifier"),
        *("prompt_cache_key", "prompt_cache_retention", "prediction", "stream_options"),
    }
)
"""For the server's own ends, or for speed: the answer is the same without."""

_CHAT = frozenset(
    {
        *OPTIONS,
        *BOOKKEEPING,
        *("messages", "model", "stream", "max_tokens", "max_completion_tokens", "keep_alive"),
    }
)
_EMBEDDING = frozenset({*BOOKKEEPING, "input", "model", "dimensions", "keep_alive"})

# Fields of which only some values can be said, such as mean no more than to leave the field away. As JSON.
_CHAT_VALUES: Mapping[str, tuple[bytes, ...]] = MappingProxyType(
    {
        "n": (b"1",),
        "logprobs": (b"false",),
        "top_logprobs": (b"0",),
        "logit_bias": (b"{}",),
        "parallel_tool_calls": (b"true",),
        "tool_choice": (b'"auto"', b'"none"'),
        "functions": (b"[]",),
        "function_call": (b'"auto"', b'"none"'),
        "modalities": (b'["text"]',),
        "reasoning_effort": (b'"none"', b'"low"', b'"medium"', b'"high"'),
        "verbosity": (b'"medium"',),
    }
)
_EMBEDDING_VALUES: Mapping[str, tuple[bytes, ...]] = MappingProxyType(
    {"encoding_format": (b'"float"', b'"base64"')}
)
_KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"response_format": ("text", "json_object", "json_schema"), "tools": ("function",)}
)


class _Kind(msgspec.Struct):
    type: str = ""


_kinds = msgspec.json.Decoder(_Kind | list[_Kind] | None)


def in_chat(fields: Mapping[str, msgspec.Raw]) -> str:
    """The first field that has no translation; empty if all have one."""
    return _first(fields, _CHAT, _CHAT_VALUES)


def in_embedding(fields: Mapping[str, msgspec.Raw]) -> str:
    return _first(fields, _EMBEDDING, _EMBEDDING_VALUES)


def _first(
    fields: Mapping[str, msgspec.Raw], known: frozenset[str], values: Mapping[str, tuple[bytes, ...]]
) -> str:
    for name, raw in fields.items():
        if name in known or bytes(raw) == b"null":
            continue
        if name in _KINDS and known is _CHAT:
            said = _of_a_kind(raw, _KINDS[name])
        else:
            said = name in values and _normal(raw) in values[name]
        if not said:
            return name
    return ""


def _normal(raw: msgspec.Raw) -> bytes:
    """A value in its one way to be written: without spaces, and with no letter escaped that need not be."""
    return msgspec.json.encode(msgspec.json.decode(raw))


def _of_a_kind(raw: msgspec.Raw, kinds: tuple[str, ...]) -> bool:
    try:
        found = _kinds.decode(raw)
    except msgspec.ValidationError:
        return False
    return all(one.type in kinds for one in (found if isinstance(found, list) else [found] if found else ()))
