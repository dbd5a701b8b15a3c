"""What providers really send, one row each, with its source."""

import json
from datetime import UTC, datetime

import pytest

from pointsman.errors import Shuts
from pointsman.limits.rate import Limit, Scope, read_limit

WALL = datetime(2026, 10, 6, 12, 0, 0, tzinfo=UTC).timestamp()
HOUR, DAY = 3600.0, 86400.0

RESET = {
    "seconds": "7",
    "float seconds": "7.0",
    "milliseconds with a unit": "7000ms",
    "Go's duration": "0m7s",
    "Go's duration with a fraction": "7.000s",
    "epoch in seconds": f"{WALL + 7:.0f}",
    "epoch with a fraction": f"{WALL + 7:.3f}",
    "epoch in milliseconds": f"{(WALL + 7) * 1000:.0f}",
    "RFC 3339": "2026-10-06T12:00:07Z",
    "RFC 3339 with nanoseconds and a zone": "2026-10-06T14:00:07.000000000+02:00",
    "an HTTP date": "Tue, 06 Oct 2026 12:00:07 GMT",
}


def error(message: str = "", **fields: object) -> dict[str, object]:
    return {"error": {"message": message, **fields}}


def read(status: int, headers: dict[str, str] | None = None, body: object = None) -> Limit:
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_limit(status, headers or {}, written if body is not None else b"", WALL)


def limit(wait: float | None, scope: str = "", shuts: Shuts = Shuts.MODEL) -> Limit:
    expected = None if wait is None else pytest.approx(wait, abs=0.0001)
    return Limit(limited=True, wait=expected, shuts=shuts, scope=Scope(scope))  # type: ignore[arg-type]


@pytest.mark.parametrize("form", RESET)
def test_a_reset_is_understood_in_every_form(form: str) -> None:
    headers = {"X-RateLimit-Remaining-Tokens": "0", "X-RateLimit-Reset-Tokens": RESET[form]}
    assert read(429, headers) == limit(7)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "2"}, 2),  # OpenAI, Anthropic, Groq, OpenRouter: whole seconds
        ({"retry-after": "0.5"}, 0.5),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "Tue, 06 Oct 2026 12:01:00 GMT"}, 60),  # RFC 9110, 10.2.3
        ({"Retry-After": "Tuesday, 06-Oct-26 12:01:00 GMT"}, 60),
        ({"Retry-After": "Tue, 06 Oct 2026 11:00:00 GMT"}, 0),  # over
        ({"Retry-After": f"{WALL + 5:.0f}"}, 5),  # an epoch, as resets have it
        ({"Retry-After": f"{(WALL + 5) * 1000:.0f}"}, 5),
        ({"Retry-After": f"{WALL - 5:.0f}"}, 0),
        ({"Retry-After": "1e999", "x-ratelimit-reset": "7"}, 7),  # as if it were not there
        ({"retry-after-ms": "1500"}, 1.5),  # Azure; read by OpenAI's own clients
        ({"retry-after-ms": "1500", "retry-after": "2"}, 2),  # no earlier than any of them
        ({"retry-after": "6s"}, 6),
        ({"retry-after": "500\u00b5s"}, 0.0005),  # Go's microseconds
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], wait: float | None) -> None:
    assert read(429, headers) == limit(wait)


@pytest.mark.parametrize(
    ("headers", "wait", "scope"),
    [
        # openai.md: durations as Go writes them
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360, ""),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "17ms"}, 0.017, ""),
        ({"x-ratelimit-remaining-project-tokens": "0", "x-ratelimit-reset-project-tokens": "1s"}, 1, ""),
        # groq.md
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2m59.56s"}, 179.56, ""),
        ({"x-ratelimit-remaining-tokens": "-3", "x-ratelimit-reset-tokens": "7.66s"}, 7.66, ""),
        # cerebras.md: float seconds, the span in the name
        (
            {"x-ratelimit-remaining-requests-day": "0", "x-ratelimit-reset-requests-day": "33011.382867"},
            33011.382867,
            "day",
        ),
        (
            {"x-ratelimit-remaining-tokens-minute": "0", "x-ratelimit-reset-tokens-minute": "11.4"},
            11.4,
            "minute",
        ),
        # anthropic.md
        (
            {
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": "2026-10-06T12:00:30Z",
            },
            30,
            "",
        ),
        # openrouter.md, together.md: one budget without a name, Together's without what remains
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{WALL * 1000 + 20_000:.0f}"}, 20, ""),
        ({"x-ratelimit-reset": "4"}, 4, ""),
    ],
)
def test_the_reset_of_a_used_up_budget_is_the_wait(headers: dict[str, str], wait: float, scope: str) -> None:
    assert read(429, headers) == limit(wait, scope)


