"""A decision as plain JSON: what is kept of it, and what `why` and `explain` show.

Each view has the fields of the type that it shows, spelt out, so that nothing gets in by itself (an endpoint
holds an account, an account holds a key).
"""

from pointsman.ledger.views import CandidateView, DecisionView, ExcludedView, TaskView, WantedView
from pointsman.types import Candidate, Decision, Task, Wanted, flag_names, tier_word


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
        prompt_ceiling=task.prompt_ceiling,
        untranslatable=task.untranslatable,
        format=task.format,
        priority=task.priority.name.lower(),
        mode=task.mode.value,
        reasons=list(task.reasons),
    )


def _candidate(candidate: Candidate) -> CandidateView:
    return CandidateView(
        model=candidate.model.id,
        tier=tier_word(candidate.model.tier),
        reason=candidate.reason,
        degraded=candidate.degraded,
        trains=candidate.model.trains,
        context=candidate.context,
    )
