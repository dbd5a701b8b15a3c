"""Who may answer, and in which order. Pure: the same inputs give the same decision.

Each rule is a function that says why a model may not be used for a task, or None. They are asked in
the order of `RULES`, and the first that objects is the one that people are told.
"""

from collections.abc import Callable, Iterable

from pointsman.types import (
    Ability,
    Candidate,
    Decision,
    Dialect,
    Excluded,
    Grade,
    Health,
    Modality,
    Model,
    ModelState,
    Outlook,
    Privacy,
    Snapshot,
    Task,
    Tier,
    Wanted,
    flag_names,
)

ANSWER_ROOM = 1_024  # tokens an answer is given in the context when the client names no limit

Rule = Callable[[Model, Task], str | None]

_LOAD_ORDER = (
    ModelState.LOADED,
    ModelState.LOADING,
    ModelState.SLEEPING,
    ModelState.UNLOADED,
    ModelState.FAILED,
)


def tier(model: Model, _task: Task) -> str | None:
    if model.tier is not None:
        return None
    return "nobody has said whether it runs here or passes prompts on: name its tier in the configuration"


def privacy(model: Model, task: Task) -> str | None:
    if task.privacy is Privacy.ANY or model.tier is Tier.LOCAL:
        return None
    return f"the request is marked {task.privacy.value}, and this model is not on this machine"


def budget(model: Model, _task: Task) -> str | None:
    return "it costs money, and no budget is set" if model.tier is Tier.PAID else None


def dialect(model: Model, _task: Task) -> str | None:
    spoken = model.endpoint.dialect is Dialect.OPENAI
    return None if spoken else f"its dialect, {model.endpoint.dialect.value}, is not spoken yet"


def key(model: Model, _task: Task) -> str | None:
    return (model.endpoint.note or "it wants a key") if model.endpoint.health is Health.REFUSED else None


def healthy(model: Model, _task: Task) -> str | None:
    if model.endpoint.health is Health.AWAY:
        return f"{model.endpoint.id} is away: {model.endpoint.note or 'it no longer answers'}"
    return "the engine could not load it" if model.state is ModelState.FAILED else None


def abilities(model: Model, task: Task) -> str | None:
    """Only what is known to be missing leaves a model out; what is unknown is tried."""
    if task.needs is Ability.NONE:
        return None
    missing = task.needs & model.lacks
    return f"it can't do {_words(missing)}" if missing else None


def modality(model: Model, task: Task) -> str | None:
    if model.reads is None or model.reads is task.reads:
        return None
    missing = task.reads & ~model.reads
    return f"it can't read {_words(missing)}" if missing else None


def context(model: Model, task: Task) -> str | None:
    if model.context is None:
        return None
    room = min(task.max_tokens or ANSWER_ROOM, model.context // 4)
    if task.prompt_tokens + room <= model.context:
        return None
    return (
        f"about {task.prompt_tokens:,} tokens of prompt and {room:,} for the answer "
        f"don't fit its context of {model.context:,}"
    )


RULES: tuple[Rule, ...] = (tier, privacy, budget, dialect, key, healthy, abilities, modality, context)


def decide(decision_id: str, wanted: Wanted, task: Task, snapshot: Snapshot, outlook: Outlook) -> Decision:
    """The candidates in order, and for every other model the rule that left it out."""
    excluded: list[Excluded] = []
    allowed: list[Model] = []
    for model in snapshot.models:
        if (objection := _objection(model, wanted, task)) is None:
            allowed.append(model)
        else:
            excluded.append(objection)
    order = _by_ladder(allowed, task, outlook) if wanted.chosen else _by_name(allowed, wanted)
    return Decision(decision_id, wanted, task, tuple(order), tuple(excluded))


def routable(snapshot: Snapshot) -> list[Model]:
    """The models to which no rule objects when a task asks for nothing but words."""
    nothing = Task(Grade.SIMPLE, Ability.NONE, Modality.TEXT, 0, None, Privacy.ANY)
    return [model for model in snapshot.models if not any(rule(model, nothing) for rule in RULES)]


def _objection(model: Model, wanted: Wanted, task: Task) -> Excluded | None:
    if not wanted.chosen and model.id not in wanted.models:
        return Excluded(model.id, "named", f"the request names {wanted.asked}")
    for rule in RULES:
        if (reason := rule(model, task)) is not None:
            return Excluded(model.id, rule.__name__, reason)
    return None


def _by_name(models: list[Model], wanted: Wanted) -> Iterable[Candidate]:
    """The user's own order; of the places that serve what was named, one that keeps silent goes last."""
    rank = {name: place for place, name in enumerate(wanted.models)}
    named = f"alias:{wanted.via}" if wanted.via else "named"

    def place(model: Model) -> tuple[bool, bool, int]:
        is_fallback = rank[model.id] >= wanted.named
        return (is_fallback, not is_fallback and model.endpoint.health is Health.SILENT, rank[model.id])

    for model in sorted(models, key=place):
        is_fallback = rank[model.id] >= wanted.named
        yield Candidate(model, f"fallback:{wanted.via or wanted.asked}" if is_fallback else named)


def _by_ladder(models: list[Model], task: Task, outlook: Outlook) -> Iterable[Candidate]:
    """Local, then free, then paid, among those good enough; then the best of the rest, marked degraded."""

    def rung(model: Model) -> tuple[object, ...]:
        return (
            model.endpoint.health is Health.SILENT,
            max(0, task.grade - model.grade),
            model.tier,
            _LOAD_ORDER.index(model.state),
            -(model.parameters or 0),
            outlook.in_flight.get(model.id, 0),
            model.endpoint.id,
            model.name,
        )

    for model in sorted(models, key=rung):
        yield Candidate(model, f"ladder:{(model.tier or Tier.LOCAL).word}", degraded=model.grade < task.grade)


def _words(flags: Ability | Modality) -> str:
    return ", ".join(flag_names(flags))
