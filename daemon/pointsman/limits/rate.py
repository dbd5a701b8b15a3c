"""What a refusal says about limits, and of the prompt: one reader for every form in which providers say it.

Three sources: the headers, headers repeated inside the body, and the body's own fields and words. A wait
that is said outright (Retry-After and its like) counts before the reset of a used-up budget: OpenAI's and
Groq's resets name the moment when a budget is *full* again, which is later than necessary. The limit of one
kind of request is never told from another's reset: a reset counts only where nothing remains.
"""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from pointsman.errors import Shuts
from pointsman.limits.heads import spelt
from pointsman.limits.times import LONGEST_RATE, MOST, after, plain, until, waits_in


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
    wait helps, others may pass, so that it is not `limited` and shuts nothing. `status`: the refusal's, or
    what an error inside a 200 stands for; 0: it doesn't say. `most`: how much the limit allows, where told.
    `filtered`: what the prompt says was refused, and no other is asked to take it. `too_long`: the prompt is
    longer than the model's context.
    """

    limited: bool
    wait: float | None
    shuts: Shuts
    scope: Scope
    status: int = field(default=0, compare=False)
    most: int | None = field(default=None, compare=False)
    filtered: bool = field(default=False, compare=False)
    too_long: bool = field(default=False, compare=False)

    @property
    def note(self) -> str:
        """For people, who are often told no more than "too many requests"; a 402 says it by itself."""
        return " (a quota is used up)" if self.scope is Scope.QUOTA and self.status != 402 else ""


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
REQUESTS_OWN = "invalid_request_error"
ONE_MODEL = frozenset({"model_not_found", "model_not_available", "region_restricted", "privacy_restricted"})

# Codes of OpenAI, Azure (the outer and the inner one), OpenRouter and Gemini (a status, and `blockReason`).
_FILTERED = re.compile(
    r"content_(?:filter|policy)\w*|responsibleaipolicyviolation|prohibited_content|safety|blocklist"
)
_FILTERING = frozenset(
    {200, 400, 403, 422}
)  # what a filter answers; others that speak of one have other trouble

# Codes of OpenAI, OpenRouter and llama.cpp; words of vLLM and LM Studio, Anthropic, Google, Ollama's runner
_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|maximum context length|context length of only"
    r"|prompt is too long|exceeds the maximum number of tokens"
    r"|exceeds (?:the available )?context (?:size|length)|greater than the context length",
    re.IGNORECASE,
)

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

_COUNT = re.compile(r"[1-9][0-9]{0,8}")
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
    if any(map(_FILTERED.fullmatch, said.words)):  # the request's own fault
        return _filter(status, said)
    in_disguise = status == 200
    status = status if status >= 400 else _status(said)
    all_headers = {**said.headers, **{name.lower(): value for name, value in headers.items()}}
    resets = dict(_used_up(all_headers, wall))
    scope = _scope(status, said, resets)
    limited = scope is not Scope.REQUEST and _is_limited(status, said)
    waits = (*_outright(all_headers, wall), *said.waits) or (tuple(resets.values()) if limited else ())
    return Limit(
        limited=limited,
        wait=None if scope is Scope.REQUEST else _longest(waits, scope),
        shuts=_shuts(status, said, scope, limited=limited or (in_disguise and _says_no_more(status, said))),
        scope=scope,
        status=status,
        most=_most(all_headers),
        too_long=any(map(_TOO_LONG.search, (*said.words, *said.texts))),
    )


def _filter(status: int, said: _Said) -> Limit:
    return Limit(
        limited=False,
        wait=None,
        shuts=Shuts.NOTHING,
        scope=Scope.UNKNOWN,
        status=status if status >= 400 else _status(said),
        filtered=status in _FILTERING,
    )


def _most(headers: Mapping[str, str]) -> int | None:
    """Of a limit that has no name, as OpenRouter tells its own."""
    told = spelt(headers).get("", {}).get("limit", "")
    return int(told) if _COUNT.fullmatch(told) else None


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


def _says_no_more(status: int, said: _Said) -> bool:
    """An error in an answer's place is its model's, unless it calls the request wrong."""
    return status == 0 and REQUESTS_OWN not in said.words


def _outright(headers: Mapping[str, str], wall: float) -> Iterator[float]:
    """Retry-After is seconds or a date (RFC 9110), and of some servers a fraction or an epoch."""
    waits = (until(headers.get("retry-after"), wall), after(headers.get("retry-after-ms"), unit=0.001))
    yield from (wait for wait in waits if wait is not None)


def _used_up(headers: Mapping[str, str], wall: float) -> Iterator[tuple[str, float]]:
    """The budgets with nothing left, and seconds until each is there again.

    A reset that names no budget (Together's, OpenRouter's) counts unless its budget has something left.
    """
    for name, budget in spelt(headers).items():
        remaining = budget.get("remaining", "" if name else "0")
        gone = _NOTHING_LEFT.fullmatch(remaining.strip()) or budget.get("status") == "rejected"
        wait = until(budget.get("reset"), wall)
        if gone and wait is not None:
            yield name, wait


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
        "blockreason",
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
        waits=(*_waits(fields, wall), *(wait for text in texts for wait in waits_in(text, wall))),
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
    """The library's own reader takes half a character too, where a prompt was repeated and cut short."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def _body_headers(fields: tuple[tuple[str, object], ...]) -> Iterator[tuple[str, str]]:
    """OpenRouter's error.metadata.headers."""
    for key, value in fields:
        if key == "headers" and isinstance(value, dict):
            yield from ((str(name).lower(), plain(value[name])) for name in list(value)[:_MOST_FIELDS])


def _waits(fields: tuple[tuple[str, object], ...], wall: float) -> Iterator[float]:
    for key, value in fields:
        told = value.get("seconds") if isinstance(value, dict) else value  # a protobuf Duration, both ways
        unit = 0.001 if key.endswith("_ms") else 1.0
        name = key.removesuffix("_ms").removesuffix("_seconds") if key.startswith("retry") else key
        wait = after(told, unit) if name in _AFTER_KEYS else None
        wait = until(told, wall) if name in _UNTIL_KEYS else wait
        if wait is not None:
            yield wait
