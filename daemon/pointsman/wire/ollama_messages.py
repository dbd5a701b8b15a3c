"""A chat's messages, out of OpenAI's words into Ollama's."""

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import msgspec

_HEAD = re.compile(r"data:[^,]{0,100};base64,")
_ROLES = MappingProxyType({"developer": "system"})


class _ImageUrl(msgspec.Struct):
    url: str


class _Part(msgspec.Struct):
    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: _ImageUrl | str | None = None


class _Function(msgspec.Struct):
    name: str
    arguments: str | None = None


class _ToolCall(msgspec.Struct):
    function: _Function
    id: str | None = None


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Part] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_ToolCall] | None = None
    tool_call_id: str | None = None
    name: str | None = None


_messages = msgspec.json.Decoder(list[_Message])
_arguments = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_messages(raw: msgspec.Raw) -> Iterator[dict[str, Any]]:
    """Raises DecodeError for what has no translation."""
    names: dict[str, str] = {}  # of the tools that were called, by the call's id
    for sent in _messages.decode(raw):
        names |= {call.id: call.function.name for call in sent.tool_calls or () if call.id}
        yield {
            "role": _ROLES.get(sent.role, sent.role),
            "content": _text(sent.content),
            **dict(_rest(sent, names)),
        }


def _text(content: str | list[_Part] | None) -> str:
    """One text: Ollama keeps no order among texts and images."""
    if isinstance(content, list):
        return "\n".join(part.text or part.refusal or "" for part in content if part.image_url is None)
    return content or ""


def _rest(sent: _Message, names: dict[str, str]) -> Iterator[tuple[str, Any]]:
    parts = sent.content if isinstance(sent.content, list) else ()
    if images := [_image(part.image_url) for part in parts if part.image_url is not None]:
        yield "images", images
    if thinking := sent.reasoning_content or sent.reasoning:
        yield "thinking", thinking
    if sent.tool_calls:
        yield "tool_calls", [_call(number, call) for number, call in enumerate(sent.tool_calls)]
    if sent.tool_call_id:
        yield "tool_call_id", sent.tool_call_id
    if name := sent.name or names.get(sent.tool_call_id or ""):
        yield "tool_name", name


def _image(given: _ImageUrl | str) -> str:
    """The base64 of an image that the request encloses."""
    url = given if isinstance(given, str) else given.url
    if (head := _HEAD.match(url)) is None:
        raise msgspec.ValidationError("an image that is not in the request itself")
    return url[head.end() :]


def _call(number: int, call: _ToolCall) -> dict[str, Any]:
    """Arguments are an object here, not JSON in a text."""
    arguments = _arguments.decode(call.function.arguments or "{}")
    function = {"index": number, "name": call.function.name, "arguments": arguments}
    return {**({"id": call.id} if call.id else {}), "function": function}
