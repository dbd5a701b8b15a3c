"""Who may answer, and in which order. Pure: the same inputs give the same decision.

Each rule is a function that says why a model may not be used for a task, or None. They are asked in
the order of `RULES`, and the first that objects is the one that people are told.
"""

from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType

from pointsman.catalogue.providers import provider
from pointsman.modes import Mode, Privacy
from pointsman.routing import context as contexts
from pointsman.types import (
    PARKED,
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
    Parked,
    Snapshot,
    Task,
    Tier,
    Wanted,
    flag_names,
)

BUSY_AFTER = 20.0  # seconds that a request waits for a model rather than take another

# Whose requests the servers of a dialect take. Ollama's own is used where its OpenAI API would not do.
_TAKES = MappingProxyType(
    {
        Dialect.OPENAI: Dialect.OPENAI,
        Dialect.OLLAMA: Dialect.OPENAI,
        Dialect.ANTHROPIC: Dialect.ANTHROPIC,
    }
)

# The tiers that may answer in a mode, and what it is that the others are.
_ALLOWS = MappingProxyType(
    {
        Mode.NORMAL: (frozenset(Tier), ""),
        Mode.NO_PAID: (frozenset({Tier.LOCAL, Tier.FREE}), "it is not free"),
        Mode.LOCAL_ONLY: (frozenset({Tier.LOCAL}), "it is not on this machine"),
        Mode.PAUSED: (frozenset[Tier](), "nothing is answered"),
    }
)

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


def mode(model: Model, task: Task) -> str | None:
    return ruled_out(model.tier, task.mode)


def ruled_out(tier: Tier | None, mode: Mode) -> str | None:
    """Why nobody of that tier may answer while the mode is in force."""
    tiers, reason = _ALLOWS[mode]
    if tier in tiers or mode is Mode.NORMAL:
        return None
    return f"the mode is {mode.value}, and {reason}: `pointsman mode normal` ends it"


def privacy(model: Model, task: Task) -> str | None:
    """What runs here always may; who is not known not to train on prompts counts as one who does."""
    if task.privacy is Privacy.ANY or model.tier is Tier.LOCAL:
        return None
    if task.privacy is Privacy.LOCAL:
        return "the request is marked local, and this model is not on this machine"
    if model.trains is False:
        return None
    may = "may train on prompts" if model.trains else "is not known not to train on prompts"
    return f"the request is marked no-train, and its provider {may}"


def budget(model: Model, _task: Task) -> str | None:
    return no_budget(model)


def no_budget(model: Model) -> str | None:
    """What keeps a model that costs money from every request."""
    if model.tier is not Tier.PAID:
        return None
    where = (
        f"it runs at {model.runs_at}, not here, and uses up a quota or money"
        if model.runs_at
        else "it costs money"
    )
    return f"no budget set, and {where} (budgets come with a later version)"


def dialect(model: Model, task: Task) -> str | None:
    """A request goes to those who take it as it is: in their own dialect, or as their row says."""
    spoken = model.endpoint.dialect
    if (taken := _TAKES.get(spoken)) is None:
        return f"its dialect, {spoken.value}, is not spoken yet"
    row = provider(model.endpoint.provider)
    if task.format.startswith(f"{taken}.") or (row is not None and task.format in row.speaks):
        return None
    if taken is Dialect.OPENAI:
        return f"it is not known to take requests of the kind {task.format}"
    return f"it is asked by /v1/messages alone: the kind {task.format} is not translated for it yet"


def key(model: Model, _task: Task) -> str | None:
    locked = model.endpoint.health in {Health.REFUSED, Health.SIGN_IN}
    return (model.endpoint.note or "it wants a key") if locked else None


def healthy(model: Model, _task: Task) -> str | None:
    if model.endpoint.health is Health.AWAY:
        return f"{model.endpoint.id} is away: {model.endpoint.note or 'it no longer answers'}"
    return "the engine could not load it" if model.state is ModelState.FAILED else None


def abilities(model: Model, task: Task) -> str | None:
    """Only what is known to be missing leaves a model out; what is unknown is tried."""
    if model.lacks is Ability.NONE:
        return None
    missing = task.needs & model.lacks
    return f"it can't do {_words(missing)}" if missing else None


def modality(model: Model, task: Task) -> str | None:
    if model.reads is None or model.reads is task.reads:
        return None
    missing = task.reads & ~model.reads
    return f"it can't read {_words(missing)}" if missing else None


def context(model: Model, task: Task) -> str | None:
    return contexts.objection(model, task)


CONTEXT = context.__name__  # as decisions name the rule
# They say the same of all models of a kind; the context is each model's own, and asked last.
BY_KIND: tuple[Rule, ...] = (tier, mode, privacy, budget, dialect, key, healthy, abilities, modality)
RULES: tuple[Rule, ...] = (*BY_KIND, context)


