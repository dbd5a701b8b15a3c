"""What the head of every answer tells of rate limits: how much there is, what is left, when it is full again.

Cerebras, Groq, Mistral, OpenAI and many others (`x-ratelimit-*`), Anthropic (`anthropic-ratelimit-*`), the
IETF's draft (`ratelimit-*`). Hostile until read: a value that makes no sense is as good as none.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

from pointsman.limits.times import LONGEST_RATE, until

MOST_HEADERS = 200  # of one head, that are looked at
MOST_BUDGETS = 12  # of one head, that are believed
REFILL = 60.0  # seconds, after which some of a budget that is filled up steadily is there again

_PREFIXES = ("x-ratelimit-", "anthropic-ratelimit-", "ratelimit-")
# x-ratelimit-reset, x-ratelimit-remaining-tokens-minute, anthropic-ratelimit-input-tokens-reset
_FORMS = (
    re.compile(r"(?:x-)?ratelimit-(?P<field>limit|remaining|reset)(?:-(?P<budget>[a-z0-9-]{1,60}))?"),
    re.compile(r"anthropic-ratelimit-(?P<budget>[a-z0-9-]{1,60})-(?P<field>limit|remaining|reset|status)"),
)
_NUMBER = re.compile(r"\s*(-?)([0-9]{1,15})(?:\.[0-9]{0,15})?\s*(?:[,;].{0,100})?")
_WINDOWS = MappingProxyType({unit: f"a {unit}" for unit in ("second", "minute", "day", "week", "month")})


class Ceiling(NamedTuple):
    """One budget of a provider's. `seconds` until it is full again; of what is not told None."""

    budget: str  # as its headers name it: requests-minute, input-tokens; empty: it has no name
    limit: int | None
    remaining: int | None
    seconds: float | None

    @property
    def rest(self) -> float:
        """Seconds for which asking is in vain; 0: something is left, or there is no telling.

        One that is named by its span (`tokens-minute`), or not at all, comes back all at once. Others are
        filled up steadily (Anthropic, Groq and OpenAI tell when they are *full*): some of it is there before.
        """
        if self.remaining != 0 or self.seconds is None:
            return 0.0
        return self.seconds if self._span or not self.budget else min(self.seconds, REFILL)

    @property
    def words(self) -> str:
        """`requests a minute`, `input tokens`, or empty."""
        kind = self.budget.removesuffix(self._span).replace("-", " ").strip()
        return f"{kind} {_WINDOWS.get(self._span, '')}".strip()

    @property
    def used_up(self) -> str:
        """For people: that nothing of it is left."""
        number = "" if self.limit is None else f"{self.limit:,} "
        return f"its {number}{self.words or 'requests'} are used up, by its own headers"

    @property
    def _span(self) -> str:
        last = self.budget.rpartition("-")[2]
        return last if last in _WINDOWS else ""


def read_ceilings(headers: Mapping[str, str], wall: float) -> list[Ceiling]:
    """Pure, and never raises. `wall` is the time of day, for providers that name a moment."""
    told = [pair for pair in islice(headers.items(), MOST_HEADERS) if pair[0].lower().startswith(_PREFIXES)]
    if not told:
        return []
    budgets = spelt({name.lower(): value for name, value in told})
    found = (_ceiling(name, budget, wall) for name, budget in budgets.items())
    return [one for one in found if one.limit is not None or one.remaining is not None][:MOST_BUDGETS]


def spelt(headers: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What headers, their names in lower case, say of each budget, as it is written."""
    budgets: dict[str, dict[str, str]] = {}
    for name, field, value in _fields(headers.items()):
        budgets.setdefault(name, {})[field] = value
    return budgets


def _fields(headers: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str, str]]:
    for name, value in headers:
        for form in _FORMS:
            if found := form.fullmatch(name):
                yield found["budget"] or "", found["field"], value


def _ceiling(name: str, budget: Mapping[str, str], wall: float) -> Ceiling:
    seconds = until(budget.get("reset"), wall)
    return Ceiling(
        name,
        _number(budget.get("limit")) or None,  # one of nought is none
        _number(budget.get("remaining")),
        None if seconds is None else min(seconds, LONGEST_RATE),
    )


def _number(text: str | None) -> int | None:
    """What is below zero is nothing."""
    found = _NUMBER.fullmatch(text or "")
    return None if found is None else 0 if found[1] else int(found[2])
