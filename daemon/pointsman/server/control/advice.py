"""What a status says first: what is used now, in one sentence."""

from collections.abc import Sequence

from pointsman.calls import Decision, Wanted
from pointsman.modes import Mode
from pointsman.routing.explain import PAUSED
from pointsman.server.control.words import count
from pointsman.types import Health, Model, Snapshot, Tier, tier_word


def summary(snapshot: Snapshot, decision: Decision) -> str:
    """One sentence. `decision` is that of a short request which leaves the choice to us."""
    if decision.task.mode is Mode.PAUSED:
        return f"{PAUSED}."
    if decision.candidates:
        return _answering(decision)
    if snapshot.swept_at is None:
        return "Still looking around: the first look is not over."
    if not snapshot.endpoints:
        return "No model was found."
    if not decision.wanted.chosen:
        return _named(decision.wanted)
    return _left_out(snapshot.models)


def _left_out(models: Sequence[Model]) -> str:
    if models and all(model.endpoint.health is Health.SIGN_IN for model in models):
        return f"No model can answer yet: {count(len(models))} found, for which a key is needed."
    return f"No model can answer now: {len(models)} are known, and each is left out for a reason."


def _named(wanted: Wanted) -> str:
    """Where the user has said what `auto` means, only that may answer, whatever else is known."""
    name = wanted.via
    means = (
        f"{wanted.models[0]}, which is left out for a reason"
        if wanted.named
        else f"{wanted.missing[0]}, which nothing serves now"
    )
    return (
        f"No model can answer now: {wanted.asked} means {name} = {means}. "
        f'Change {name} under [models], or add "local" to {name} under [fallback].'
    )


def _answering(decision: Decision) -> str:
    first, *others = decision.candidates
    tiers = {candidate.model.tier for candidate in decision.candidates}
    behind = f", with {count(len(others))} behind it" if others else ""
    where = "nothing leaves this machine" if tiers == {Tier.LOCAL} else "prompts may leave this machine"
    return f"Answers come from {first.model.id} ({tier_word(first.model.tier)}){behind}; {where}."
