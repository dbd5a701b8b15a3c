"""What a person is told without having asked: each outage once, and what happens for the first time."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pointsman.cli.client import Event
from pointsman.cli.happenings import sentence
from pointsman.server.control.shapes import StatusShape
from pointsman.steps import Step

QUIET = 600.0  # seconds: who comes and goes is told of no more often
STEPS = tuple(Step)  # of a budget, the last the hardest
LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Notice:
    title: str
    text: str


class News:
    """`monotonic`: seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._out: set[str] = set()  # endpoints that another answered for, and that have not answered since
        self._told: dict[str, float] = {}  # when, by endpoint
        self._known: set[str] = set()  # endpoints, ever
        self._steps: dict[str, int] = {}  # of budgets
        self._looked = False  # the daemon has been everywhere once
        self._titles: Mapping[str, Callable[[Event], str]] = {
            "request.done": self._answered,
            "fallback": self._fallback,
            "endpoint.found": self._found,
            "budget.step": self._stepped,
            "paid.first": lambda _: "Money is spent",
            "privacy.left": lambda _: "Prompts leave this machine",
        }

    def begin(self) -> None:
        """With a daemon that may have only just started."""
        self._looked = False

    def know(self, status: StatusShape) -> None:
        """As it is when nothing has happened yet."""
        self._known.update(one["id"] for one in status["endpoints"])
        self._steps = {one["name"]: _rank(one["step"]) for one in status["budgets"]}
        self._looked = status["swept_ago"] is not None

    def of(self, event: Event) -> Notice | None:
        """None: it is not told, or only once."""
        titled = self._titles.get(event.kind)
        title = titled(event) if titled else ""
        return Notice(title, sentence(event)) if title else None

    def _answered(self, event: Event) -> str:
        self._out.discard(_endpoint(event, "model"))
        return ""

    def _fallback(self, event: Event) -> str:
        out = _endpoint(event, "of")
        if out == _endpoint(event, "to") or out in self._out:
            return ""
        self._out.add(out)
        now, told = self._monotonic(), self._told.get(out, -math.inf)
        if now - told < QUIET:
            return ""
        self._told[out] = now
        return f"{out} did not answer"

    def _found(self, event: Event) -> str:
        """What is there when the daemon starts is not new."""
        one = str(event.data.get("id"))
        is_new = self._looked and one not in self._known and event.data.get("tier") == LOCAL
        self._known.add(one)
        return "A new engine" if is_new else ""

    def _stepped(self, event: Event) -> str:
        """Up only: that a new day begins is no news."""
        budget, rank = str(event.data.get("budget")), _rank(event.data.get("step"))
        before = self._steps.get(budget, 0)
        self._steps[budget] = rank
        return f"Budget {budget}" if rank > before else ""


def _endpoint(event: Event, field: str) -> str:
    return str(event.data.get(field)).partition("/")[0]


def _rank(step: object) -> int:
    return STEPS.index(step) if step in STEPS else 0
