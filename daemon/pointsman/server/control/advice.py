"""What a status says in plain words: what is used now, and what its reader may want to mend."""

from collections.abc import Iterator

from pointsman.types import Decision, Endpoint, FoundBy, Health, Snapshot, Tier, Wanted, tier_word

# Rules that hold for every request until somebody changes something.
STANDING = ("budget", "dialect", "healthy")
NOTHING_FOUND = (
    "nothing was found: start a local engine, for example `llama-server -m model.gguf`, "
    "or name a server under [providers] in the configuration"
)


def summary(snapshot: Snapshot, decision: Decision) -> str:
    """One sentence. `decision` is that of a short request which leaves the choice to us."""
    if decision.candidates:
        return _answering(decision)
    if snapshot.swept_at is None:
        return "Still looking around: the first look is not over."
    if not snapshot.endpoints:
        return "No model was found."
    if not decision.wanted.chosen:
        return _named(decision.wanted)
    return f"No model can answer now: {len(snapshot.models)} are known, and each is left out for a reason."


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
    behind = f", with {_models(len(others))} behind it" if others else ""
    where = "nothing leaves this machine" if tiers == {Tier.LOCAL} else "prompts may leave this machine"
    return f"Answers come from {first.model.id} ({tier_word(first.model.tier)}){behind}; {where}."


def hints(snapshot: Snapshot, decision: Decision) -> list[str]:
    """What to mend, a sentence each."""
    if snapshot.swept_at is not None and not snapshot.endpoints:
        return [NOTHING_FOUND]
    return [hint for endpoint in snapshot.endpoints for hint in _about(endpoint, decision, snapshot)]


def _about(endpoint: Endpoint, decision: Decision, snapshot: Snapshot) -> Iterator[str]:
    if endpoint.tier is None:
        yield f"an unknown server at {endpoint.place} is not used: {endpoint.note or 'name its tier'}"
    elif endpoint.health is Health.REFUSED:
        yield f"{endpoint.id} is not used: {endpoint.note or 'it wants a key'}"
    elif endpoint.health is Health.AWAY and endpoint.found_by is FoundBy.CONFIG:
        yield f"{endpoint.id} is away: {endpoint.note or f'nothing answers at {endpoint.place}'}"
    else:
        yield from _left_out(endpoint, decision, snapshot)


def _left_out(endpoint: Endpoint, decision: Decision, snapshot: Snapshot) -> Iterator[str]:
    """Models of a sound endpoint that no request would be given, counted by the reason."""
    ids = {model.id for model in snapshot.models if model.endpoint.id == endpoint.id}
    groups: dict[str, int] = {}
    for excluded in decision.excluded:
        if excluded.model in ids and excluded.rule in STANDING:
            groups[excluded.reason] = groups.get(excluded.reason, 0) + 1
    for reason, number in groups.items():
        yield f"{_models(number)} of {endpoint.id} {'is' if number == 1 else 'are'} not used: {reason}"


def _models(number: int) -> str:
    return f"{number} model" if number == 1 else f"{number} models"
