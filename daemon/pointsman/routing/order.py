"""In which order those are asked who may answer: the user's own, or the ladder's. Pure."""

from collections.abc import Container, Iterator, Mapping, Sequence
from heapq import merge

from pointsman.calls import Candidate, Outlook, Ranking, Task, Wanted
from pointsman.routing import context as contexts
from pointsman.types import Health, Model, ModelState, Tier, rank

_LOAD_ORDER = (
    ModelState.LOADED,
    ModelState.LOADING,
    ModelState.SLEEPING,
    ModelState.UNLOADED,
    ModelState.FAILED,
)


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


def by_ladder(runs: list[Run], task: Task, outlook: Outlook) -> Ranking:
    """Local, then free, then paid, among those good enough; then the best of the rest, marked degraded."""
    rungs: dict[tuple[object, ...], list[Run]] = {}
    for run in runs:
        rungs.setdefault(_rung(run[0], task), []).append(run)
    return Ranking(sum(map(len, runs)), _climb(rungs, task, outlook))


def _rung(model: Model, task: Task) -> tuple[object, ...]:
    loads = contexts.reloads(model, contexts.to_ask(model, task))
    return (
        model.endpoint.health is Health.SILENT,
        max(0, task.grade - model.grade),
        model.tier,
        _LOAD_ORDER.index(ModelState.UNLOADED if loads else model.state),
    )


def _climb(rungs: dict[tuple[object, ...], list[Run]], task: Task, outlook: Outlook) -> Iterator[Candidate]:
    for rung in sorted(rungs):
        for model in _in_order(rungs[rung], outlook.in_flight):
            reason = f"ladder:{(model.tier or Tier.LOCAL).word}"
            context = contexts.to_ask(model, task)
            yield Candidate(model, reason, degraded=model.grade < task.grade, context=context)


def _in_order(runs: list[Run], in_flight: Mapping[str, int]) -> Iterator[Model]:
    """The larger first, of those that cost money the cheaper; then the idler.

    Each run is in this order already, but for who is at work.
    """

    def place(model: Model) -> tuple[object, ...]:
        first, name = rank(model)
        return first, in_flight.get(model.id, 0), model.endpoint.id, name

    places = {model_id.partition("/")[0] for model_id in in_flight}
    busy = (run for run in runs if run[0].endpoint.id in places)
    at_work = sorted((one for run in busy for one in run if one.id in in_flight), key=place)
    return merge(*(without(in_flight, runs) if at_work else runs), at_work, key=place)
