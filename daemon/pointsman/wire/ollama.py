"""Ollama's /api/chat: asked where a context is to be set, which its OpenAI API can't be told.

That API cuts a prompt that does not fit without a word; here it is forbidden to (`truncate`, `shift`),
and what does not fit is a 400 or an answer that ends with `length`. Sampling that the client leaves open
is set as that API sets it, so that a model answers alike over both. Shapes and defaults: ollama/ollama,
api/types.go, server/routes.go and openai/openai.go.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from pointsman.calls import Call, Candidate
from pointsman.errors import UpstreamError
from pointsman.types import Ability
from pointsman.wire.ollama_answer import StreamReader, read_whole
from pointsman.wire.ollama_messages import read_messages
from pointsman.wire.openai_only import OPTIONS
from pointsman.wire.openai_usage import UNREADABLE

__all__ = ("AT_ROOT", "PATH", "StreamReader", "encode", "read_whole")

PATH = "/api/chat"
AT_ROOT = True

_NULL = b"null"


class _Schema(msgspec.Struct):
    schema: msgspec.Raw = msgspec.Raw(b'"json"')


class _Format(msgspec.Struct):
    type: str
    json_schema: _Schema = msgspec.field(default_factory=_Schema)


_json = msgspec.json.Encoder()


def encode(call: Call, candidate: Candidate) -> bytes:
    """Raises UpstreamError for what has no translation: a model is left out for it before it is asked."""
    fields = given(call)
    try:
        body = {
            "model": candidate.model.served_as,
            "messages": list(read_messages(fields["messages"])),
            "stream": call.stream,
            "options": {**_options(fields), "num_ctx": candidate.context, **_limit(call)},
            "truncate": False,
            "shift": False,
            **dict(_rest(fields, can_think=Ability.THINKING not in candidate.model.lacks)),
        }
    except UNREADABLE as error:
        raise untold(str(error)) from None
    return _json.encode(body)


def given(call: Call) -> dict[str, msgspec.Raw]:
    """The call's fields but for those that are null."""
    if call.untranslatable:
        raise untold(f"`{call.untranslatable}`")
    fields = {name: raw for name, raw in call.fields.items() if isinstance(raw, msgspec.Raw)}
    return {name: raw for name, raw in fields.items() if bytes(raw) != _NULL}


def untold(what: str) -> UpstreamError:
    return UpstreamError(f"it can't be asked this in its own dialect: {what}")


def _options(fields: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
    options: dict[str, Any] = {
        "temperature": 1.0,
        "top_p": 1.0,
        **{name: fields[name] for name in fields.keys() & OPTIONS},
    }
    if (stop := fields.get("stop")) is not None:
        words = msgspec.json.decode(stop, type=str | list[str])
        options["stop"] = [words] if isinstance(words, str) else words
    return options


def _limit(call: Call) -> dict[str, int]:
    return {"num_predict": call.max_tokens} if call.max_tokens else {}


def _rest(fields: Mapping[str, msgspec.Raw], *, can_think: bool) -> Iterator[tuple[str, Any]]:
    """What stands beside the options, of what the client gave."""
    if (tools := fields.get("tools")) is not None and bytes(fields.get("tool_choice", b"")) != b'"none"':
        yield "tools", tools
    if (wish := fields.get("response_format")) is not None:
        form = msgspec.json.decode(wish, type=_Format)
        if form.type != "text":
            yield "format", form.json_schema.schema if form.type == "json_schema" else "json"
    if (effort := fields.get("reasoning_effort")) is not None and can_think:
        yield "think", False if bytes(effort) == b'"none"' else effort
    if (keep := fields.get("keep_alive")) is not None:
        yield "keep_alive", keep
