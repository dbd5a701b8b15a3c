"""What the heads of answers tell of limits, in the forms of providers, and of those who mean no good."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.limits.heads import MOST_BUDGETS, MOST_HEADERS, REFILL, Ceiling, read_ceilings
from pointsman.limits.times import LONGEST_RATE

WALL = 1_800_000_000.0


def read(headers: dict[str, str]) -> list[Ceiling]:
    return read_ceilings(headers, WALL)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (  # Groq, OpenAI
            {
                "X-RateLimit-Limit-Requests": "14400",
                "X-RateLimit-Remaining-Requests": "14370",
                "X-RateLimit-Reset-Requests": "2m59.56s",
            },
            Ceiling("requests", 14_400, 14_370, 179.56),
        ),
        (  # Cerebras
            {
                "x-ratelimit-limit-tokens-minute": "60000",
                "x-ratelimit-remaining-tokens-minute": "0",
                "x-ratelimit-reset-tokens-minute": "33.382867",
            },
            Ceiling("tokens-minute", 60_000, 0, 33.382867),
        ),
        (  # Anthropic
            {
                "anthropic-ratelimit-input-tokens-limit": "40000",
                "anthropic-ratelimit-input-tokens-remaining": "39000",
                "anthropic-ratelimit-input-tokens-reset": "2027-01-15T08:01:00Z",
            },
            Ceiling("input-tokens", 40_000, 39_000, 60.0),
        ),
        (  # the IETF's draft, as it is in use
            {"ratelimit-limit": "100, 100;w=60", "ratelimit-remaining": "50", "ratelimit-reset": "30"},
            Ceiling("", 100, 50, 30.0),
        ),
        ({"x-ratelimit-limit": "20"}, Ceiling("", 20, None, None)),
        ({"x-ratelimit-remaining": "-3", "x-ratelimit-limit": "0"}, Ceiling("", None, 0, None)),
    ],
)
def test_every_form_is_read(headers: dict[str, str], expected: Ceiling) -> None:
    assert read({"Content-Type": "application/json", **headers}) == [expected]


@pytest.mark.parametrize(
    ("reset", "rest"),
    [("26h", LONGEST_RATE), ("1e999", 0), ("9" * 20, 0), ("99999h", 0), ("2099-01-01T00:00:00Z", 0)],
)
def test_nobody_is_spared_for_longer_than_a_day_or_for_ever(reset: str, rest: float) -> None:
    (told,) = read({"x-ratelimit-remaining-requests-day": "0", "x-ratelimit-reset-requests-day": reset})
    assert told.rest == rest


def test_several_budgets_are_told_apart() -> None:
    names = ("requests-day", "tokens-minute")
    told = read({f"x-ratelimit-{field}-{name}": "5" for name in names for field in ("limit", "remaining")})
    assert {one.budget for one in told} == set(names)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain", "X-Request-Id": "ratelimit"},
        {"x-ratelimit-reset-requests": "5"},  # says nothing of how much
        {"x-ratelimit-limit-requests": "NaN", "x-ratelimit-remaining-requests": "inf"},
        {"x-ratelimit-limit-requests": "9" * 40, "x-ratelimit-remaining-requests": "\u0665"},
        {"x-ratelimit-limit-" + "a" * 61: "5"},
    ],
)
def test_what_says_nothing_is_nothing(headers: dict[str, str]) -> None:
    assert read(headers) == []


def test_ten_thousand_headers_are_not_all_looked_at() -> None:
    flood = {f"x-ratelimit-limit-b{number}": "5" for number in range(10_000)}
    assert len(read(flood)) == MOST_BUDGETS
    assert read({f"x-{number}": "" for number in range(MOST_HEADERS)} | {"x-ratelimit-limit": "5"}) == []


@pytest.mark.parametrize(
    ("budget", "remaining", "seconds", "rest"),
    [
        ("requests-day", 0, 3600.0, 3600.0),  # comes back all at once
        ("", 0, 3600.0, 3600.0),
        ("requests", 0, 3600.0, REFILL),  # is filled up steadily: full in an hour, not empty until then
        ("requests", 0, 5.0, 5.0),
        ("requests", 1, 5.0, 0.0),
        ("requests", None, 5.0, 0.0),
        ("requests", 0, None, 0.0),
    ],
)
def test_who_has_nothing_left_rests(
    budget: str, remaining: int | None, seconds: float | None, rest: float
) -> None:
    assert Ceiling(budget, 30, remaining, seconds).rest == rest


@pytest.mark.parametrize(
    ("budget", "limit", "words"),
    [
        ("requests-minute", 30, "its 30 requests a minute are used up, by its own headers"),
        ("input-tokens", 40_000, "its 40,000 input tokens are used up, by its own headers"),
        ("tokens-day", None, "its tokens a day are used up, by its own headers"),
        ("", 20, "its 20 requests are used up, by its own headers"),
    ],
)
def test_what_is_used_up_is_told_in_plain_words(budget: str, limit: int | None, words: str) -> None:
    assert Ceiling(budget, limit, 0, 1.0).used_up == words


NAMES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["x-ratelimit-", "ratelimit-", "anthropic-ratelimit-", "X-RateLimit-", ""]),
    st.sampled_from(["limit", "remaining", "reset", "requests-limit", "requests-reset", "tokens-remaining"]),
    st.sampled_from(["", "-requests", "-tokens-minute", "-\u00fc", "-"]),
)
VALUES = st.text(max_size=90) | st.floats().map(str) | st.integers().map(str)


@given(st.dictionaries(NAMES, VALUES, max_size=12))
def test_whatever_comes_is_read_within_bounds(headers: dict[str, str]) -> None:
    for one in read(headers):
        assert one.limit is None or one.limit > 0
        assert one.remaining is None or one.remaining >= 0
        assert one.seconds is None or 0 <= one.seconds <= LONGEST_RATE
        assert 0 <= one.rest <= LONGEST_RATE
