"""Who may answer, and in which order. Pure: the same inputs give the same decision.

Each rule is a function that says why a model may not be used for a task, or None. They are asked in
the order of `RULES`, and the first that objects is the one that people are told.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from types import MappingProxyType

from pointsman.calls import PARKED, Decision, Excluded, Machine, Outlook, Parked, Task, Wanted
from pointsman.catalogue.providers import provider
from pointsman.funds import Funds, Purse
from pointsman.modes import Mode, Privacy
from pointsman.routing import context as contexts
from pointsman.routing import degrade, room
from pointsman.routing.order import Run, by_ladder, by_name, without
from pointsman.types import (
    Ability,
    Dialect,
    Grade,
    Health,
    Kind,
    Modality,
    Model,
    ModelState,
    Snapshot,
    Tier,
    flag_names,
    kinds_of,
)

REMEMBERED = 64  # sorts of tasks for which it is known whom the rules leave out; few programs ask for more
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
        return "the request, or its program, is marked local, and this model is not on this machine"
    if model.trains is False:
        return None
    may = "may train on prompts" if model.trains else "is not known not to train on prompts"
    return f"the request, or its program, is marked no-train, and its provider {may}"


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


ROLE, PROFILE = "role", "profile"  # rules that only a choice of ours goes by
ALLOWED = "allowed"
CONTEXT = context.__name__  # as decisions name the rule
# They say the same of all models of a `Kind`, and of all tasks that `_seen_by_kind` can't tell apart; the
# context is each model's own, and asked last.
BY_KIND: tuple[Rule, ...] = (tier, mode, privacy, dialect, key, healthy, abilities, modality)
RULES: tuple[Rule, ...] = (*BY_KIND, context)


class _LeftOut:
    """Who is left out by which rule, by the reasons."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], list[str]] = {}

    def add(self, rule: str, reason: str, ids: Iterable[str]) -> None:
        self._ids.setdefault((rule, reason), []).extend(ids)

    def all(self) -> tuple[Excluded, ...]:
        return tuple(Excluded(*why, tuple(ids)) for why, ids in self._ids.items() if ids)


def decide(decision_id: str, wanted: Wanted, task: Task, snapshot: Snapshot, outlook: Outlook) -> Decision:
    """The candidates in order, and for every other model the rule that left it out."""
    out = _LeftOut()
    kinds = _suited(snapshot.kinds, wanted, out) if wanted.chosen else _named(wanted, snapshot, out)
    kinds = kinds if wanted.allowed is None else _listed(kinds, wanted.allowed, task, out)
    apart = _apart(_allowed(kinds, task, snapshot, out), outlook.purse, snapshot)
    allowed = _payable(apart, task, outlook.purse, out, chosen=wanted.chosen)
    fitting = [run for kind in allowed if (run := _fitting(kind, task, out))]
    loadable = _loadable(fitting, wanted, snapshot, outlook.machine, out)
    there, parked = _there(loadable, outlook, out)
    asked = _not_busy(there, task, outlook, out)
    order = by_ladder(asked, wanted, task, outlook) if wanted.chosen else by_name(asked, wanted, task)
    spending = degrade.holds_back(outlook.purse)
    return Decision(decision_id, wanted, task, order, out.all(), tuple(parked), spending)


def few_words(form: str = "openai.chat", mode: Mode = Mode.NORMAL) -> Task:
    """A task that asks for nothing but words, and few of them."""
    return Task(Grade.SIMPLE, Ability.NONE, Modality.TEXT, 0, None, Privacy.ANY, format=form, mode=mode)


def routable(snapshot: Snapshot, task: Task, purse: Purse) -> list[Model]:
    """The models to which no rule objects, in the snapshot's order."""
    out = _LeftOut()
    kinds = _apart(_allowed(snapshot.kinds, task, snapshot, out), purse, snapshot)
    allowed = _payable(kinds, task, purse, out, chosen=False)
    found = {model.id for kind in allowed for model in _fitting(kind, task, out)}
    return [model for model in snapshot.models if model.id in found]


