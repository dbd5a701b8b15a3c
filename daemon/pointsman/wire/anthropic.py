"""Anthropic's messages: requests in and out. What engines that speak it too are sent is the client's own.

Shapes: https://platform.claude.com/docs/en/api/messages
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from pointsman.calls import Call, CallKind
from pointsman.chat import Chat, Message, Role
from pointsman.wire.anthropic_answer import StreamReader, read_whole
from pointsman.wire.anthropic_messages import Blocks, SentMessage, read_message, read_parts
from pointsman.wire.anthropic_request import WAITING, encode, error_body, error_event, passed_on
from pointsman.wire.extras import read_caching, read_extras
from pointsman.wire.hints import read_hints
from pointsman.wire.openai_request import at_least, model_name, read_body
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

PATH = "/messages"
AT_ROOT = False


class _Body(msgspec.Struct):
    messages: list[SentMessage]
    model: str | None = None
    system: Blocks | None = None
    stream: bool | None = None
    max_tokens: int | None = None
    tools: list[msgspec.Raw] | None = None


_body = msgspec.json.Decoder(_Body)

_MISSING = MappingProxyType({"messages": "a list of messages"})


def decode(body: bytes, headers: Mapping[str, str]) -> Call:
    """Raises BadRequest, which names the field that is wrong."""
    fields, parsed = read_body(body, _body, _MISSING)
    model = model_name(parsed.model)
    at_least(1, max_tokens=parsed.max_tokens)
    caches, for_hour = read_caching(body)
    return Call(
        kind=CallKind.CHAT,
        format="anthropic.messages",
        model=model,
        fields=fields,
        size=len(body),
        stream=bool(parsed.stream),
        thinks=asks_to_think(fields),
        max_tokens=parsed.max_tokens,
        chat=_chat(parsed, fields),
        untranslatable="messages",  # it is passed on as it is, or not at all
        headers=passed_on(headers),
        hints=read_hints(headers),
        extras=read_extras(fields, parsed.tools),
        caches=caches,
        caches_for_hour=for_hour,
    )


def _chat(body: _Body, fields: Mapping[str, msgspec.Raw]) -> Chat:
    system = Message(Role.SYSTEM, read_parts(body.system)) if body.system else None
    said = tuple(read_message(message) for message in body.messages)
    return Chat(
        messages=(system, *said) if system else said,
        tools=len(body.tools or ()),
        tools_size=sum(len(bytes(tool)) for tool in body.tools or ()),
        schema_size=sum(len(bytes(fields.get(name, b""))) for name in ("output_format", "output_config")),
    )
