"""OpenAI's requests: what every kind of call shares, and errors in its form.

A body is parsed twice, both times shallowly: into its top-level fields, each left as the bytes it was
sent in, so that whatever we don't touch survives to the letter; and into the few things a decision needs.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from pointsman.calls import Call, Candidate
from pointsman.errors import BadRequest, PointsmanError
from pointsman.wire import sse

LONGEST_NAME = 512  # characters of a model's name; it comes back in headers, logs and errors

Body = TypeVar("Body")


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_options = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)
_json = msgspec.json.Encoder()

_TYPES = MappingProxyType(
    {
        401: "authentication_error",
        402: "billing_error",
        403: "permission_error",
        404: "not_found_error",
        429: "rate_limit_error",
    }
)


def read_body(
    body: bytes, decoder: msgspec.json.Decoder[Body], missing: Mapping[str, str]
) -> tuple[Mapping[str, msgspec.Raw], Body]:
    """The top-level fields as they were sent, and what the decoder makes of them.

    Raises BadRequest, which names the field that is wrong; `missing` says what a required one is.
    """
    try:
        return _fields.decode(body), decoder.decode(body)
    except msgspec.DecodeError as error:
        raise _refusal(error, missing) from None
    except (RecursionError, UnicodeDecodeError) as error:
        raise BadRequest(f"the body can't be read as JSON: {error}") from None


def model_name(name: str | None) -> str:
    """As the client means it. Raises BadRequest for one that could not be shown."""
    found = (name or "").strip()
    if len(name or "") > LONGEST_NAME or not found.isprintable():
        raise BadRequest(f"`model` is a printable name of at most {LONGEST_NAME} characters", "model")
    return found


def at_least(least: int, **values: int | None) -> None:
    """Raises BadRequest for the first field that is smaller."""
    for name, value in values.items():
        if value is not None and value < least:
            raise BadRequest(f"`{name}` is {value}: it must be {least} or more", name)


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


def _refusal(error: msgspec.DecodeError, missing: Mapping[str, str]) -> BadRequest:
    if not isinstance(error, msgspec.ValidationError):
        return BadRequest(f"the body is not JSON: {error}")
    what, _, path = str(error).partition(" - at `$")
    param = path.strip(".`") or None
    for name, description in missing.items():
        if param is None and f"missing required field `{name}`" in what:
            return BadRequest(f"`{name}` is missing: {description}", name)
    return BadRequest(f"{what}, in `{param}`" if param else f"the body: {what}", param)


def _error(error: PointsmanError) -> dict[str, Any]:
    other = "invalid_request_error" if error.status < 500 else "server_error"
    return {
        "message": error.message,
        "type": _TYPES.get(error.status, other),
        "param": getattr(error, "param", None),
        "code": error.code,
        "src": "pointsman",
    }
