"""OpenAI's chat/completions: requests in and out, and the list of models.

Shapes: https://platform.openai.com/docs/api-reference/chat
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from pointsman.calls import Call, CallKind
from pointsman.chat import Chat
from pointsman.errors import BadRequest
from pointsman.wire.extras import read_caching, read_extras
from pointsman.wire.hints import read_hints
from pointsman.wire.openai_answer import read_whole
from pointsman.wire.openai_messages import SentMessage, only_here, read_message
from pointsman.wire.openai_only import in_chat
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
from pointsman.wire.sse import WAITING
from pointsman.wire.thinking import asks_to_think

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

PATH = "/chat/completions"
AT_ROOT = False


class _ResponseFormat(msgspec.Struct):
    type: str


class _Body(msgspec.Struct):
    messages: list[SentMessage]
    model: str | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n: int | None = None
    tools: list[msgspec.Raw] | None = None
    functions: list[msgspec.Raw] | None = None
    response_format: _ResponseFormat | None = None


_body = msgspec.json.Decoder(_Body)
_json = msgspec.json.Encoder()

_MISSING = MappingProxyType({"messages": "a list with at least one message"})


def decode(body: bytes, headers: Mapping[str, str]) -> Call:
    """Raises BadRequest, which names the field that is wrong."""
    fields, parsed = read_body(body, _body, _MISSING)
    if not parsed.messages:
        raise BadRequest("`messages` is empty: it needs at least one message", "messages")
    model = model_name(parsed.model)
    limits = {"max_tokens": parsed.max_tokens, "max_completion_tokens": parsed.max_completion_tokens}
    at_least(1, **limits, n=parsed.n)
    caches, for_hour = read_caching(body)
    return Call(
        kind=CallKind.CHAT,
        format="openai.chat",
        model=model,
        fields=fields,
        size=len(body),
        stream=bool(parsed.stream),
        wants_usage=bool(parsed.stream_options and parsed.stream_options.include_usage),
        thinks=asks_to_think(fields),
        max_tokens=max(filter(None, limits.values()), default=None),  # which of two counts its server knows
        choices=parsed.n or 1,
        chat=_chat(parsed, fields),
        untranslatable=in_chat(fields) or only_here(parsed.messages),
        hints=read_hints(headers),
        extras=read_extras(fields, parsed.tools),
        caches=caches,
        caches_for_hour=for_hour,
    )


def model_list(entries: Iterable[tuple[str, str, int]]) -> bytes:
    """The body of `GET /v1/models`, from (id, owner, created) in order; created in epoch seconds."""
    return _json.encode({"object": "list", "data": [_entry(*entry) for entry in entries]})


def model_entry(name: str, owner: str, created: int) -> bytes:
    """The body of `GET /v1/models/{id}`."""
    return _json.encode(_entry(name, owner, created))


def _entry(name: str, owner: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": owner}


def _chat(body: _Body, fields: Mapping[str, msgspec.Raw]) -> Chat:
    return Chat(
        messages=tuple(read_message(message) for message in body.messages),
        tools=len(body.tools or ()) + len(body.functions or ()),
        tools_size=sum(len(bytes(tool)) for tool in (*(body.tools or ()), *(body.functions or ()))),
        json=body.response_format is not None and body.response_format.type != "text",
        schema_size=len(bytes(fields.get("response_format", b""))),
    )
