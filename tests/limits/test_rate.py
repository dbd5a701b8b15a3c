import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import Shuts
from pointsman.limits.rate import STATUSES, Limit, Scope, read_limit
from pointsman.limits.times import LONGEST_RATE, MOST
from tests.limits.test_rate_forms import error, limit, read


@pytest.mark.parametrize(
    ("status", "shuts", "scope"),
    [
        (400, Shuts.NOTHING, ""),
        (401, Shuts.ACCOUNT, "account"),
        (403, Shuts.ACCOUNT, "account"),
        (404, Shuts.NOTHING, ""),
        (408, Shuts.NOTHING, ""),
        (413, Shuts.NOTHING, ""),
        (422, Shuts.NOTHING, ""),
        (500, Shuts.MODEL, ""),
        (502, Shuts.MODEL, ""),
        (503, Shuts.MODEL, ""),
        (504, Shuts.MODEL, ""),
        (529, Shuts.MODEL, ""),
    ],
)
def test_what_is_no_limit_shuts_by_its_status(status: int, shuts: Shuts, scope: str) -> None:
    assert read(status) == Limit(limited=False, wait=None, shuts=shuts, scope=Scope(scope))


def test_an_overloaded_server_may_say_how_long_and_is_no_limit() -> None:
    told = read(
        503, {"Retry-After": "30", "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "60"}
    )
    assert told == Limit(limited=False, wait=30, shuts=Shuts.MODEL, scope=Scope.UNKNOWN)
    assert read(503, {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "60"}).wait is None


def test_an_account_that_may_not_use_one_model_may_use_others() -> None:
    told = read(403, body=error("Project does not have access to the model", code="model_not_found"))
    assert told == Limit(limited=False, wait=None, shuts=Shuts.MODEL, scope=Scope.UNKNOWN)


@pytest.mark.parametrize("status", [400, 403, 429])
def test_a_content_filter_shuts_nothing(status: int) -> None:
    told = read(status, {"retry-after": "5"}, error("Flagged", code="content_filter"))
    assert told == Limit(limited=False, wait=None, shuts=Shuts.NOTHING, scope=Scope.UNKNOWN)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # openrouter.md: in a stream, with an empty choice beside it
        (
            error("Rate limited", code=429) | {"choices": [{"delta": {"content": "per day"}}]},
            limit(None),
        ),
        (error("Payment", code=402), limit(None, "quota", Shuts.ACCOUNT)),
        (error("Slow", metadata={"error_type": "rate_limit_exceeded"}), limit(None)),
        # anthropic.md: event: error
        ({"type": "error", "error": {"type": "rate_limit_error", "message": "Rate limited"}}, limit(None)),
        # gemini.md
        (error("Exhausted", status="RESOURCE_EXHAUSTED"), limit(None)),
        (error("Slow", code="429"), limit(None)),
    ],
)
def test_a_limit_inside_a_200_is_a_limit(body: object, expected: Limit) -> None:
    assert read(200, body=body) == expected


def test_a_limit_that_a_router_hands_on_with_its_own_status_is_a_limit() -> None:
    assert read(502, body=error("Upstream failed", code=429)) == limit(None)


@pytest.mark.parametrize(
    ("kind", "shuts"),
    [
        ("overloaded_error", Shuts.MODEL),
        ("api_error", Shuts.MODEL),
        ("authentication_error", Shuts.ACCOUNT),
        ("invalid_request_error", Shuts.NOTHING),
    ],
)
def test_an_error_inside_a_200_shuts_like_its_status(kind: str, shuts: Shuts) -> None:
    told = read(200, body={"type": "error", "error": {"type": kind, "message": "no"}})
    assert (told.limited, told.shuts) == (False, shuts)


def test_every_word_stands_for_a_status_that_refuses() -> None:
    assert all(400 <= status < 600 for status in STATUSES.values())
    assert all(word == word.lower() for word in STATUSES)


def test_a_prompt_that_is_sent_back_says_nothing() -> None:
    body = error("Bad", input="Please try again in 3 days") | {
        "messages": [{"message": "retry in 9s, per day"}]
    }
    assert read(429, body=body) == limit(None)


