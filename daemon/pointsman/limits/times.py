"""Times, as everybody writes them: seconds, spans, dates, moments, and sentences that hold one.

Only ASCII, and only what is short enough to be a time. What is longer than MOST is no time to wait for: as
good as not said.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType

MOST = 32 * 86400.0  # seconds: a month's quota is the longest there is, and a day for time zones
LONGEST_RATE = 25 * 3600.0  # seconds: a limit per day, on the day that has an hour more

_LONGEST_TIME = 64
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]{1,3})?", re.IGNORECASE)
_UNITS = MappingProxyType(
    {"n": 1e-9, "u": 1e-6, "ms": 1e-3, "mil": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}
)
_PART = (
    r"([0-9]{1,12}(?:\.[0-9]{1,12})?) ?"
    r"(ns|us|ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])"
)
_PARTS = re.compile(_PART, re.IGNORECASE)
_SPAN = re.compile(rf"(?:{_PART} ?)+", re.IGNORECASE)
# "Please try again in 7m12s", "Please retry after 26 seconds", "Please wait 2.5s"
_IN_WORDS = re.compile(
    rf"(?:\bagain|\bretry|\bwait)(?: in| after| for)?(?: about)? (?P<span>(?:{_PART} ?)+)", re.IGNORECASE
)
# "You will regain access on 2026-04-01 at 00:00 UTC" (Anthropic), "resets at 2026-05-15T15:00:00Z" (MiniMax)
_ON = re.compile(
    r"(?:access on|resets? at) (?P<day>[0-9-]{10})(?: at |T| )(?P<time>[0-9:]{5,8})(?: ?UTC|Z)", re.IGNORECASE
)


def plain(value: object) -> str:
    """A value that may be a time, as text; empty where it can't be one."""
    if isinstance(value, str):
        text = value.strip().replace("\u00b5", "u")  # Go's microseconds
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e30:
        text = repr(value)
    else:
        return ""
    return text if text.isascii() and len(text) <= _LONGEST_TIME else ""


def after(value: object, unit: float = 1.0) -> float | None:
    """Seconds, from a number or from a span like "6m0s", "17ms", "7.66s". Nothing negative is a time."""
    number = _number(value)
    if number is not None:
        return _sane(number * unit)
    text = plain(value)
    return _sane(_span(text)) if _SPAN.fullmatch(text) else None


def _number(value: object) -> float | None:
    text = plain(value)
    return float(text) if _NUMBER.fullmatch(text) else None


def _sane(seconds: float) -> float | None:
    return seconds if seconds <= MOST else None


def _span(text: str) -> float:
    parts = ((float(number), unit.lower()) for number, unit in _PARTS.findall(text))
    return sum(number * (_UNITS.get(unit[:3]) or _UNITS[unit[0]]) for number, unit in parts)


def until(value: object, wall: float) -> float | None:
    """Seconds until a reset: a span, or a moment. Numbers from 1e9 are epochs, from 1e11 in milliseconds."""
    number = _number(value)
    if number is not None and number >= 1e9:
        return _sane(max(0.0, (number if number < 1e11 else number / 1000) - wall))
    wait = after(value)
    return at(value, wall) if wait is None else wait


def at(value: object, wall: float) -> float | None:
    """Seconds until a date as in RFC 3339 or HTTP; a moment that is over is no wait."""
    text = plain(value)
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return _sane(max(0.0, aware.timestamp() - wall))
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def waits_in(text: str, wall: float) -> Iterator[float]:
    """Seconds, as sentences for people tell them."""
    spans = (_sane(_span(found["span"])) for found in _IN_WORDS.finditer(text))
    moments = (at(f"{found['day']}T{found['time']}Z", wall) for found in _ON.finditer(text))
    yield from (wait for wait in (*spans, *moments) if wait is not None)
