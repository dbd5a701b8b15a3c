"""How long an engine's loads and answers take, as learned from those that were seen.

What was never seen is guessed from the model's size, for a laptop without a graphics card: llama-bench
on those of 2017 to 2020 reads a prompt of Llama 3.1 8B in 4 bits at 13 to 26 tokens a second and writes
at 4.4 to 6.9 (github.com/brand-o/normiebench, issues 41, 42, 43, 46). Reading is arithmetic, and grows
with the parameters; writing is going through all weights for each token, and grows with their bytes.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pointsman.calls import Attempt, Speed
from pointsman.types import Model

# Seconds that a load takes which was never seen: what an ordinary disk reads, and a guess.
BYTES_PER_SECOND = 1_000_000_000
QUICKEST_LOAD, SLOWEST_LOAD = 2.0, 60.0
UNKNOWN_LOAD = 10.0
NEWEST = 0.2  # the weight of the newest answer

READ_PER_SECOND = 160e9  # parameters times tokens: 20 tokens a second of 8 thousand million parameters
WRITTEN_PER_SECOND = 25e9  # bytes of weights, of which each token takes all
BYTES_PER_PARAMETER = 0.6  # in 4 bits, with what is kept in more
UNKNOWN_PARAMETERS = 8_000_000_000
MOST_PARAMETERS = 10**13  # whatever an engine says

# What tells a pace: fewer tokens, or an answer that is over in a moment, measure the way there and back.
LEAST_READ, LEAST_WRITTEN, LEAST_SECONDS = 500, 50, 0.1

# The weight of an answer that was slower than what is known, and of one that was faster: of a cache that
# an engine says nothing of, many answers in a row seem fast, and the next prompt that is new is slow.
SLOWER, FASTER = 0.5, 0.02


class Pace:
    """Models by their ids. Reading and writing are in seconds for each token."""

    def __init__(self) -> None:
        self._loads: dict[str, float] = {}
        self._answers: dict[str, float] = {}
        self._reading: dict[str, float] = {}
        self._writing: dict[str, float] = {}
        self._seen: Mapping[str, Speed] = MappingProxyType({})

    @property
    def seen(self) -> Mapping[str, Speed]:
        """What was learned, by model id. It does not change: who learns more makes another."""
        return self._seen

    def loaded(self, model_id: str, seconds: float) -> None:
        self._loads[model_id] = seconds
        self._tell([model_id])

    def answered(self, model_id: str, seconds: float) -> None:
        known = self._answers.get(model_id, seconds)
        self._answers[model_id] = known + NEWEST * (seconds - known)

    def measured(self, attempt: Attempt) -> None:
        """Learns from a whole answer of a loaded model that had its engine to itself.

        A plain one tells nothing: when its first token came is not known.
        """
        usage, began, ended = attempt.usage, attempt.first_content, attempt.ended
        if usage is None or usage.estimated or began is None or ended is None:
            return
        if (writing := ended - began) < LEAST_SECONDS:
            return
        if (read := usage.input - usage.cache_read) >= LEAST_READ:
            _learn(self._reading, attempt.model, (began - attempt.started) / read)
        if usage.output >= LEAST_WRITTEN:
            _learn(self._writing, attempt.model, writing / usage.output)
        self._tell([attempt.model])

    def remember(self, reading: Mapping[str, float], speeds: Mapping[str, float]) -> None:
        """Takes over what was measured before a restart; `speeds` are tokens a second that are written."""
        self._reading |= reading
        self._writing |= {model_id: 1 / speed for model_id, speed in speeds.items() if speed > 0}
        self._tell({*self._reading, *self._writing})

    def _tell(self, ids: Iterable[str]) -> None:
        told = (self._reading, self._writing, self._loads)
        news = {id_: Speed(*(known.get(id_) for known in told)) for id_ in ids}
        self._seen = MappingProxyType({**self._seen, **news})

    def load(self, model: Model) -> float:
        if model.id in self._loads:
            return self._loads[model.id]
        if model.size_bytes is None:
            return UNKNOWN_LOAD
        return min(max(model.size_bytes / BYTES_PER_SECOND, QUICKEST_LOAD), SLOWEST_LOAD)

    def answer(self, model_id: str) -> float:
        """Seconds for a whole answer; 0 while none was seen."""
        return self._answers.get(model_id, 0.0)

    def reading(self, model: Model, tokens: int) -> float:
        """Seconds until it has read a prompt of which it knows nothing."""
        pace = self._reading.get(model.id)
        return tokens * (_parameters(model) / READ_PER_SECOND if pace is None else pace)

    def seen_reading(self, model_id: str, tokens: int) -> float:
        """The same; 0 while none was seen, so that nobody is passed by for a guess."""
        return tokens * self._reading.get(model_id, 0.0)

    def writing(self, model: Model, tokens: int) -> float:
        """Seconds until it has written so many."""
        pace = self._writing.get(model.id)
        return tokens * (_bytes(model) / WRITTEN_PER_SECOND if pace is None else pace)


def _learn(known: dict[str, float], model_id: str, seen: float) -> None:
    before = known.get(model_id, seen)
    known[model_id] = before + (SLOWER if seen > before else FASTER) * (seen - before)


def _parameters(model: Model) -> float:
    if model.parameters is not None:
        return min(model.parameters, MOST_PARAMETERS)
    return UNKNOWN_PARAMETERS if model.size_bytes is None else _bytes(model) / BYTES_PER_PARAMETER


def _bytes(model: Model) -> float:
    if model.size_bytes is not None:
        return min(model.size_bytes, MOST_PARAMETERS)
    return _parameters(model) * BYTES_PER_PARAMETER