def decide(decision_id: str, wanted: Wanted, task: Task, snapshot: Snapshot, outlook: Outlook) -> Decision:
    """The candidates in order, and for every other model the rule that left it out."""
    meant, excluded = _meant(snapshot.models, wanted)
    allowed: list[Model] = []
    for kind in _kinds(meant):
        if why := _objection(kind[0], task, BY_KIND):
            excluded += [Excluded(model.id, *why) for model in kind]
        else:
            allowed += kind
    long = {model.id: why for model in allowed if (why := _objection(model, task, (context,)))}
    excluded += [Excluded(model, *why) for model, why in long.items()]
    allowed = [model for model in allowed if model.id not in long]
    parked = [model for model in allowed if model.id in outlook.parked]
    there = [model for model in allowed if model.id not in outlook.parked]
    allowed, busy = _parted(there, task, outlook)
    excluded += [Excluded(one.id, PARKED, _until(outlook.parked[one.id], outlook.now)) for one in parked]
    excluded += busy
    order = _by_ladder(allowed, task, outlook) if wanted.chosen else _by_name(allowed, wanted, task)
    return Decision(decision_id, wanted, task, tuple(order), tuple(excluded), tuple(parked))


def routable(snapshot: Snapshot, form: str = "openai.chat", mode: Mode = Mode.NORMAL) -> list[Model]:
    """The models to which no rule objects when a task of that format asks for nothing but words."""
    nothing = Task(Grade.SIMPLE, Ability.NONE, Modality.TEXT, 0, None, Privacy.ANY, format=form, mode=mode)
    return [model for model in snapshot.models if not any(rule(model, nothing) for rule in RULES)]


def _kinds(models: Iterable[Model]) -> Iterable[list[Model]]:
    """Those together that differ in nothing that `BY_KIND` looks at: of a thousand models a handful."""
    kinds: dict[object, list[Model]] = {}
    for one in models:
        kind = id(one.endpoint), one.tier, one.trains, one.runs_at, one.state, one.lacks, one.reads
        kinds.setdefault(kind, []).append(one)
    return kinds.values()


def _meant(models: Sequence[Model], wanted: Wanted) -> tuple[Sequence[Model], list[Excluded]]:
    """Those that the request leaves the choice among, or names; and the others."""
    if wanted.chosen:
        return models, []
    named, why = frozenset(wanted.models), f"the request names {wanted.asked}"
    others = [Excluded(model.id, "named", why) for model in models if model.id not in named]
    return [model for model in models if model.id in named], others


def _objection(model: Model, task: Task, rules: Sequence[Rule]) -> tuple[str, str] | None:
    """The rule, and what it says."""
    for rule in rules:
        if (reason := rule(model, task)) is not None:
            return rule.__name__, reason
    return None


def _until(parked: Parked, now: float) -> str:
    return f"parked for {max(0.0, parked.until - now):.0f} s more: {parked.reason}"


def _parted(models: Sequence[Model], task: Task, outlook: Outlook) -> tuple[list[Model], list[Excluded]]:
    """Those to ask, and those to spare: a long wait is worth it only where nobody as good begins sooner."""
    waits = outlook.waits
    long = {model.id for model in models if waits.get(model.id, 0.0) > BUSY_AFTER}
    if not long:
        return list(models), []
    soon = [model.grade for model in models if model.id not in long and model.endpoint.health is Health.UP]
    best = max(soon, default=None)
    busy = {
        model.id: Excluded(model.id, "busy", _busy(waits[model.id]))
        for model in models
        if model.id in long and best is not None and best >= min(task.grade, model.grade)
    }
    return [model for model in models if model.id not in busy], list(busy.values())


def _busy(wait: float) -> str:
    return f"about {wait:.0f} s until it could begin, and another may answer sooner"


def _by_name(models: list[Model], wanted: Wanted, task: Task) -> Iterable[Candidate]:
    """The user's own order; of the places that serve what was named, one that keeps silent goes last."""
    rank = {name: place for place, name in enumerate(wanted.models)}
    named = f"alias:{wanted.via}" if wanted.via else "named"

    def place(model: Model) -> tuple[bool, bool, int]:
        is_fallback = rank[model.id] >= wanted.named
        return (is_fallback, not is_fallback and model.endpoint.health is Health.SILENT, rank[model.id])

    for model in sorted(models, key=place):
        is_fallback = rank[model.id] >= wanted.named
        reason = f"fallback:{wanted.via or wanted.asked}" if is_fallback else named
        yield Candidate(model, reason, context=contexts.to_ask(model, task))


def _by_ladder(models: list[Model], task: Task, outlook: Outlook) -> Iterable[Candidate]:
    """Local, then free, then paid, among those good enough; then the best of the rest, marked degraded."""
    asks = {model.id: contexts.to_ask(model, task) for model in models}

    def rung(model: Model) -> tuple[object, ...]:
        return (
            model.endpoint.health is Health.SILENT,
            max(0, task.grade - model.grade),
            model.tier,
            _LOAD_ORDER.index(
                ModelState.UNLOADED if contexts.reloads(model, asks[model.id]) else model.state
            ),
            -(model.parameters or 0),
            outlook.in_flight.get(model.id, 0),
            model.endpoint.id,
            model.name,
        )

    for model in sorted(models, key=rung):
        reason = f"ladder:{(model.tier or Tier.LOCAL).word}"
        yield Candidate(model, reason, degraded=model.grade < task.grade, context=asks[model.id])


def _words(flags: Ability | Modality) -> str:
    return ", ".join(flag_names(flags))
