"""Anthropic's list of models.

Shapes: https://platform.claude.com/docs/en/api/models-list
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

_json = msgspec.json.Encoder()


def model_list(entries: Iterable[tuple[str, str, int]]) -> bytes:
    """The body of `GET /v1/models`, from (id, owner, created) in order; created in epoch seconds."""
    data = [_entry(name, created) for name, _owner, created in entries]
    first, last = (data[0]["id"], data[-1]["id"]) if data else (None, None)
    return _json.encode({"data": data, "has_more": False, "first_id": first, "last_id": last})


def model_entry(name: str, _owner: str, created: int) -> bytes:
    """The body of `GET /v1/models/{id}`."""
    return _json.encode(_entry(name, created))


def _entry(name: str, created: int) -> dict[str, Any]:
    since = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"type": "model", "id": name, "display_name": name, "created_at": since}