def test_the_reset_of_a_budget_that_has_something_left_is_none() -> None:
    rest = {"x-ratelimit-remaining-requests": "14370", "x-ratelimit-reset-requests": "2m59.56s"}
    used = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7.66s"}
    assert read(429, rest) == limit(None)
    assert read(429, rest | used) == limit(7.66)
    assert read(429, {"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "60"}) == limit(None)
    assert read(429, {"x-ratelimit-reset-requests": "60"}) == limit(None)


def test_of_two_used_up_budgets_the_later_counts_and_what_is_said_outright_counts_before_both() -> None:
    """A reset is the moment when Groq's and OpenAI's budgets are full again."""
    both = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "1h",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "7s",
    }
    assert read(429, both) == limit(HOUR)
    assert read(429, both | {"retry-after": "6"}) == limit(6)


def test_claudes_subscription_says_which_of_its_shares_is_gone() -> None:
    headers = {
        "anthropic-ratelimit-unified-5h-status": "allowed",
        "anthropic-ratelimit-unified-5h-reset": f"{WALL + 60:.0f}",
        "anthropic-ratelimit-unified-7d-status": "rejected",
        "anthropic-ratelimit-unified-7d-reset": f"{WALL + 3 * DAY:.0f}",
    }
    assert read(429, headers) == limit(3 * DAY, "quota", Shuts.ACCOUNT)


FREE_PER_DAY = error(
    "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day",
    code=429,
    metadata={
        "headers": {
            "X-RateLimit-Limit": "50",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": "1791331200000",
        },
        "provider_name": None,
    },
)
GROQ = "Rate limit reached for model `llama-3.3-70b-versatile` in organization `org_0` on "
PER_DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
PER_MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"


USAGE_LIMITS = (
    "You have reached your specified API usage limits. You will regain access on 2026-11-01 at 00:00 UTC."
)


def gemini(quota: str, delay: object = "34s") -> dict[str, object]:
    failure = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota}]}
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
    return error(
        "You exceeded your current quota, please check your plan and billing details.",
        code=429,
        status="RESOURCE_EXHAUSTED",
        details=[failure, retry],
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (FREE_PER_DAY, limit(12 * HOUR, "day", Shuts.FREE)),  # openrouter.md: Gitlawb/openclaude 936
        (error("Rate limit exceeded: free-models-per-min.", code=429), limit(None, "minute", Shuts.FREE)),
        (error("Provider returned error", metadata={"raw": "x is rate-limited upstream"}), limit(None)),
        (error("Too many requests", availability={"code": "capacity_exhausted", "retry_after": 9}), limit(9)),
        (gemini(PER_DAY), limit(34, "day")),  # gemini.md; google-gemini/gemini-cli 8437
        ([gemini(PER_MINUTE)], limit(34, "minute")),  # wrapped in an array
        (gemini(PER_MINUTE, {"seconds": 34, "nanos": 0}), limit(34, "minute")),
        (error(json.dumps(gemini(PER_DAY, "3.5s")), code=429), limit(3.5, "day")),  # gemini-cli 14811
        # groq.md; continuedev/continue 10920, danielmiessler/Fabric 364
        (
            error(
                GROQ + "tokens per day (TPD): Limit 100000, Used 97050, Requested 3619. "
                "Please try again in 9m38.016s. Need more tokens? Upgrade"
            ),
            limit(578.016, "day"),
        ),
        (
            error(GROQ + "TPM: Limit 6000, Used 5500, Requested 900. Please try again in 120ms."),
            limit(0.12, "minute"),
        ),
        (
            error("Rate limit reached on requests: Limit: 3 / min. Please try again in 20s."),
            limit(20, "minute"),
        ),
        (error("Requests have exceeded the rate limit. Please retry after 26 seconds."), limit(26)),  # Azure
        # cerebras.md: a flat body, and a "quota" that is a rate
        (
            {
                "message": "Tokens per minute limit exceeded - too many tokens processed.",
                "type": "too_many_tokens_error",
                "param": "quota",
                "code": "token_quota_exceeded",
            },
            limit(None, "minute"),
        ),
        (
            {"object": "error", "message": "Requests rate limit exceeded", "code": "1300"},
            limit(None),
        ),  # mistral.md
        # quotas: openai.md, anthropic.md
        (
            error("You exceeded your current quota", type="insufficient_quota"),
            limit(None, "quota", Shuts.ACCOUNT),
        ),
        (error("No credit", code="credit_balance_exhausted"), limit(None, "quota", Shuts.ACCOUNT)),
        (
            error("Over", details={"error_code": "enforced_spend_limit_reached"}),
            limit(None, "quota", Shuts.ACCOUNT),
        ),
        # plans: MiniMax-AI/MiniMax-M2.7 36, Ollama's cloud, ChatGPT
        (
            error("usage limit exceeded, 5-hour usage limit reached, resets at 2026-10-06T15:00:00Z (2056)"),
            limit(3 * HOUR, "quota", Shuts.ACCOUNT),
        ),
        ({"error": "you've reached your weekly usage limit"}, limit(None, "quota", Shuts.ACCOUNT)),
        (
            error("Over", type="usage_limit_reached", resets_in_seconds=400_000),
            limit(400_000, "quota", Shuts.ACCOUNT),
        ),
        (error("Over", type="usage_limit_reached", resets_at=WALL + 90), limit(90, "quota", Shuts.ACCOUNT)),
        (error("Slow", retry_after_ms=2500), limit(2.5)),
        (error("Server is temporarily limiting requests (not your usage limit)"), limit(None)),
        (
            error("TPM: Limit 0, Used 0, Requested 12. Please try again in 9s"),
            limit(9, "minute"),
        ),  # none passes
        (b"<html>429 Too Many Requests</html>", limit(None)),
        (b"Slow down. Try again in 3 minutes", limit(180)),
    ],
)
def test_what_a_429_says_in_its_body(body: object, expected: Limit) -> None:
    assert read(429, body=body) == expected


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (413, error("Request too large for model", type="tokens", code="rate_limit_exceeded")),  # Groq
        (429, error(GROQ + "TPM: Limit 7000, Used 0, Requested ~12903. Please try again in 50.59s")),
        (413, error("Too many tokens", code="rate_limit_exceeded")),
        (429, error("Request too large for gpt-4o on tokens per min (TPM)", code="rate_limit_exceeded")),
    ],
)
def test_a_request_larger_than_the_limit_is_not_waited_for_and_shuts_nothing(
    status: int, body: object
) -> None:
    assert read(status, {"retry-after": "5"}, body) == Limit(
        limited=False, wait=None, shuts=Shuts.NOTHING, scope=Scope.REQUEST
    )


@pytest.mark.parametrize(
    ("status", "message", "wait"),
    [
        # anthropics/claude-code 38035
        (
            400,
            USAGE_LIMITS,
            25.5 * DAY,
        ),
        (400, "Your credit balance is too low to access the Anthropic API.", None),
        (402, "Insufficient Balance", None),  # deepseek.md
        (403, "Key limit exceeded (monthly limit).", None),  # OpenRouter: MCPJam/inspector 1287
    ],
)
def test_a_quota_may_come_with_another_status(status: int, message: str, wait: float | None) -> None:
    assert read(status, body=error(message, type="invalid_request_error")) == limit(
        wait, "quota", Shuts.ACCOUNT
    )


def test_what_is_too_dear_for_an_account_leaves_its_free_models() -> None:
    """openrouter.md: astrio-labs/forall 76."""
    body = error(
        "This request requires more credits. You requested up to 64000 tokens, but can only afford 2666."
    )
    assert read(402, body=body) == limit(None, "quota")
