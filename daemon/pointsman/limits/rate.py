"""What a refusal says about limits: one reader for every form in which providers say it.

Three sources: the headers, headers repeated inside the body, and the body's own fields and words. A wait
that is said outright (Retry-After and its like) counts before the reset of a used-up budget: OpenAI's and
Groq's resets name the moment when a budget is *full* again, which is later than necessary. The limit of one
kind of request is never told from another's reset: a reset counts only where nothing remains.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from types import MappingProxyType

import msgspec

from pointsman.errors import Shuts

MOST = 32 * 86400.0  # seconds: a month's quota is the longest there is, and a day for time zones
LONGEST_RATE = 25 * 3600.0  # seconds: a limit per day, on the day that has an hour more


class Scope(StrEnum):
    """What is used up. A QUOTA is money or a plan's share: it comes back late, or when somebody pays."""

    UNKNOWN = ""
    REQUEST = "request"
    MINUTE = "minute"
    DAY = "day"
    ACCOUNT = "account"
    QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class Limit:
    """What a refusal means for what comes after it.

    `limited`: a rate limit or a quota, whatever the status; time (or money) heals it. `wait`: seconds from
    now, None where nothing is said; never negative, never above MOST, and above LONGEST_RATE for a quota
    only. It is what the provider says: Google sends half a minute with an exhausted day, so whoever
    waits lengthens it when the same refusal comes again. `shuts`: most providers limit per model, so a
    plain 429 shuts no more than that. REQUEST scope: this one request is larger than the limit; no
    wait helps, others may pass, so that it is not `limited` and shuts nothing.
    """

    limited: bool
    wait: float | None
    shuts: Shuts
    scope: Scope


# What stands for a status where none is: inside a 200, in a stream. OpenAI, Anthropic, OpenRouter (error_type
# and availability), Google, Together, Cerebras, ChatGPT.
_WORDS = (
    (401, "authentication authentication_error unauthenticated"),
    (402, "402 billing_error payment_required"),
    (403, "permission_denied permission_error"),
    (429, "429 rate_limit_exceeded rate_limit_error ratelimitexceeded too_many_requests_error"),
    (429, "resource_exhausted capacity_exhausted dynamic_request_limited dynamic_token_limited"),
    (429, "insufficient_quota credit_balance_exhausted enforced_spend_limit_reached"),
    (429, "too_many_tokens_error usage_limit_reached"),
    (500, "server server_error api_error internal"),
    (502, "provider_unavailable"),
    (503, "provider_overloaded temporarily_unavailable unavailable"),
    (504, "timeout timeout_error deadline_exceeded"),
    (529, "overloaded_error"),
)
STATUSES = MappingProxyType({word: status for status, words in _WORDS for word in words.split()})
_MONEY = "billing_error billing_hard_limit_reached credit_balance_exhausted insufficient_balance"
_SHARE = "payment_required enforced_spend_limit_reached insufficient_quota usage_limit_reached"
QUOTAS = frozenset((*_MONEY.split(), *_SHARE.split()))
ONE_MODEL = frozenset({"model_not_found", "model_not_available", "region_restricted", "privacy_restricted"})

# Messages that tell of a quota under any status: Anthropic says both of its own with a 400
# (anthropics/claude-code issues 2127 and 38035), OpenRouter a key's ceiling with a 403.
_QUOTA_BEGINS = re.compile(
    r"you have reached your specified api usage limits|your credit balance is too low|key limit exceeded",
    re.IGNORECASE,
)
# A plan's share of an hour, week or month: Ollama's cloud, MiniMax, ChatGPT and Claude subscriptions.
_PLAN = (
    r"\b(?<!not your )usage limit|(?:weekly|monthly)[\w -]{0,30}(?:limit|quota|cap)\b"
    r"|per[ _-]?(?:week|month)\b"
)
_SCOPES = (
    (Scope.QUOTA, re.compile(rf"{_PLAN}|^unified", re.IGNORECASE | re.MULTILINE)),
    (
        Scope.DAY,
        re.compile(r"per[ _-]?day|\b[tr]pd\b|\bdaily\b|-day$|/ ?day\b", re.IGNORECASE | re.MULTILINE),
    ),
    (Scope.MINUTE, re.compile(r"per[ _-]?min|\b[tr]pm\b|-minute$|/ ?min\b", re.IGNORECASE | re.MULTILINE)),
)
_TOO_LARGE = re.compile(r"request too large", re.IGNORECASE)
_ASKED = re.compile(r"limit:? ([0-9,]{1,15})\b.{0,80}?requested:? ~?([0-9,]{1,15})\b", re.IGNORECASE)
_AFFORD = re.compile(r"can only afford", re.IGNORECASE)
_FREE = "free-models-per-"

