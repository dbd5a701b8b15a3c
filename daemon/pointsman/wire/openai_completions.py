"""OpenAI's completions: the continuation of a text, as editors ask for it.

Shapes: https://platform.openai.com/docs/api-reference/completions
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from pointsman.calls import Call, CallKind
from pointsman.chat import Part
from pointsman.wire.extras import read_caching, read_extras
from pointsman.wire.hints import read_hints
from pointsman.wire.openai_answer import read_whole
from pointsman.wire.openai_request import (
    StreamOptions,
    at_least,
    encode,
    error_body,
    error_event,
    model_name,
    read_body,
)
from pointsman.wire.openai_stream import StreamReader
from pointsman.wire.openai_texts import WHAT_THEY_ARE, Texts, chat_of, read_texts
from pointsman.wire.sse import WAITING

__all__ = (
    "AT_ROOT",
    "PATH",
    "WAITING",
    "StreamReader",
    "decode",
    "encode",
    "error_body",
    "error_event",
    "read_whole",
)

PATH = "/completions"
AT_ROOT = False


class _Body(msgspec.Struct):
    prompt: Texts
    model: str | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    n: int | None = None
    best_of: int | None = None
    suffix: str | None = None


_body = msgspec.json.Decoder(_Body)

_MISSING = MappingProxyType({"prompt": WHAT_THEY_ARE})


def decode(body: bytes, headers: Mapping[str, str]) -> Call:
    """Raises BadRequest, which names the field that is wrong."""
    fields, parsed = read_body(body, _body, _MISSING)
    model = model_name(parsed.model)
    at_least(0, max_tokens=parsed.max_tokens)  # none: what it costs to read the prompt, with `echo`
    at_least(1, n=parsed.n, best_of=parsed.best_of)
    texts = read_texts("prompt", parsed.prompt)
    caches, for_hour = read_caching(body)
    return Call(
        kind=CallKind.COMPLETION,
        format="openai.completions",
        model=model,
        fields=fields,
        size=len(body),
        stream=bool(parsed.stream),
        wants_usage=bool(parsed.stream_options and parsed.stream_options.include_usage),
        max_tokens=parsed.max_tokens,
        choices=len(texts) * max(parsed.n or 1, parsed.best_of or 1),
        chat=chat_of(tuple(_with(text, parsed.suffix or "") for text in texts)),
        untranslatable="prompt",  # a chat's template would be put around it
        hints=read_hints(headers),
        extras=read_extras(fields),
        caches=caches,
        caches_for_hour=for_hour,
    )


def _with(text: Part, suffix: str) -> Part:
    """What the model reads of one text: what comes after the gap, too."""
    return text._replace(text=text.text + suffix)
