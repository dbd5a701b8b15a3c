"""How long an engine's loads and answers take, as learned from those that were seen."""

from pointsman.types import Model

# Seconds that a load takes which was never seen: what an ordinary disk reads, and a guess.
BYTES_PER_SECOND = 1_000_000_000
QUICKEST_LOAD, SLOWEST_LOAD = 2.0, 60.0
UNKNOWN_LOAD = 10.0
NEWEST = 0.2  # the weight of the newest answer


class Pace:
    def __init__(self) -> None:
        self._loads: dict[str, float] = {}
        self._answers: dict[str, float] = {}

    def loaded(self, model_id: str, seconds: float) -> None:
        self._loads[model_id] = seconds

    def answered(self, model_id: str, seconds: float) -> None:
        known = self._answers.get(model_id, seconds)
        self._answers[model_id] = known + NEWEST * (seconds - known)

    def load(self, model: Model) -> float:
        if model.id in self._loads:
            return self._loads[model.id]
        if model.size_bytes is None:
            return UNKNOWN_LOAD
        return min(max(model.size_bytes / BYTES_PER_SECOND, QUICKEST_LOAD), SLOWEST_LOAD)

    def answer(self, model_id: str) -> float:
        """Seconds for a whole answer; 0 while none was seen."""
        return self._answers.get(model_id, 0.0)
