"""Fields of a hostile body. Pure: what is missing or of a wrong type is unknown, and nothing raises."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import TypeGuard

import msgspec

from pointsman.types import Modality

LONGEST_NAME = 256  # characters
LONGEST_WORD = 64
LARGEST_COUNT = 2**53  # beyond it a JSON number is a rounding of what was meant

MODALITIES = MappingProxyType(
    {
        "text": Modality.TEXT,
        "image": Modality.IMAGE,
        "vision": Modality.IMAGE,
        "audio": Modality.AUDIO,
        "video": Modality.VIDEO,
        "file": Modality.FILE,
    }
)


def decode(body: bytes) -> object:
    """The JSON in a body; None where it holds none."""
    try:
        return msgspec.json.decode(body)
    except msgspec.ValidationError:  # a number is too large to be one: all else is as good as ever
        return _leniently(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _leniently(body: bytes) -> object:
    try:
        return json.loads(body, parse_constant=_nothing, parse_int=_number)
    except (ValueError, RecursionError):
        return None


def _nothing(_: str) -> None:
    """NaN and Infinity are no JSON."""


def _number(digits: str) -> int | None:
    return int(digits) if len(digits) <= LONGEST_WORD else None


def inner(value: object, key: str) -> Mapping[str, object]:
    """The object at a key."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, dict) else {}


def items(value: object, key: str) -> Sequence[object]:
    """The array at a key."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, list) else ()


def by_name(entries: Iterable[object], *keys: str) -> Mapping[str, Mapping[str, object]]:
    """The objects among the entries, by each name that they have at one of the keys."""
    objects = [entry for entry in entries if isinstance(entry, dict)]
    return {name: entry for key in keys for entry in objects if is_name(name := entry.get(key))}


def is_name(value: object) -> TypeGuard[str]:
    """A name that can be shown and sent: not too long, one line, no control characters."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= LONGEST_NAME
        and value.isprintable()
        and value == value.strip()
    )


def is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def count(value: object) -> int | None:
    """A count of something that is there: a whole number above zero."""
    return value if is_int(value) and 0 < value < LARGEST_COUNT else None


def word(value: object) -> str:
    """A short text for people, or nothing."""
    return value if isinstance(value, str) and len(value) <= LONGEST_WORD and value.isprintable() else ""


def day(value: object) -> date | None:
    """The date at the beginning of a text such as `2026-08-24` or `2026-08-24T00:00:00Z`."""
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def modalities(names: Iterable[object]) -> Modality:
    """`["text", "image"]`, or the keys of what is switched on."""
    known = (MODALITIES.get(name, Modality.NONE) for name in names if isinstance(name, str))
    return reduce(or_, known, Modality.NONE)
