"""A decision in words."""

from collections.abc import Sequence

from pointsman.types import Decision


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
        for rule, reason, models in decision.left_out()
        if wanted.chosen or rule != "named"
    ]
    reasons += [f"{name}: nothing that is known now serves it" for name in wanted.missing]
    return f"no model may answer {wanted.asked!r}. " + "; ".join(reasons)


def _some(models: Sequence[str], most: int = 3) -> str:
    more = len(models) - most
    return ", ".join(models[:most]) + (f" and {more} more" if more > 0 else "")
