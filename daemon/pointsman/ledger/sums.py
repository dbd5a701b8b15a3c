"""What a request took, over all its attempts: as a line of the log has it, before the ledger has."""

from collections.abc import Mapping, Sequence

from pointsman.calls import Attempt


def took(attempts: Sequence[Attempt]) -> Mapping[str, int | None]:
    """Tokens: None if no attempt reported any. Cost: nano-dollars, None if that of any is unknown."""
    usages = [attempt.usage for attempt in attempts if attempt.usage]
    costs = [attempt.cost for attempt in attempts if attempt.cost is not None]
    return {
        "input_tokens": sum(usage.input for usage in usages) if usages else None,
        "output_tokens": sum(usage.output for usage in usages) if usages else None,
        "cost": sum(costs) if len(costs) == len(attempts) else None,
    }
