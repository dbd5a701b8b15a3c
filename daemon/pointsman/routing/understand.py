"""What a call means and what it asks, together: its name, its words, its headers, whose it is. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from pointsman.calls import Call, CallKind, Task, Wanted
from pointsman.profiles import AUTO, BACKGROUND, BALANCED, MAIN, NO_RULES, AppRules
from pointsman.routing.classify import classify
from pointsman.routing.names import Names
from pointsman.routing.resolve import for_kind, is_name, permitted, pinned, raises_the_floor, resolve
from pointsman.routing.sticky import is_in_tool_loop
from pointsman.types import Grade, Priority, Snapshot, TaskKind
from pointsman.wire.mentions import mention_of, without_mention


def addressed(call: Call, names: Names, snapshot: Snapshot) -> Call:
    """The call as one to whom its user mentions, if somebody is called that; else as it is."""
    name = mention_of(call) if names.mentions and not call.mention else ""
    return without_mention(call, name) if name and is_name(name, names, snapshot) else call


def may_mention(call: Call, names: Names, snapshot: Snapshot) -> bool:
    """Whether it begins with a name that somebody may have who is not found yet, in the first look."""
    return snapshot.swept_at is None and names.mentions and not call.mention and bool(mention_of(call))


def understand(call: Call, names: Names, snapshot: Snapshot, app: str = "") -> tuple[Wanted, Task]:
    """Raises UnknownModel or BadRequest. What its client says of it goes before what its words say.

    `app`: the program that asks. Its rules hold beside what its request says; none of them is loosened.
    """
    rules = names.apps.get(app, NO_RULES)
    wanted = _wanted(call, names, snapshot, rules)
    task = classify(call, Grade.SIMPLE, chosen=wanted.chosen, signs=names.signs)
    kind = task.kind if call.hints.kind is None else call.hints.kind
    meant = wanted
    if kind is TaskKind.BACKGROUND and wanted.role == MAIN and (wanted.chosen or wanted.asked == AUTO):
        wanted = _wanted(_behind(call), names, snapshot, rules)
    wanted = for_kind(wanted, kind, names, snapshot)
    if wanted.chosen is not meant.chosen:
        task = classify(call, Grade.SIMPLE, chosen=wanted.chosen, signs=names.signs)
    return wanted, replace(
        task,
        kind=kind,
        reasons=(*task.reasons, *_more_reasons(call, wanted, task, names, app if app in names.apps else "")),
        grade=max(task.grade, wanted.floor),
        needs=task.needs | wanted.needs,
        priority=_priority(call, wanted),
        at_most=call.hints.at_most,
        privacy=task.privacy.with_(rules.privacy),
        in_tool_loop=is_in_tool_loop(call.chat),
    )


def _behind(call: Call) -> Call:
    """Work in the background is not main's, unless its client says so."""
    hints = call.hints
    return replace(call, hints=replace(hints, role=hints.role or BACKGROUND.name))


def _more_reasons(call: Call, wanted: Wanted, task: Task, names: Names, ruled: str) -> Iterator[str]:
    """What is not read from its words, as far as it changes anything. `ruled`: a program that has rules."""
    if call.hints.kind is not None:
        yield f"kind:{call.hints.kind} (X-Pointsman-Task)"
    if wanted.chosen and wanted.floor > task.grade:
        yield f"floor:{wanted.floor.name.lower()} ({_whose_floor(call, wanted, names, ruled)})"
    if wanted.profile.name != BALANCED.name:
        yield f"profile:{wanted.profile.name}"
    if ruled:
        yield f"app:{ruled}"


def _whose_floor(call: Call, wanted: Wanted, names: Names, ruled: str) -> str:
    """The header's, the role's, the program's, or that of the model whose name stands for our choice."""
    if call.hints.floor == wanted.floor:
        return "X-Pointsman-Floor"
    if not raises_the_floor(wanted, names):
        return wanted.role
    return ruled if ruled and names.apps[ruled].floor == wanted.floor else wanted.asked


def _wanted(call: Call, names: Names, snapshot: Snapshot, rules: AppRules) -> Wanted:
    hints = call.hints
    if call.kind is CallKind.EMBEDDING:
        wanted = pinned(call.model, names, snapshot)
    else:
        wanted = resolve(
            call.mention or call.model,
            names,
            snapshot,
            role=hints.role,
            profile=hints.profile or rules.profile,
            floor=hints.floor,
        )
    wanted = replace(wanted, asked=call.asked) if call.mention else wanted
    if rules.floor is not None:
        wanted = replace(wanted, floor=max(wanted.floor, rules.floor))
    return replace(wanted, allowed=permitted(rules.allow, names, snapshot)) if rules.allow else wanted


def _priority(call: Call, wanted: Wanted) -> Priority:
    said = (one for one in (call.hints.priority, wanted.priority) if one is not None)
    return next(said, Priority.NORMAL)
