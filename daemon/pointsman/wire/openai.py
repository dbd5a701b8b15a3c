"""OpenAI's chat/completions: requests in and out, errors, the list of models.

The body is parsed twice, both times shallowly: into its top-level fields, each left as the bytes it
was sent in, so that whatever we don't touch survives to the letter; and into the few things a
decision needs. Shapes: https://platform.openai.com/docs/api-reference/chat
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from pointsman.chat import Chat, Message, Part, PartKind, Role
from pointsman.errors import BadRequest, PointsmanError
from pointsman.types import Call, CallKind, Candidate
from pointsman.wire import sse
from pointsman.wire.hints import read_hints
from pointsman.wire.openai_answer import read_whole
from pointsman.wire.openai_stream import StreamReader

__all__ = ("AT_ROOT", "PATH", "StreamReader", "decode", "encode", "error_body", "error_event", "read_whole")

PATH = "/chat/completions"
AT_ROOT = False
LONGEST_NAME = 512  # characters of a model's name; it comes back in headers, logs and errors


class _Part(msgspec.Struct):
    type: str
    text: str | None = None
    refusal: str | None = None


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Part] | None = None
    reasoning_content: msgspec.Raw = msgspec.Raw(b"")
    tool_calls: msgspec.Raw = msgspec.Raw(b"")


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _ResponseFormat(msgspec.Struct):
    type: str


class _Body(msgspec.Struct):
    messages: list[_Message]
    model: str | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n: int | None = None
    tools: list[msgspec.Raw] | None = None
    functions: list[msgspec.Raw] | None = None
    response_format: _ResponseFormat | None = None


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_options = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)
_body = msgspec.json.Decoder(_Body)
_json = msgspec.json.Encoder()

_ROLES = MappingProxyType(
    {"system": Role.SYSTEM, "developer": Role.SYSTEM, "assistant": Role.ASSISTANT, "tool": Role.TOOL}
)
_PARTS = MappingProxyType(
    {
        "text": PartKind.TEXT,
        "refusal": PartKind.TEXT,
        "image_url": PartKind.IMAGE,
        "input_audio": PartKind.AUDIO,
        "video_url": PartKind.VIDEO,
        "file": PartKind.FILE,
    }
)
_TYPES = MappingProxyType(
    {
        401: "authentication_error",
        403: "permission_error",
        404: "not_found_error",
        429: "rate_limit_error",
    }
)


def decode(body: bytes, headers: Mapping[str, str]) -> Call:
    """Raises BadRequest, which names the field that is wrong."""
    try:
        fields = _fields.decode(body)
        parsed = _body.decode(body)
    except msgspec.DecodeError as error:
        raise _refusal(error) from None
    except (RecursionError, UnicodeDecodeError) as error:
        raise BadRequest(f"the body can't be read as JSON: {error}") from None
    _check(parsed)
    return Call(
        kind=CallKind.CHAT,
        format="openai.chat",
        model=(parsed.model or "").strip(),
        fields=fields,
        size=len(body),
        stream=bool(parsed.stream),
        wants_usage=bool(parsed.stream_options and parsed.stream_options.include_usage),
        max_tokens=parsed.max_completion_tokens or parsed.max_tokens,
        choices=parsed.n or 1,
        chat=_chat(parsed),
        hints=read_hints(headers),
    )


def encode(call: Call, candidate: Candidate) -> bytes:
    """The call for another server of this dialect: its model and its wish for usage replaced, no more."""
    fields = {**call.fields, "model": candidate.model.served_as}
    if call.stream and not call.wants_usage:
        given = call.fields.get("stream_options")
        options = _options.decode(given) if isinstance(given, msgspec.Raw) else None
        fields["stream_options"] = {**(options or {}), "include_usage": True}
    return _json.encode(fields)


def error_body(error: PointsmanError) -> bytes:
    return _json.encode({"error": _error(error)})


def error_event(error: PointsmanError) -> bytes:
    """The last event of a stream that can't be finished; no `[DONE]` follows it."""
    return sse.event(error_body(error))


def model_list(entries: Iterable[tuple[str, str, int]]) -> bytes:
    """The body of `GET /v1/models`, from (id, owner, created) in order; created in epoch seconds."""
    return _json.encode({"object": "list", "data": [_entry(*entry) for entry in entries]})


def model_entry(name: str, owner: str, created: int) -> bytes:
    """The body of `GET /v1/models/{id}`."""
    return _json.encode(_entry(name, owner, created))


def _entry(name: str, owner: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": owner}


def _refusal(error: msgspec.DecodeError) -> BadRequest:
    if not isinstance(error, msgspec.ValidationError):
        return BadRequest(f"the body is not JSON: {error}")
    what, _, path = str(error).partition(" - at `$")
    param = path.strip(".`") or None
    if "missing required field `messages`" in what:
        return BadRequest("`messages` is missing: a list with at least one message", "messages")
    return BadRequest(f"{what}, in `{param}`" if param else f"the body: {what}", param)


def _check(body: _Body) -> None:
    if not body.messages:
        raise BadRequest("`messages` is empty: it needs at least one message", "messages")
    if len(body.model or "") > LONGEST_NAME or not (body.model or "").strip().isprintable():
        raise BadRequest(f"`model` is a printable name of at most {LONGEST_NAME} characters", "model")
    for name in ("max_tokens", "max_completion_tokens", "n"):
        if (value := getattr(body, name)) is not None and value < 1:
            raise BadRequest(f"`{name}` is {value}: it must be 1 or more", name)


def _chat(body: _Body) -> Chat:
    return Chat(
        messages=tuple(_message(message) for message in body.messages),
        tools=len(body.tools or ()) + len(body.functions or ()),
        tools_size=sum(len(bytes(tool)) for tool in (*(body.tools or ()), *(body.functions or ()))),
        json=body.response_format is not None and body.response_format.type != "text",
    )


def _message(message: _Message) -> Message:
    parts: tuple[Part, ...] = ()
    if isinstance(message.content, str):
        parts = (Part(PartKind.TEXT, message.content),)
    elif message.content:
        parts = tuple(_part(part) for part in message.content)
    if size := len(bytes(message.tool_calls)) + len(bytes(message.reasoning_content)):
        parts += (Part(PartKind.OTHER, size=size),)
    return Message(_ROLES.get(message.role, Role.USER), parts)


def _part(part: _Part) -> Part:
    return Part(_PARTS.get(part.type, PartKind.OTHER), part.text or part.refusal or "")


def _error(error: PointsmanError) -> dict[str, Any]:
    other = "invalid_request_error" if error.status < 500 else "server_error"
    return {
        "message": error.message,
        "type": _TYPES.get(error.status, other),
        "param": getattr(error, "param", None),
        "code": error.code,
        "src": "pointsman",
    }