def _named(wanted: Wanted, snapshot: Snapshot, out: _LeftOut) -> Sequence[Kind]:
    """Those that a request names."""
    named = frozenset(wanted.models)
    others = (model for model in snapshot.by_id if model not in named)
    out.add("named", f"the request names {wanted.asked}", others)
    return kinds_of(snapshot.by_id[model] for model in wanted.models if model in snapshot.by_id)


def _suited(kinds: Iterable[Kind], wanted: Wanted, out: _LeftOut) -> Iterator[Kind]:
    """Those on the profile's ladder, and in the user's lists; but for what is kept for other work."""
    ladder, listed = wanted.profile.ladder, frozenset((*wanted.preferred, *wanted.fallback))
    for kind in kinds:
        off = kind.models[0].tier is not None and kind.models[0].tier not in ladder
        if not off and (not wanted.avoids or wanted.avoids.isdisjoint(kind.ids)):
            yield kind
            continue
        avoided = [id_ for id_ in kind.ids if id_ in wanted.avoids]
        strange = [id_ for id_ in kind.ids if off and id_ not in listed and id_ not in wanted.avoids]
        out.add(ROLE, f"it is main's, and the role {wanted.role} does not use what main pays for", avoided)
        out.add(PROFILE, f"the profile {wanted.profile.name} does not use its tier", strange)
        gone = frozenset((*avoided, *strange))
        yield from _part(kind, (model for model in kind.models if model.id not in gone))


def _listed(kinds: Iterable[Kind], ids: frozenset[str], task: Task, out: _LeftOut) -> Iterator[Kind]:
    """Those that the program may use."""
    reason = f"it is not in the list of what {task.caller.app} may use ([apps], allow)"
    for kind in kinds:
        out.add(ALLOWED, reason, (id_ for id_ in kind.ids if id_ not in ids))
        yield from _part(kind, (model for model in kind.models if model.id in ids))


def _seen_by_kind(task: Task) -> Hashable:
    return task.mode, task.privacy, task.format, task.needs.value, task.reads.value


def _allowed(kinds: Iterable[Kind], task: Task, snapshot: Snapshot, out: _LeftOut) -> list[Kind]:
    """Each kind is judged once for all tasks that are alike."""
    if (alike := _seen_by_kind(task)) not in snapshot.verdicts and len(snapshot.verdicts) >= REMEMBERED:
        snapshot.verdicts.clear()
    known = snapshot.verdicts.setdefault(alike, {})
    allowed = []
    for kind in kinds:
        if (first := kind.ids[0]) not in known:
            known[first] = _objection(kind.models[0], task)
        if why := known[first]:
            out.add(*why, kind.ids)
        else:
            allowed.append(kind)
    return allowed


def _objection(model: Model, task: Task) -> tuple[str, str] | None:
    """The rule that objects to its whole kind, and what it says."""
    for rule in BY_KIND:
        if (reason := rule(model, task)) is not None:
            return rule.__name__, reason
    return None


def _payable(
    kinds: Iterable[Kind], task: Task, purse: Purse, out: _LeftOut, *, chosen: bool
) -> Iterator[Kind]:
    """Those that there is money for, as far as they take any."""
    for kind in kinds:
        first = kind.models[0]
        if first.tier is Tier.LOCAL:
            yield kind
            continue
        funds = purse.funds(first)
        if why := degrade.objection(first, task, funds, chosen=chosen):
            out.add(*why, kind.ids)
        elif first.tier is not Tier.PAID or degrade.all_affordable(kind, task, funds):
            yield kind
        else:
            yield from _affordable(kind, task, funds, out)


