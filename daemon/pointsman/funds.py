"""What may be spent: budgets as their user wrote them, how they stand at a moment, and what that allows.

Amounts are nano-dollars. All of it is frozen; who counts is `limits.budget`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from pointsman.dates import Window
from pointsman.money import NANO, in_dollars
from pointsman.steps import Step
from pointsman.types import FoundBy, Model

TOTAL = "total"
REQUEST = "request"  # one request's own wish: X-Pointsman-Max-Cost
NO_BUDGETS = frozenset({"account", REQUEST})  # scopes of what nobody set as a budget
SCOPES = ("provider", "model", "app", "role", "user")  # each with a name after it


@dataclass(frozen=True, slots=True)
class Turn:
    """From this share of a budget on (0 to 1), this step."""

    share: float
    step: Step


CURVE = (
    Turn(0.80, Step.THRIFTY),
    Turn(0.90, Step.LEAN),
    Turn(0.95, Step.RESERVE),
    Turn(1.00, Step.FREE),
)


class Caller(NamedTuple):
    """Who asks. Empty: it is not known, or nobody said."""

    app: str = ""
    role: str = ""
    user: str = ""


NOBODY = Caller()


class Spender(NamedTuple):
    """For whom money is spent, and with whom."""

    model: str  # id
    endpoint: str
    provider: str
    caller: Caller = NOBODY
    account: str = ""  # whose credit it is; not kept in the ledger


class Charge(NamedTuple):
    """What was spent, or was still set aside: all of a day, or one attempt."""

    who: Spender
    amount: int
    day: int  # for which it counts: an ordinal
    at: float = 0.0  # of an attempt: wall clock, when it was let go


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose spending counts. A model goes by its id, by `provider/name`, or by its name alone."""

    kind: str = TOTAL  # total, account, request, or one of SCOPES
    name: str = ""

    def covers(self, who: Spender) -> bool:
        match self.kind:
            case "provider":
                return self.name in (who.endpoint, who.provider)
            case "model":
                name = who.model.removeprefix(f"{who.endpoint}/")
                return self.name in (who.model, f"{who.provider}/{name}", name)
            case "app" | "role" | "user":
                return bool(self.name == getattr(who.caller, self.kind))
            case "account":
                return self.name == who.account
            case _:
                return True

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


@dataclass(frozen=True, slots=True)
class Budget:
    """So much for so long. `limit` None: as much as you like. `window` None: until it is used up."""

    name: str
    window: Window | None
    limit: int | None
    hard: bool = True  # False: it is only told of
    scope: Scope = Scope()
    unpriced: bool = False  # what has no known price may be used under it, and counts nothing


def usual_name(window: Window | str, scope: str) -> str:
    """What a budget is called if nobody says it."""
    return str(window) if scope == TOTAL else f"{scope} {window}"


NO_BUDGET = (
    "no budget set, and it costs money: `pointsman budget set day 1.00` lets it cost that much a day, "
    "`pointsman budget none` as much as it does"
)


def wish(at_most: int) -> Budget:
    """What one request is to cost at the most, by its own word."""
    return Budget("X-Pointsman-Max-Cost", None, at_most, scope=Scope(REQUEST))


# Of a place that is written into the configuration, until somebody says what may be spent there.
DEFAULT = Budget("default", Window.DAY, NANO)


@dataclass(frozen=True, slots=True)
class Stand:
    """One budget at a moment."""

    budget: Budget
    spent: int
    reserved: int = 0  # for what is under way, at the most
    ends: float | None = None  # wall clock, when its window does

    @property
    def share(self) -> float:
        """What is spent of it, from 0 up. Of a limit of nothing, all is."""
        if self.budget.limit is None:
            return 0.0
        return self.spent / self.budget.limit if self.budget.limit else 1.0

    @property
    def room(self) -> int | None:
        """What may still be reserved; None: as much as you like."""
        if self.budget.limit is None:
            return None
        return max(0, self.budget.limit - self.spent - self.reserved)

    def step(self, curve: Sequence[Turn]) -> Step:
        reached = [turn.step for turn in curve if self.share >= turn.share]
        return reached[-1] if reached and self.budget.hard else Step.NORMAL

    def words(self) -> str:
        """`budget day: $0.97 of $1.00 spent, $0.02 reserved`"""
        budget, kind = self.budget, self.budget.scope.kind
        name = budget.name if kind in NO_BUDGETS else f"budget {budget.name}"
        whose = "" if kind in (TOTAL, *NO_BUDGETS) else f" ({budget.scope})"
        spent = f"{in_dollars(self.spent)} spent, no limit"
        if budget.limit is not None:
            spent = f"{in_dollars(self.spent)} of {in_dollars(budget.limit)} spent"
        reserved = f", {in_dollars(self.reserved)} reserved" if self.reserved else ""
        return f"{name}{whose}: {spent}{reserved}"


@dataclass(frozen=True, slots=True)
class Funds:
    """What may be spent on one model. Not `allowed`: nobody has said that anything may be."""

    allowed: bool = False
    step: Step = Step.NORMAL
    fullest: Stand | None = None  # whose step it is; None: no hard budget applies
    tightest: Stand | None = None  # the one with the least room
    unpriced: bool = True  # what has no known price may be used

    @property
    def room(self) -> int | None:
        """None: as much as you like."""
        return self.tightest.room if self.tightest else None


@dataclass(frozen=True)
class Purse:
    """What may be spent for one caller at a moment, on whichever model."""

    stands: tuple[Stand, ...] = ()
    default: Stand | None = None
    curve: tuple[Turn, ...] = ()
    caller: Caller = NOBODY
    _known: dict[tuple[str, str], Funds] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def by_model(self) -> frozenset[str]:
        """The names of models that have budgets of their own: they differ from others of their place."""
        scopes = (stand.budget.scope for stand in self.stands)
        return frozenset(scope.name for scope in scopes if scope.kind == "model")

    def funds(self, model: Model) -> Funds:
        key = model.endpoint.id, model.id if self.by_model else model.runs_at
        if (known := self._known.get(key)) is None:
            known = self._known[key] = self._funds(model)
        return known

    def _funds(self, model: Model) -> Funds:
        who = spender(model, self.caller)
        stands = [stand for stand in self.stands if stand.budget.scope.covers(who)]
        said = any(stand.budget.scope.kind not in NO_BUDGETS for stand in stands)
        is_written = model.endpoint.found_by is FoundBy.CONFIG and not model.runs_at
        if not said and self.default is not None and is_written:
            stands, said = [*stands, self.default], True
        hard = [stand for stand in stands if stand.budget.hard]
        fullest = max(hard, key=lambda stand: stand.share, default=None)
        return Funds(
            allowed=said,
            step=fullest.step(self.curve) if fullest else Step.NORMAL,
            fullest=fullest,
            tightest=_tightest(hard),
            unpriced=all(map(_takes_unpriced, hard)),
        )


EMPTY = Purse()


def _takes_unpriced(stand: Stand) -> bool:
    """Of an account's credit nobody could say so: what the user's own budgets say holds for it too."""
    budget = stand.budget
    return budget.unpriced or budget.limit is None or budget.scope.kind == "account"


def spender(model: Model, caller: Caller) -> Spender:
    endpoint = model.endpoint
    account = endpoint.account.id if endpoint.account else ""
    return Spender(model.id, endpoint.id, endpoint.provider, caller, account)


def _tightest(hard: Iterable[Stand]) -> Stand | None:
    limited = [(stand.room, number, stand) for number, stand in enumerate(hard) if stand.room is not None]
    return min(limited)[2] if limited else None
