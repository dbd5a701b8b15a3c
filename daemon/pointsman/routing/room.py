"""Whether this machine has room for a model that is not loaded. Pure."""

from collections.abc import Iterable

from pointsman.calls import Machine
from pointsman.types import Model, ModelState, Snapshot, Tier

GB = 1_000_000_000
LIGHT = 8 * GB  # parameters of a model that may still be loaded on battery, if the heavier may not

MEMORY, BATTERY = "memory", "battery"  # as decisions name the rules


def may_lack(models: Iterable[Model], machine: Machine) -> bool:
    """Whether it is worth a look at each of a kind: most are loaded, or run elsewhere."""
    first = next(iter(models))
    known = machine.available is not None or machine.on_battery
    return bool(known) and first.tier is Tier.LOCAL and first.state is ModelState.UNLOADED


def objection(model: Model, machine: Machine, snapshot: Snapshot, *, chosen: bool) -> tuple[str, str] | None:
    """The rule that leaves out a model that would have to be loaded, and what it says.

    `chosen`: by us. Who is named is loaded on battery, too.
    """
    if not model.endpoint.place.is_here:
        return None
    if machine.available is not None and model.size_bytes and model.size_bytes > machine.available:
        room = _room(model, machine.available, snapshot)
        if room is not None and model.size_bytes > room:
            return MEMORY, _too_large(model.size_bytes, room)
    if chosen and machine.on_battery and (model.parameters or 0) > LIGHT:
        return BATTERY, "the machine is on battery, and no model above 8 billion parameters is loaded on it"
    return None


def _room(model: Model, available: int, snapshot: Snapshot) -> int | None:
    """With what its engine could put out for it. None: nobody knows how much that is."""
    there = [
        one.size_bytes
        for one in snapshot.models
        if one.endpoint.id == model.endpoint.id and one.state is not ModelState.UNLOADED
    ]
    return None if None in there else available + sum(size or 0 for size in there)


def _too_large(size: int, room: int) -> str:
    return (
        f"it is not loaded: it takes {size / GB:.1f} GB of memory, and there are {room / GB:.1f} GB for it "
        "(`[machine] memory = false`: that is not looked at)"
    )
