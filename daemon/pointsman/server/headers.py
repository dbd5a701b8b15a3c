"""What every answer tells about itself: who gave it, why, and what it costs."""

from pointsman.execution.answer import Answer
from pointsman.money import to_dollars
from pointsman.router import Journey
from pointsman.types import tier_word


def headers_of(journey: Journey, answer: Answer) -> dict[str, str]:
    """A plain answer's cost is known when it is sent; of a stream only the most that it can be.

    The cap is the tokens that a budget lets an answer have.
    """
    candidate = answer.candidate
    cost = "X-Pointsman-Cost" if answer.whole is not None else "X-Pointsman-Cost-Max"
    cap = {} if answer.cap is None else {"X-Pointsman-Cap": str(answer.cap)}
    return {
        "X-Pointsman-Model": candidate.model.id,
        "X-Pointsman-Tier": tier_word(candidate.model.tier),
        "X-Pointsman-Reason": candidate.reason + (" degraded" if candidate.degraded else ""),
        "X-Pointsman-Attempts": str(len(journey.attempts)),
        "X-Pointsman-Decision": journey.id,
        cost: _dollars(answer.attempt.cost if answer.whole is not None else answer.cost_max),
        **cap,
    }


def _dollars(nano: int | None) -> str:
    """US dollars, exact; `unknown` where a price is."""
    return "unknown" if nano is None else to_dollars(nano)
