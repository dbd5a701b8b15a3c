"""A decision as plain JSON: what is kept of it, and what `why` and `explain` show.

Each view has the fields of the type that it shows, spelt out, so that nothing gets in by itself (an endpoint
holds an account, an account holds a key).
"""

from typing import TypedDict

from pointsman.types import Candidate, Decision, Task, Wanted, flag_names, tier_word


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


def describe(decision: Decision) -> DecisionView:
    return DecisionView(
        id=decision.id,
        wanted=_wanted(decision.wanted),
        task=_task(decision.task),
        candidates=[_candidate(candidate) for candidate in decision.candidates],
        excluded=[
            ExcludedView(rule=rule, reason=reason, models=models)
            for rule, reason, models in decision.left_out()
        ],
    )


def _wanted(wanted: Wanted) -> WantedView:
    return WantedView(
        asked=wanted.asked,
        chosen=wanted.chosen,
        models=list(wanted.models),
        named=wanted.named,
        via=wanted.via,
        missing=list(wanted.missing),
    )


def _task(task: Task) -> TaskView:
    return TaskView(
        grade=task.grade.name.lower(),
        needs=flag_names(task.needs),
        reads=flag_names(task.reads),
        prompt_tokens=task.prompt_tokens,
        max_tokens=task.max_tokens,
        privacy=task.privacy.value,
        reasons=list(task.reasons),
    )


def _candidate(candidate: Candidate) -> CandidateView:
    return CandidateView(
        model=candidate.model.id,
        tier=tier_word(candidate.model.tier),
        reason=candidate.reason,
        degraded=candidate.degraded,
    )
