"""What the ledger is handed: a finished request, and what is to be known again after a restart."""

from dataclasses import dataclass
from typing import NamedTuple

from pointsman.calls import Attempt, Call, CallKind, Decision


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """What became of one request, or has until now (status 0: nothing was said to its client yet).

    Bodies are not in it.
    """

    id: str
    at: float  # wall clock, seconds
    app: str
    format: str
    asked: str
    stream: bool
    status: int  # what the client was told
    answered_by: str  # model id, or empty
    tier: str
    reason: str
    error: str
    seconds: float
    decision: Decision | None  # None: it was refused before anything was decided
    attempts: tuple[Attempt, ...]
    day: int = 0  # of the calendar, in which it came in: an ordinal
    kind: str = ""  # of task
    role: str = ""
    user: str = ""


def kind_of(call: Call, decision: Decision | None) -> str:
    """What a request was about; of those that are no conversation, what was asked of a model."""
    if decision is None or call.kind is CallKind.EMBEDDING:
        return call.kind.value
    return decision.task.kind.value


@dataclass(frozen=True, slots=True)
class LimitRecord:
    """What may not be asked, because a rate limit or a quota says so. Over: `until` is no later than `at`."""

    kind: str  # model | account | free
    id: str
    account: str  # of a model
    at: float  # wall clock, seconds, when it was told
    until: float  # wall clock, seconds
    failures: int
    reason: str
    unpaid: bool = False  # it is money that is missing


class BudgetRecord(NamedTuple):
    """One of the budgets that a provider counts by. What it does not say is None."""

    name: str
    limit: int | None
    remaining: int | None
    until: float | None  # wall clock, seconds, when it is full again


@dataclass(frozen=True, slots=True)
class CeilingsRecord:
    """What a model told of its provider's limits."""

    id: str  # of the model
    account: str
    at: float  # wall clock, seconds
    budgets: tuple[BudgetRecord, ...]


@dataclass(frozen=True, slots=True)
class DepartureRecord:
    """The first time that a program's prompts went to a place elsewhere."""

    app: str
    to: str
    at: float  # wall clock, seconds

    @property
    def id(self) -> str:
        return f"{self.app} -> {self.to}"


@dataclass(frozen=True, slots=True)
class FreeCallRecord:
    """A request that its provider counts because it costs nothing. `number` tells apart those of a moment."""

    account: str
    model: str
    at: float  # wall clock, seconds
    number: int
    counts: bool = True  # False: it never reached its provider

    @property
    def id(self) -> str:
        return f"{self.account}: {self.model}"


@dataclass(frozen=True, slots=True)
class KeptListRecord:
    """The last list of models that was had of a place elsewhere."""

    endpoint: str
    place: str  # its address: of another one it tells nothing
    at: float  # wall clock, seconds
    body: bytes  # JSON: an array of its pages as they came

    @property
    def id(self) -> str:
        return self.endpoint


@dataclass(frozen=True, slots=True)
class ClockRecord:
    """The clock was ahead: what was counted for later than the day after `day` is that day's."""

    at: float  # wall clock, seconds: now
    day: int  # today's ordinal

    @property
    def id(self) -> str:
        return "the clock"


@dataclass(frozen=True, slots=True)
class FeedbackRecord:
    """How good an answer was, from 0 to 1, as somebody judged it. The last word counts."""

    request: str
    at: float  # wall clock, seconds
    score: float

    @property
    def id(self) -> str:
        return self.request


Record = (
    FreeCallRecord
    | RequestRecord
    | LimitRecord
    | CeilingsRecord
    | DepartureRecord
    | KeptListRecord
    | ClockRecord
    | FeedbackRecord
)
