"""A decision in words."""

from collections.abc import Sequence

from pointsman.calls import Decision, some
from pointsman.modes import Mode
from pointsman.routing.policy import CONTEXT
from pointsman.types import Endpoint

PAUSED = "Pointsman is paused and answers nothing: `pointsman mode normal` lets it answer again"
TO_DO = ". Start a local engine, or see in `pointsman status` what to mend"


def nobody_left(
    decision: Decision, looked_for: Sequence[str], config_file: str, endpoints: Sequence[Endpoint] = ()
) -> str:
    """Why no model may answer, and what to do about it."""
    if decision.task.mode is Mode.PAUSED:
        return PAUSED
    wanted = decision.wanted
    if not decision.excluded:
        places = "; ".join(looked_for) or "nowhere, as discovery is switched off"
        notes = "".join(f"{one.id}: {one.note}. " for one in endpoints if one.note)
        return (
            f"no model was found. {notes}Looked for: {places}. Start a local engine, for example "
            f"`llama-server -m model.gguf`, give a cloud's key (pointsman keys set openrouter), "
            f"or name a server under [providers] in {config_file}"
        )
    reasons = [
        f"{some(one.models)}: {one.reason}"
        for one in decision.excluded
        if wanted.chosen or one.rule != "named"
    ]
    reasons += [f"{name}: {_missing(name, endpoints)}" for name in wanted.missing]
    return f"no model may answer {wanted.asked!r}. " + "; ".join(reasons) + TO_DO


def is_too_long(decision: Decision) -> bool:
    """Whether the prompt's length alone keeps every model that is meant from answering."""
    rules = {one.rule for one in decision.excluded} - {"named"}
    return rules == {CONTEXT}


def _missing(name: str, endpoints: Sequence[Endpoint]) -> str:
    """Why nobody serves a name: what is known of the place that it begins with."""
    owner, slash, _ = name.partition("/")
    notes = [one.note for one in endpoints if slash and owner in (one.id, one.provider) and one.note]
    return notes[0] if notes else "nothing that is known now serves it"
