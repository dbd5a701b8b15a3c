"""In which order those are asked who may answer: the user's own, or the ladder's. Pure."""

from collections.abc import Container, Iterator, Mapping, Sequence
from heapq import merge
from itertools import chain, islice

from pointsman.calls import Candidate, Outlook, Ranking, Task, Wanted
from pointsman.profiles import Profile, Weights
from pointsman.routing import context as contexts
from pointsman.routing.score import by_score
from pointsman.steps import Step
from pointsman.types import Grade, Health, Model, ModelState, Tier, rank

_LOAD_ORDER = (
    ModelState.LOADED,
    ModelState.LOADING,
    ModelState.SLEEPING,
    ModelState.UNLOADED,
    ModelState.FAILED,
)
CHEAPEST = Weights(time=0.0, quality=0.0)
_OUT_OF_MEMORY = frozenset({ModelState.SLEEPING, ModelState.UNLOADED})
STICKY = "sticky"  # why a model is asked again that answered in the conversation last

Run = Sequence[Model]  # of one kind, in its order
Rungs = dict[tuple[object, ...], list[Run]]
Reasoned = tuple[Model, str]
First = Mapping[str, Reasoned]  # by their ids those who are asked before all others, and why


def without(ids: Container[str], runs: list[Run]) -> list[Run]:
    return [left for run in runs if (left := [model for model in run if model.id not in ids])]


def by_name(runs: list[Run], wanted: Wanted, task: Task) -> tuple[Candidate, ...]:
    """The user's own order; of the places that serve what was named, one that keeps silent goes last."""
    rank = {name: place for place, name in enumerate(wanted.models)}
    named = f"alias:{wanted.via}" if wanted.via else "named"

    def place(model: Model) -> tuple[bool, bool, int]:
        is_fallback = rank[model.id] >= wanted.named
        return (is_fallback, not is_fallback and _is_silent(model), rank[model.id])

    def candidate(model: Model) -> Candidate:
        is_fallback = rank[model.id] >= wanted.named
        reason = f"fallback:{wanted.via or wanted.asked}" if is_fallback else named
        return Candidate(model, reason, context=contexts.to_ask(model, task))

    return tuple(map(candidate, sorted((model for run in runs for model in run), key=place)))


def by_ladder(runs: list[Run], wanted: Wanted, task: Task, outlook: Outlook) -> Ranking:
    """Who goes first; then rung by rung among those good enough; then the best of the rest, degraded.

    When the first has failed, the user's list of fallbacks goes before the rest; last who is off the ladder.
    """
    first = _first(runs, wanted, task)
    listed = [model for model in _known(wanted.fallback, runs) if model.id not in first]
    apart = {*first, *(model.id for model in listed if model.tier not in wanted.profile.ladder)}
    rungs: Rungs = {}
    for run in without(apart, runs) if apart else runs:
        rungs.setdefault(_rung(run[0], wanted, task), []).append(run)
    standing = (rungs[rung] for rung in sorted(rungs))
    climbing = ((one, _by_tier(one)) for runs in standing for one in _on_rung(runs, wanted, task, outlook))
    ranked = _standing_in(first, climbing, listed, wanted) if listed else chain(first.values(), climbing)
    least = _least(wanted, task)
    made = (Candidate(one, why, one.grade < least, contexts.to_ask(one, task)) for one, why in ranked)
    return Ranking(sum(map(len, runs)), made)


def _standing_in(
    first: First, climbing: Iterator[Reasoned], listed: Sequence[Model], wanted: Wanted
) -> Iterator[Reasoned]:
    chosen = list(first.values()) or list(islice(climbing, 1))
    asked = {model.id for model, _ in chosen}
    after = [one for one in listed if one.id not in asked]
    named, why = {one.id for one in after}, f"fallback:{wanted.fallback_by}"
    yield from chosen
    yield from ((one, why) for one in after if one.tier in wanted.profile.ladder)
    yield from (one for one in climbing if one[0].id not in named)
    yield from ((one, why) for one in after if one.tier not in wanted.profile.ladder)


def _by_tier(model: Model) -> str:
    return f"ladder:{(model.tier or Tier.LOCAL).word}"


def _first(runs: list[Run], wanted: Wanted, task: Task) -> First:
    """Whom the user prefers, and with whom the conversation stays: whatever the rung.

    For one that is preferred to it a model is left, but not while it calls tools.
    """
    preferred = {model.id: (model, wanted.preferred_by) for model in _known(wanted.preferred, runs)}
    kept = {model.id: (model, STICKY) for model in _kept(runs, wanted, task)}
    if task.in_tool_loop or kept.keys() <= preferred.keys():
        return kept | {id_: one for id_, one in preferred.items() if id_ not in kept}
    return preferred | kept


