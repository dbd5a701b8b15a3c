"""The JSON of feedback and analytics, as in `shapes`."""

from typing import TypedDict


class FeedbackShape(TypedDict):
    id: str
    model: str  # that answered; empty: nobody did
    score: float  # from 0 to 1


class AnalyticsShape(TypedDict):
    """How the last requests were understood, and how they went; `by`: their numbers, by what they were."""

    requests: int
    answered: int
    fell_back: int  # after another attempt had failed
    degraded: int  # by a model below the grade that was needed
    revised: int  # they asked anew for what had just been answered
    judged: int
    bad: int  # of those, below one half
    by: dict[str, dict[str, int]]  # kind, complexity, grade, role, profile
