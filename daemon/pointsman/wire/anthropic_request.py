"""What every request in Anthropic's dialect shares: headers that go up, and errors in its form."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from pointsman.calls import Call, Candidate
from pointsman.errors import BadRequest, PointsmanError

WAITING = b'event: ping\ndata: {"type":"ping"}\n\n'

# Meant by a client that names none, and the one that every server knows. A newer one, 2026-10-21, refuses
# some old parameters and answers alike: https://platform.claude.com/docs/en/api/migration-2026-10-21
VERSION = "2023-06-01"
LONGEST_HEADER = 4_096  # characters

_UP = ("anthropic-version", "anthropic-beta")  # of the client's headers nothing else goes up

# https://platform.claude.com/docs/en/api/errors
_TYPES = MappingProxyType(
    {
        401: "authentication_error",
        402: "billing_error",
        403: "permission_error",
        404: "not_found_error",
        413: "request_too_large",
        429: "rate_limit_error",
        504: "timeout_error",
        529: "overloaded_error",
    }
)

_json = msgspec.json.Encoder()


def passed_on(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers that a server of this dialect is sent. Raises BadRequest for one that can't be.

    What is in beta is asked for by a header; the query `?beta=true`, which Anthropic's own clients add then,
    says nothing more, and is left away: https://platform.claude.com/docs/en/api/beta-headers
    """
    given = {name: headers[name] for name in _UP if name in headers}
    for name, value in given.items():
        if len(value) > LONGEST_HEADER or not (value.isascii() and value.isprintable()):
            raise BadRequest(f"{name} is at most {LONGEST_HEADER:,} printable characters of ASCII")
    return {"anthropic-version": VERSION, **given}


def encode(call: Call, candidate: Candidate) -> bytes:
    """The call for another server of this dialect: its model replaced, no more."""
    return _json.encode({**call.fields, "model": candidate.model.served_as})


def error_body(error: PointsmanError) -> bytes:
    return _json.encode({"type": "error", "error": _error(error)})


def error_event(error: PointsmanError) -> bytes:
    """The last event of a stream that can't be finished; no `message_stop` follows it."""
    return named_event(b"error", error_body(error))


def named_event(name: bytes, data: bytes) -> bytes:
    """An event as this dialect's clients tell them apart: by name. `data` is JSON in one line."""
    return b"event: %b\ndata: %b\n\n" % (name, data)


def _error(error: PointsmanError) -> dict[str, Any]:
    other = "invalid_request_error" if error.status < 500 else "api_error"
    return {
        "type": _TYPES.get(error.status, other),
        "message": error.message,
        "code": error.code,
        "src": "pointsman",
    }
