"""The shape of a decision as plain JSON, apart from what makes it: the CLI loads no more than this."""

from typing import TypedDict


class WantedView(TypedDict):
    asked: str
    chosen: bool  # true: Pointsman chose among all
    models: list[str]
    named: int  # how many of them the name itself means; the rest are its fallbacks
    via: str
    missing: list[str]


class TaskView(TypedDict):
    """Tokens are estimates that err on the high side; `max_tokens` is null where the client named none."""

    grade: str
    needs: list[str]
    reads: list[str]
    prompt_tokens: int
    max_tokens: int | None
    privacy: str
    reasons: list[str]


class CandidateView(TypedDict):
    model: str
    tier: str
    reason: str
    degraded: bool


class ExcludedView(TypedDict):
    """All models that one rule left out for the same reason."""

    rule: str
    reason: str
    models: list[str]


class DecisionView(TypedDict):
    id: str
    wanted: WantedView
    task: TaskView
    candidates: list[CandidateView]
    excluded: list[ExcludedView]
