"""What an answer's stream tells bit by bit, put together: values that replace others, and pieces of them.

A text is a `StringIO` while it grows. Servers are not asked to agree on what may come: a field that is not
known here is kept like any other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from itertools import islice
from typing import Any

import msgspec

from pointsman.errors import broken
from pointsman.wire import halves, sse
from pointsman.wire.openai_usage import UNREADABLE

Json = dict[str, Any]

MOST_GROWING = 64  # entries at the end of a list that a piece may belong to

# Texts that are told whole, and by some servers with every piece. An empty one says nothing.
_TOLD_WHOLE = frozenset({"id", "index", "type", "role", "name", "format", "url"})

_object = msgspec.json.Decoder(Json)
_json = msgspec.json.Encoder(enc_hook=StringIO.getvalue)


class Events:
    """The objects that a stream holds, as they come."""

    def __init__(self) -> None:
        self._blocks = sse.Splitter()

    def feed(self, raw: bytes) -> Iterator[Json]:
        for block in self._blocks.feed(raw):
            data = sse.data_of(block)
            if data is not None and data.strip() != b"[DONE]":
                yield halves.decode(_object, data)


@contextmanager
def collecting() -> Iterator[None]:
    """What can't be put together is no answer: it raises UpstreamError."""
    try:
        yield
    except UNREADABLE as error:
        raise broken(f"its stream can't be put together: {error}") from None


def read_object(body: bytes) -> Json | None:
    """None: it holds no JSON object."""
    try:
        return halves.decode(_object, body)
    except UNREADABLE:
        return None


def written(answer: Json) -> bytes:
    return halves.restored(_json.encode(answer))


def fields(value: Any) -> Json:
    """Those of what should be an object; of anything else none."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[Json]:
    """Those in what should be a list of them; of anything else none."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def replace(known: Json, told: Json) -> None:
    """The last that was said of a field stands, objects field by field; null is said of what has no value."""
    for name, value in told.items():
        before = known.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            replace(before, value)
        elif value is not None or name not in known:
            known[name] = value


def add(known: Json, told: Json) -> None:
    """Every field of a piece goes on where the one before it ended."""
    for name, value in told.items():
        known[name] = _sum(name, known.get(name), value)


def _sum(name: str, before: Any, value: Any) -> Any:
    if value is None or (before and value in ({}, [])):
        return before
    match value:
        case str() if name in _TOLD_WHOLE:
            return value or before or value
        case str():
            return _longer(before, value)
        case dict() if not isinstance(before, list):
            whole = before if isinstance(before, dict) else {}
            add(whole, value)
            return whole
        case dict() | list():
            more = value if isinstance(value, list) else [value]
            return _with_more(before if isinstance(before, list) else [], more)
    return value


def _longer(before: Any, text: str) -> StringIO:
    if isinstance(before, StringIO):
        before.write(text)
        return before
    grown = StringIO()
    grown.write((before if isinstance(before, str) else "") + text)
    return grown


def _with_more(entries: list[Any], more: list[Any]) -> list[Any]:
    """Entries that are numbered come in pieces, all others whole."""
    for value in more:
        if not isinstance(value, dict) or "index" not in value:
            entries.append(value)
            continue
        recent = islice(reversed(entries), MOST_GROWING)
        begun = next((entry for entry in recent if _goes_on(entry, value)), None)
        if begun is None:
            entries.append(begun := {})
        add(begun, value)
    return entries


def _goes_on(entry: Any, piece: Json) -> bool:
    """Whether a piece belongs to an entry: by its number, and its type if it says one.

    Some servers give all their calls of tools one number: those that are named are told apart by their ids.
    """
    if not isinstance(entry, dict) or entry.get("index") != piece["index"]:
        return False
    function = piece.get("function")
    named = isinstance(function, dict) and bool(function.get("name"))
    told = ("type", "id") if named else ("type",)
    return all(not entry.get(name) or not piece.get(name) or entry[name] == piece[name] for name in told)
