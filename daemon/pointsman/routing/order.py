"""In which order those are asked who may answer: the user's own, or the ladder's. Pure."""

from collections.abc import Container, Iterator, Mapping, Sequence
from heapq import merge

from pointsman.calls import Candidate, Outlook, Ranking, Task, Wanted
from pointsman.funds import Step
from pointsman.profiles import Profile, Weights
from pointsman.routing import context as contexts
from pointsman.routing.score import by_score
from pointsman.types import Health, Model, ModelState, Tier, rank

_LOAD_ORDER = (
    ModelState.LOADED,
    ModelState.LOADING,
    ModelState.SLEEPING,
    ModelState.UNLOADED,
    ModelState.FAILED,
)
CHEAPEST = Weights(time=0.0, quality=0.0)

Run = Sequence[Model]  # of one kind, in its order


def without(ids: Container[str], runs: list[Run]) -> list[Run]:
    return [left for run in runs if (left := [model for model in run if model.id not in ids])]


def by_name(runs: list[Run], wanted: Wanted, task: Task) -> tuple[Candidate, ...]:
    """The user's own order; of the places that serve what was named, one that keeps silent goes last."""
    rank = {name: place for place, name in enumerate(wanted.models)}
    named = f"alias:{wanted.via}" if wanted.via else "named"

    def place(model: Model) -> tuple[bool, bool, int]:
        is_fallback = rank[model.id] >= wanted.named
        return (is_fallback, not is_fallback and model.endpoint.health is Health.SILENT, rank[model.id])

    def candidate(model: Model) -> Candidate:
        is_fallback = rank[model.id] >= wanted.named
        reason = f"fallback:{wanted.via or wanted.asked}" if is_fallback else named
        return Candidate(model, reason, context=contexts.to_ask(model, task))

    return tuple(map(candidate, sorted((model for run in runs for model in run), key=place)))


def by_ladder(runs: list[Run], wanted: Wanted, task: Task, outlook: Outlook) -> Ranking:
    """Who is preferred; then rung by rung among those good enough; then the best of the rest, degraded."""
    preferred = _preferred(runs, wanted)
    rungs: dict[tuple[object, ...], list[Run]] = {}
    for run in without(wanted.preferred, runs) if preferred else runs:
        rungs.setdefault(_rung(run[0], wanted.profile, task), []).append(run)
    return Ranking(sum(map(len, runs)), _climb(preferred, rungs, wanted, task, outlook))


def _preferred(runs: list[Run], wanted: Wanted) -> list[Model]:
    if not wanted.preferred:
        return []
    known = {model.id: model for run in runs for model in run if model.id in wanted.preferred}
    return [known[id_] for id_ in wanted.preferred if id_ in known]


def _rung(model: Model, profile: Profile, task: Task) -> tuple[object, ...]:
    """The lower, the sooner. What is accepted below the grade that is needed, the profile says."""
    loads = model.stretch is not None and contexts.reloads(model, contexts.to_ask(model, task))
    return (
        model.endpoint.health is Health.SILENT,
        max(0, task.grade - profile.slack - model.grade),
        -model.grade if profile.best_first else 0,
        profile.ladder.index(model.tier) if model.tier in profile.ladder else len(Tier),
        _LOAD_ORDER.index(ModelState.UNLOADED if loads else model.state),
    )


def _climb(
    preferred: list[Model],
    rungs: dict[tuple[object, ...], list[Run]],
    wanted: Wanted,
    task: Task,
    outlook: Outlook,
) -> Iterator[Candidate]:
    least = task.grade - wanted.profile.slack

    def candidate(model: Model, reason: str) -> Candidate:
        return Candidate(model, reason, model.grade < least, contexts.to_ask(model, task))

    for model in preferred:
        yield candidate(model, wanted.preferred_by)
    for rung in sorted(rungs):
        for model in _on_rung(rungs[rung], wanted, task, outlook):
            yield candidate(model, f"ladder:{(model.tier or Tier.LOCAL).word}")


def _on_rung(runs: list[Run], wanted: Wanted, task: Task, outlook: Outlook) -> Iterator[Model]:
    """By score; but work that is given to the smaller here goes by size alone."""
    first, minor = runs[0][0], wanted.is_minor and runs[0][0].tier is Tier.LOCAL
    usual = _in_order(runs, outlook.in_flight, minor=minor)
    return usual if minor else by_score(usual, task, _weights(first, wanted.profile, outlook), outlook)


def _weights(model: Model, profile: Profile, outlook: Outlook) -> Weights:
    """Where a budget runs short, the cheaper is preferred, whatever the profile says."""
    paid = model.tier is Tier.PAID
    return CHEAPEST if paid and outlook.purse.funds(model).step is not Step.NORMAL else profile.weights


def _in_order(runs: list[Run], in_flight: Mapping[str, int], *, minor: bool) -> Iterator[Model]:
    """The larger first, of those that cost money the cheaper; then the idler. `minor`: here the smaller.

    Each run is in this order already, but for who is at work.
    """

    def place(model: Model) -> tuple[object, ...]:
        first, name = rank(model)
        return first, in_flight.get(model.id, 0), model.endpoint.id, name

    if minor:
        yield from sorted(
            (one for run in runs for one in run), key=lambda one: (one.grade, one.parameters or 0, place(one))
        )
        return
    places = {model_id.partition("/")[0] for model_id in in_flight}
    busy = (run for run in runs if run[0].endpoint.id in places)
    at_work = sorted((one for run in busy for one in run if one.id in in_flight), key=place)
    yield from merge(*(without(in_flight, runs) if at_work else runs), at_work, key=place)