@pytest.mark.parametrize(
    ("told", "wait"),
    [
        ("-5", None),
        ("NaN", None),
        ("inf", None),
        ("-Infinity", None),
        ("", None),
        ("1_000", None),
        ("\u0661\u0662", None),  # digits that are not ASCII
        ("\uff11\uff12", None),
        ("Tue, \u0660\u0667 Oct 2026 12:00:00 GMT", None),
        ("9" * 65, None),
        ("s", None),
        ("5 fortnights", None),
        ("1e999", None),
        (str(10**20), None),
        (str(10**8), None),  # three years
        ("99999h", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("0001-01-01T00:00:00+23:59", 0),
    ],
)
def test_a_hostile_time_is_no_time(told: str, wait: float | None) -> None:
    assert read(429, {"Retry-After": told}) == limit(wait)
    used = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": told}
    assert read(429, used) == limit(wait)


def test_a_month_is_believed_of_a_quota_alone() -> None:
    assert MOST > 31 * 86400
    headers = {"Retry-After": str(31 * 86400)}
    assert read(429, headers).wait == LONGEST_RATE
    assert read(429, headers, error("Over", code="insufficient_quota")).wait == 31 * 86400
    assert (
        read(429, {"Retry-After": f"{MOST + 1:.0f}"}, error("Over", code="insufficient_quota")).wait is None
    )


def test_deep_and_wide_bodies_are_read_without_harm() -> None:
    for body in (
        b"[" * 200_000,
        b'{"error":' * 100_000,
        b"[" * 900 + b"]" * 900,
        b'{"error":{"message":' + b"9" * 5000 + b"}}",
        json.dumps({"error": ["{" * 100] * 10_000}).encode(),
        b'{"error":{"message":"\\ud800"}}',
        b"\xff\xfe\x00",
        b"x" * 1_000_000,
    ):
        assert read(429, body=body) == limit(None)


KEYS = st.sampled_from(
    ["error", "code", "type", "status", "message", "headers", "retryDelay", "retry_after", "retry_after_ms"]
    + ["resets_at", "resets_in_seconds", "details", "seconds", "metadata", "raw", "choices"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=20,
)
TIMES = st.one_of(
    st.text(max_size=80),
    st.integers().map(str),
    st.floats().map(str),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.from_regex(r"[0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h|d)[0-9]{1,3}s", fullmatch=True),
)
NAMES = st.sampled_from(
    [
        "Retry-After",
        "retry-after-ms",
        "x-ratelimit-reset",
        "X-RateLimit-Remaining",
        "x-ratelimit-reset-tokens",
    ]
    + ["x-ratelimit-remaining-tokens", "anthropic-ratelimit-requests-reset", "anthropic-ratelimit-x-status"]
)
STATUS = st.sampled_from([200, 400, 401, 402, 403, 404, 413, 429, 500, 503, 529])
HEADERS = st.dictionaries(NAMES | st.text(max_size=30), TIMES, max_size=6)
BODIES = st.binary(max_size=100) | JSON.map(lambda body: json.dumps(body).encode())


@given(STATUS, HEADERS, BODIES, st.floats(0, 1e11))
def test_whatever_comes_is_read_and_no_wait_is_out_of_bounds(
    status: int, headers: dict[str, str], body: bytes, wall: float
) -> None:
    told = read_limit(status, headers, body, wall)
    assert told.wait is None or 0 <= told.wait <= (MOST if told.scope is Scope.QUOTA else LONGEST_RATE)
    assert told.limited or told.shuts is not Shuts.ACCOUNT or told.scope is Scope.ACCOUNT


@given(HEADERS, st.floats(0, MOST), st.floats(0, MOST), st.sampled_from(["{:.0f}", "{:.3f}", "{!r}"]))
def test_a_longer_retry_after_is_never_a_shorter_wait(
    headers: dict[str, str], one: float, other: float, form: str
) -> None:
    rest = {name: value for name, value in headers.items() if name.lower() != "retry-after"}
    waits = [read(429, rest | {"Retry-After": form.format(told)}).wait for told in sorted((one, other))]
    assert waits[0] is not None
    assert waits[1] is not None
    assert waits[0] <= waits[1]


@given(st.integers(0, 90_000_000))
def test_a_wait_is_the_same_in_whatever_form_it_comes(milliseconds: int) -> None:
    seconds, rest = divmod(milliseconds, 1000)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    forms = (f"{hours}h{minutes}m{seconds % 60}.{rest:03}s", f"{milliseconds}ms", f"{seconds}.{rest:03}")
    for form in forms:
        wait = read(429, {"Retry-After": form}).wait
        assert wait is not None
        assert math.isclose(wait, milliseconds / 1000, abs_tol=0.0005)


@pytest.mark.parametrize(
    ("status", "code", "note"),
    [
        (429, "insufficient_quota", " (a quota is used up)"),
        (429, "rate_limit_exceeded", ""),
        (402, "insufficient_quota", ""),  # which nobody takes for a rate limit
    ],
)
def test_a_quota_is_named_as_one(status: int, code: str, note: str) -> None:
    assert read(status, body=error("Too many requests", code=code)).note == note
