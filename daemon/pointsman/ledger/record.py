"""A finished request, as the router hands it to the ledger."""

from dataclasses import dataclass

from pointsman.types import Attempt, Decision


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """What became of one request. Bodies are not in it."""

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