# x-ratelimit-reset, x-ratelimit-remaining-tokens-minute, anthropic-ratelimit-input-tokens-reset
_BUDGETS = (
    re.compile(r"(?:x-)?ratelimit-(?P<field>remaining|reset)(?:-(?P<budget>[a-z0-9-]{1,60}))?"),
    re.compile(r"anthropic-ratelimit-(?P<budget>[a-z0-9-]{1,60})-(?P<field>remaining|reset|status)"),
)
_NOTHING_LEFT = re.compile(r"-[0-9.]+|0+(?:\.0*)?")


@dataclass(frozen=True, slots=True)
class _Said:
    """`words` are for programs, in lower case; `texts` for people. `waits` are seconds from now."""

    codes: tuple[int, ...]
    words: tuple[str, ...]
    texts: tuple[str, ...]
    waits: tuple[float, ...]
    headers: Mapping[str, str]


def read_limit(status: int, headers: Mapping[str, str], body: bytes, wall: float) -> Limit:
    """Reads a refusal: a status from 400 on, or an error inside a 200. Pure, and never raises.

    `wall` is the time of day as seconds since 1970, for providers that name a moment.
    """
    said = _read_body(body, wall)
    if any(word.startswith("content_") for word in said.words):  # a filter: the request's own fault
        return Limit(limited=False, wait=None, shuts=Shuts.NOTHING, scope=Scope.UNKNOWN)
    status = status if status >= 400 else _status(said)
    all_headers = {**said.headers, **{name.lower(): value for name, value in headers.items()}}
    resets = dict(_used_up(all_headers, wall))
    scope = _scope(status, said, resets)
    limited = scope is not Scope.REQUEST and _is_limited(status, said)
    waits = (*_outright(all_headers, wall), *said.waits) or (tuple(resets.values()) if limited else ())
    return Limit(
        limited=limited,
        wait=None if scope is Scope.REQUEST else _longest(waits, scope),
        shuts=_shuts(status, said, scope, limited=limited),
        scope=scope,
    )


def _status(said: _Said) -> int:
    """The status an error inside a 200 would have had; 0: it doesn't say."""
    return next(iter((*said.codes, *(STATUSES[word] for word in said.words if word in STATUSES))), 0)


def _is_limited(status: int, said: _Said) -> bool:
    by_word = any(STATUSES.get(word) == 429 for word in said.words)
    return 429 in (status, *said.codes) or by_word or _is_quota(status, said)


def _is_quota(status: int, said: _Said) -> bool:
    by_text = any(_QUOTA_BEGINS.match(text) for text in said.texts)
    return status == 402 or by_text or not QUOTAS.isdisjoint(said.words)


def _scope(status: int, said: _Said, budgets: Mapping[str, object]) -> Scope:
    if _is_quota(status, said):
        return Scope.QUOTA
    if not _is_limited(status, said):
        return Scope.ACCOUNT if status in (401, 403) and ONE_MODEL.isdisjoint(said.words) else Scope.UNKNOWN
    if status == 413 or any(map(_asks_too_much, said.texts)):
        return Scope.REQUEST
    words = "\n".join((*said.words, *said.texts, *budgets))
    return next((scope for scope, pattern in _SCOPES if pattern.search(words)), Scope.UNKNOWN)


