"""A decision in words."""

from collections.abc import Iterable, Sequence

from pointsman.types import Decision, Excluded


def by_rule(excluded: Iterable[Excluded]) -> list[tuple[str, str, list[str]]]:
    """(rule, reason, model ids), in the order the rules first spoke."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in excluded:
        groups.setdefault((one.rule, one.reason), []).append(one.model)
    return [(rule, reason, models) for (rule, reason), models in groups.items()]


def nobody_left(decision: Decision, looked_for: Sequence[str], config_file: str) -> str:
    """Why no model may answer, and what to do about it."""
    wanted = decision.wanted
    if not decision.excluded:
        places = "; ".join(looked_for) or "nowhere, as discovery is switched off"
        return (
            f"no model was found. Looked for: {places}. Start a local engine, for example "
            f"`llama-server -m model.gguf`, or name a server under [providers] in {config_file}"
        )
    reasons = [
        f"{_some(models)}: {reason}"
        for rule, reason, models in by_rule(decision.excluded)
        if wanted.chosen or rule != "named"
    ]
    reasons += [f"{name}: nothing that is known now serves it" for name in wanted.missing]
    return f"no model may answer {wanted.asked!r}. " + "; ".join(reasons)


def _some(models: Sequence[str], most: int = 3) -> str:
    more = len(models) - most
    return ", ".join(models[:most]) + (f" and {more} more" if more > 0 else "")