def _apart(kinds: Iterable[Kind], purse: Purse, snapshot: Snapshot) -> Iterator[Kind]:
    """The same, but each model that has a budget of its own is a kind of its own."""
    own = frozenset(one.id for name in purse.by_model for one in _called(name, snapshot))
    for kind in kinds:
        if not own or own.isdisjoint(kind.ids):
            yield kind
            continue
        for model in kind.models:
            if model.id in own:
                yield from _part(kind, [model])
        yield from _part(kind, (model for model in kind.models if model.id not in own))


def _part(kind: Kind, models: Iterable[Model]) -> Iterator[Kind]:
    """Some models of a kind, if there are any; what is said of all of it is on the safe side for them."""
    if some := tuple(models):
        yield kind._replace(models=some, ids=tuple(model.id for model in some))


def _called(name: str, snapshot: Snapshot) -> Iterator[Model]:
    """Whoever a budget for a model of that name may be for."""
    if name in snapshot.by_id:
        yield snapshot.by_id[name]
    for short in (name, name.partition("/")[2]):
        yield from snapshot.by_name.get(short, ())


def _affordable(kind: Kind, task: Task, funds: Funds, out: _LeftOut) -> Iterator[Kind]:
    dear = degrade.too_dear(kind, task, funds.room or 0)
    if dear and funds.tightest:
        out.add(degrade.SHORT, degrade.what_is_left(funds.tightest), dear)
    left_out = frozenset(dear)
    return _part(kind, (model for model in kind.models if model.id not in left_out))


def _fitting(kind: Kind, task: Task, out: _LeftOut) -> Run:
    """Those whose context holds the prompt: all, if the smallest does. Each size is looked at once."""
    if contexts.all_fit(kind, task):
        return kind.models
    fitting = []
    known: dict[int | None, str | None] = {}
    for model in kind.models:
        if model.context not in known:
            known[model.context] = context(model, task)
        if reason := known[model.context]:
            out.add(CONTEXT, reason, (model.id,))
        else:
            fitting.append(model)
    return fitting


def _loadable(
    runs: list[Run], wanted: Wanted, snapshot: Snapshot, machine: Machine, out: _LeftOut
) -> list[Run]:
    """Those that are loaded, or that there is room for."""
    lacking = set()
    for model in (model for run in runs if room.may_lack(run, machine) for model in run):
        if why := room.objection(model, machine, snapshot, chosen=wanted.chosen):
            out.add(*why, (model.id,))
            lacking.add(model.id)
    return without(lacking, runs) if lacking else runs


def _there(runs: list[Run], outlook: Outlook, out: _LeftOut) -> tuple[list[Run], list[Model]]:
    """Those that may be asked now, and those that are parked."""
    if not outlook.parked:
        return runs, []
    parked = [model for run in runs for model in run if model.id in outlook.parked]
    together: dict[Parked, list[str]] = {}
    for model in parked:
        together.setdefault(outlook.parked[model.id], []).append(model.id)
    for why, ids in together.items():
        out.add(PARKED, why.words(outlook.now), ids)
    return without(outlook.parked, runs), parked


def _not_busy(runs: list[Run], task: Task, outlook: Outlook, out: _LeftOut) -> list[Run]:
    """Those to ask; a long wait is worth it only where nobody as good begins sooner."""
    long = {model: wait for model, wait in outlook.waits.items() if wait > BUSY_AFTER}
    if not long:
        return runs
    soon = [run[0].grade for run in without(long, runs) if run[0].endpoint.health is Health.UP]
    best = max(soon, default=None)
    busy = [
        model.id
        for run in runs
        for model in run
        if model.id in long and best is not None and best >= min(task.grade, model.grade)
    ]
    for model_id in busy:
        out.add("busy", _busy(long[model_id]), (model_id,))
    return without(frozenset(busy), runs)


def _busy(wait: float) -> str:
    return f"about {wait:.0f} s until it could begin, and another may answer sooner"


def _words(flags: Ability | Modality) -> str:
    return ", ".join(flag_names(flags))