def _asks_too_much(text: str) -> bool:
    """Groq and OpenAI: "Limit 7000, Used 0, Requested ~12903"."""
    asked = _ASKED.search(text)
    if not asked:
        return _TOO_LARGE.search(text) is not None
    limit, requested = (int(digits.replace(",", "") or "0") for digits in asked.groups())
    return 0 < limit < requested


def _shuts(status: int, said: _Said, scope: Scope, *, limited: bool) -> Shuts:
    """OpenRouter's "can only afford" is about a price: the account's free models still answer."""
    if scope is Scope.REQUEST:
        return Shuts.NOTHING
    if scope is Scope.QUOTA:
        return Shuts.MODEL if any(map(_AFFORD.search, said.texts)) else Shuts.ACCOUNT
    if scope is Scope.ACCOUNT:
        return Shuts.ACCOUNT
    if limited and any(_FREE in text for text in said.texts):
        return Shuts.FREE
    return Shuts.MODEL if limited or status >= 500 or status in (401, 403) else Shuts.NOTHING


def _outright(headers: Mapping[str, str], wall: float) -> Iterator[float]:
    """Retry-After is seconds (RFC 9110, whole ones; some send fractions) or a date, never an epoch."""
    told = headers.get("retry-after")
    wait = _after(told)
    waits = (_at(told, wall) if wait is None else wait, _after(headers.get("retry-after-ms"), unit=0.001))
    yield from (wait for wait in waits if wait is not None)


def _used_up(headers: Mapping[str, str], wall: float) -> Iterator[tuple[str, float]]:
    """The budgets with nothing left, and seconds until each is there again.

    A reset that names no budget (Together's, OpenRouter's) counts unless its budget has something left.
    """
    for name, budget in _budgets(headers).items():
        remaining = budget.get("remaining", "" if name else "0")
        gone = _NOTHING_LEFT.fullmatch(remaining.strip()) or budget.get("status") == "rejected"
        wait = _until(budget.get("reset"), wall)
        if gone and wait is not None:
            yield name, wait


def _budgets(headers: Mapping[str, str]) -> dict[str, dict[str, str]]:
    budgets: dict[str, dict[str, str]] = {}
    for name, value in headers.items():
        for pattern in _BUDGETS:
            if found := pattern.fullmatch(name):
                budgets.setdefault(found["budget"] or "", {})[found["field"]] = value
    return budgets


def _longest(waits: tuple[float, ...], scope: Scope) -> float | None:
    """No target is asked before every limit that was told is over."""
    return min(max(waits), MOST if scope is Scope.QUOTA else LONGEST_RATE) if waits else None


# What a body says: bounded, whatever came. A string that holds JSON is opened: routers repeat what they got.
_MOST_FIELDS = 500
_LONGEST_BODY = 64 * 1024
_LONGEST_TEXT = 2000
_MOST_TEXTS = 20
_NOT_SAID = frozenset({"choices", "messages", "input", "body", "request"})  # somebody's prompt or answer
_WORD_KEYS = frozenset(
    {
        "code",
        "type",
        "status",
        "error_type",
        "error_code",
        "provider_code",
        "reason",
        "quotaid",
        "quotametric",
    }
)
_TEXT_KEYS = frozenset({"", "error", "message", "detail", "msg", "raw"})
_AFTER_KEYS = frozenset({"retrydelay", "retry_after", "retry-after", "retryafter", "resets_in_seconds"})
_UNTIL_KEYS = frozenset({"resets_at", "reset_at"})