def _kept(runs: list[Run], wanted: Wanted, task: Task) -> list[Model]:
    """The model with which the conversation stays, unless more is asked now, and another can do more."""
    kept = _known((task.stays_with,) if task.stays_with else (), runs)
    if task.in_tool_loop or not kept:
        return kept
    best = max((run[0].grade for run in runs if not _is_silent(run[0])), default=Grade.SIMPLE)
    least = min(best, _least(wanted, task))
    return [
        model
        for model in kept
        if model.grade >= least and _holds_its_cache(model) and not _only_stood_in(model, wanted)
    ]


def _only_stood_in(model: Model, wanted: Wanted) -> bool:
    """Whether nothing but the list of fallbacks lets it answer."""
    return model.tier not in wanted.profile.ladder and model.id in wanted.fallback


def _holds_its_cache(model: Model) -> bool:
    """Whoever left the memory holds none; for whoever keeps silent it is not worth waiting."""
    return model.state not in _OUT_OF_MEMORY and not _is_silent(model)


def _is_silent(model: Model) -> bool:
    return model.endpoint.health is Health.SILENT


def _known(ids: Sequence[str], runs: list[Run]) -> list[Model]:
    """Those of these ids that may answer, in their order."""
    if not ids:
        return []
    wished = frozenset(ids)
    known = {model.id: model for run in runs for model in run if model.id in wished}
    return [known[id_] for id_ in ids if id_ in known]


def _least(wanted: Wanted, task: Task) -> int:
    """What is accepted below the grade that is needed, the profile says; below a floor nothing is."""
    return max(task.grade - wanted.profile.slack, wanted.floor)


def _rung(model: Model, wanted: Wanted, task: Task) -> tuple[object, ...]:
    """The lower, the sooner."""
    profile = wanted.profile
    loads = model.stretch is not None and contexts.reloads(model, contexts.to_ask(model, task))
    return (
        _is_silent(model),
        max(0, _least(wanted, task) - model.grade),
        -model.grade if profile.best_first else 0,
        profile.ladder.index(model.tier) if model.tier in profile.ladder else len(Tier),
        _LOAD_ORDER.index(ModelState.UNLOADED if loads else model.state),
    )


def _on_rung(runs: list[Run], wanted: Wanted, task: Task, outlook: Outlook) -> Iterator[Model]:
    """By score; but work that is given to the smaller here goes by size alone."""
    first, minor = runs[0][0], wanted.is_minor and runs[0][0].tier is Tier.LOCAL
    if minor:
        return iter(_smaller_first(runs, wanted, outlook.in_flight))
    usual = _in_order(runs, outlook.in_flight)
    return by_score(usual, task, _weights(first, wanted.profile, outlook), outlook)


def _weights(model: Model, profile: Profile, outlook: Outlook) -> Weights:
    """Where a budget runs short, the cheaper is preferred, whatever the profile says."""
    paid = model.tier is Tier.PAID
    return CHEAPEST if paid and outlook.purse.funds(model).step is not Step.NORMAL else profile.weights


def _smaller_first(runs: list[Run], wanted: Wanted, in_flight: Mapping[str, int]) -> Run:
    """Then the idler; but main's own goes last."""

    def place(model: Model) -> tuple[object, ...]:
        return model.id in wanted.spares, model.grade, model.parameters or 0, _place(model, in_flight)

    return sorted((one for run in runs for one in run), key=place)


def _in_order(runs: list[Run], in_flight: Mapping[str, int]) -> Iterator[Model]:
    """The larger first, of those that cost money the cheaper; then the idler.

    Each run is in this order already, but for who is at work.
    """

    def place(model: Model) -> tuple[object, ...]:
        return _place(model, in_flight)

    places = {model_id.partition("/")[0] for model_id in in_flight}
    busy = (run for run in runs if run[0].endpoint.id in places)
    at_work = sorted((one for run in busy for one in run if one.id in in_flight), key=place)
    yield from merge(*(_idle(run, in_flight) for run in runs), at_work, key=place)


def _place(model: Model, in_flight: Mapping[str, int]) -> tuple[object, ...]:
    first, name = rank(model)
    return first, in_flight.get(model.id, 0), model.endpoint.id, name


def _idle(run: Run, in_flight: Mapping[str, int]) -> Iterator[Model]:
    return (one for one in run if one.id not in in_flight)
