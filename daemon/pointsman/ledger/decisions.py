"""A decision as plain JSON: what is kept of it, and what `why` and `explain` show.

Each view has the fields of the type that it shows, spelt out, so that nothing gets in by itself (an endpoint
holds an account, an account holds a key).
"""

from pointsman.calls import Candidate, Decision, Excluded, Task, Wanted
from pointsman.ledger.views import CallerView, CandidateView, DecisionView, ExcludedView, TaskView, WantedView
from pointsman.types import flag_names, tier_word


def describe(decision: Decision, most: int | None = None) -> DecisionView:
    """`most`: candidates, and models that are left out for one reason, that are told; None: all."""
    return DecisionView(
        id=decision.id,
        wanted=_wanted(decision.wanted, most),
        task=_task(decision.task),
        candidates=[_candidate(candidate) for candidate in decision.candidates[:most]],
        more=_more(len(decision.candidates), most),
        excluded=[_excluded(one, most) for one in decision.excluded],
        spending=decision.spending,
    )


def _wanted(wanted: Wanted, most: int | None) -> WantedView:
    return WantedView(
        asked=wanted.asked,
        chosen=wanted.chosen,
        models=list(wanted.models[:most]),
        named=wanted.named,
        via=wanted.via,
        missing=list(wanted.missing),
        role=wanted.role,
        profile=wanted.profile.name,
        floor=wanted.floor.name.lower(),
        needs=flag_names(wanted.needs),
        priority=None if wanted.priority is None else wanted.priority.name.lower(),
        is_minor=wanted.is_minor,
        preferred=list(wanted.preferred[:most]),
        preferred_by=wanted.preferred_by,
        fallback=list(wanted.fallback[:most]),
        fallback_by=wanted.fallback_by,
        avoids=sorted(wanted.avoids)[:most],
        spares=sorted(wanted.spares)[:most],
        allowed=None if wanted.allowed is None else sorted(wanted.allowed)[:most],
    )


def _task(task: Task) -> TaskView:
    return TaskView(
        grade=task.grade.name.lower(),
        needs=flag_names(task.needs),
        reads=flag_names(task.reads),
        prompt_tokens=task.prompt_tokens,
        max_tokens=task.max_tokens,
        privacy=task.privacy.value,
        kind=task.kind.value,
        complexity=task.complexity.word,
        prompt_ceiling=task.prompt_ceiling,
        untranslatable=task.untranslatable,
        format=task.format,
        priority=task.priority.name.lower(),
        mode=task.mode.value,
        at_most=task.at_most,
        caller=CallerView(app=task.caller.app, role=task.caller.role, user=task.caller.user),
        text_bytes=task.text_bytes,
        extra_tokens=task.extra_tokens,
        expected_output=task.expected_output,
        extras=sorted(task.extras),
        reasons=list(task.reasons),
        stays_with=task.stays_with,
        in_tool_loop=task.in_tool_loop,
    )


def _more(number: int, most: int | None) -> int:
    return 0 if most is None else max(0, number - most)


def _excluded(one: Excluded, most: int | None) -> ExcludedView:
    more = _more(len(one.models), most)
    return ExcludedView(rule=one.rule, reason=one.reason, models=list(one.models[:most]), more=more)


def _candidate(candidate: Candidate) -> CandidateView:
    return CandidateView(
        model=candidate.model.id,
        tier=tier_word(candidate.model.tier),
        reason=candidate.reason,
        degraded=candidate.degraded,
        trains=candidate.model.trains,
        context=candidate.context,
    )
