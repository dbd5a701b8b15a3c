"""What a call means and what it asks, together: its name, its words, its headers. Pure."""

from dataclasses import replace

from pointsman.calls import Call, CallKind, Task, Wanted
from pointsman.routing.classify import classify
from pointsman.routing.names import Names
from pointsman.routing.resolve import for_kind, pinned, resolve
from pointsman.types import Grade, Priority, Snapshot


def understand(call: Call, names: Names, snapshot: Snapshot) -> tuple[Wanted, Task]:
    """Raises UnknownModel or BadRequest. What its client says of it goes before what its words say."""
    wanted = _wanted(call, names, snapshot)
    task = classify(call, Grade.SIMPLE, chosen=wanted.chosen)
    kind = task.kind if call.hints.kind is None else call.hints.kind
    wanted = for_kind(wanted, kind, names, snapshot)
    return wanted, replace(
        task,
        kind=kind,
        grade=max(task.grade, wanted.floor),
        needs=task.needs | wanted.needs,
        priority=_priority(call, wanted),
        at_most=call.hints.at_most,
    )


def _wanted(call: Call, names: Names, snapshot: Snapshot) -> Wanted:
    if call.kind is CallKind.EMBEDDING:
        return pinned(call.model, names, snapshot)
    hints = call.hints
    return resolve(call.model, names, snapshot, role=hints.role, profile=hints.profile, floor=hints.floor)


def _priority(call: Call, wanted: Wanted) -> Priority:
    said = (one for one in (call.hints.priority, wanted.priority) if one is not None)
    return next(said, Priority.NORMAL)