def _read_body(body: bytes, wall: float) -> _Said:
    fields = tuple(_fields(body[:_LONGEST_BODY]))
    strings = [(key, value[:_LONGEST_TEXT]) for key, value in fields if isinstance(value, str)]
    texts = tuple(text for key, text in strings if key in _TEXT_KEYS)[:_MOST_TEXTS]
    numbers = [value for key, value in fields if key in ("code", "status") and isinstance(value, int)]
    return _Said(
        codes=tuple(number for number in numbers if 400 <= number < 600),
        words=tuple(word.lower() for key, word in strings if key in _WORD_KEYS),
        texts=texts,
        waits=(*_waits(fields, wall), *(wait for text in texts for wait in _text_waits(text, wall))),
        headers=dict(_body_headers(fields)),
    )


def _fields(body: bytes) -> Iterator[tuple[str, object]]:
    """Every field of a body, the outermost first."""
    waiting = deque([("", _decoded(body))])
    for _ in range(_MOST_FIELDS):
        if not waiting:
            return
        key, value = waiting.popleft()
        if isinstance(value, dict):
            inner = ((str(name).lower(), value[name]) for name in list(value)[:_MOST_FIELDS])
            waiting.extend(field for field in inner if field[0] not in _NOT_SAID)
        elif isinstance(value, list):
            waiting.extend((key, item) for item in value[:_MOST_FIELDS])
        elif isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
            opened = _decoded(value.encode("utf-8", "replace"))
            waiting.extend([(key, opened)] if not isinstance(opened, str) else [])
        yield key, value


def _decoded(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body.decode("utf-8", "replace")


def _body_headers(fields: tuple[tuple[str, object], ...]) -> Iterator[tuple[str, str]]:
    """OpenRouter's error.metadata.headers."""
    for key, value in fields:
        if key == "headers" and isinstance(value, dict):
            yield from ((str(name).lower(), _plain(value[name])) for name in list(value)[:_MOST_FIELDS])


def _waits(fields: tuple[tuple[str, object], ...], wall: float) -> Iterator[float]:
    for key, value in fields:
        told = value.get("seconds") if isinstance(value, dict) else value  # a protobuf Duration, both ways
        unit = 0.001 if key.endswith("_ms") else 1.0
        name = key.removesuffix("_ms").removesuffix("_seconds") if key.startswith("retry") else key
        wait = _after(told, unit) if name in _AFTER_KEYS else None
        wait = _until(told, wall) if name in _UNTIL_KEYS else wait
        if wait is not None:
            yield wait


# Times, as everybody writes them. Only ASCII, only what is short enough to be one.
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


def _plain(value: object) -> str:
    if isinstance(value, str):
        text = value.strip().replace("\u00b5", "u")  # Go's microseconds
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e30:
        text = repr(value)
    else:
        return ""
    return text if text.isascii() and len(text) <= _LONGEST_TIME else ""


def _after(value: object, unit: float = 1.0) -> float | None:
    """Seconds, from a number or from a span like "6m0s", "17ms", "7.66s". Nothing negative is a time."""
    text = _plain(value)
    if _NUMBER.fullmatch(text):
        return float(text) * unit
    return _span(text) if _SPAN.fullmatch(text) else None


def _span(text: str) -> float:
    parts = ((float(number), unit.lower()) for number, unit in _PARTS.findall(text))
    return sum(number * (_UNITS.get(unit[:3]) or _UNITS[unit[0]]) for number, unit in parts)


def _until(value: object, wall: float) -> float | None:
    """Seconds until a reset: a span, or a moment. Numbers from 1e9 are epochs, from 1e11 in milliseconds."""
    wait = _after(value)
    if wait is None:
        return _at(value, wall)
    if wait < 1e9:
        return wait
    return max(0.0, (wait if wait < 1e11 else wait / 1000) - wall)


def _at(value: object, wall: float) -> float | None:
    """Seconds until a date as in RFC 3339 or HTTP; a moment that is over is no wait."""
    text = _plain(value)
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return max(0.0, aware.timestamp() - wall)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _text_waits(text: str, wall: float) -> Iterator[float]:
    yield from (_span(found["span"]) for found in _IN_WORDS.finditer(text))
    for found in _ON.finditer(text):
        wait = _at(f"{found['day']}T{found['time']}Z", wall)
        if wait is not None:
            yield wait
