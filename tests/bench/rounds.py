"""The comparison: the same load on the stub itself, on a bare hop and on Pointsman, round by round.

Within a round the targets take turns at each kind of load, so that a ratio compares neighbours in time.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from tests.bench.children import Load
from tests.bench.load import Job, Result
from tests.bench.stub import PACED

PROMPT = "Please look at this function and say what it does, and how it could be made simpler. " * 12


@dataclass(frozen=True, slots=True)
class Target:
    """Who is asked, and for which model."""

    name: str
    api_base: str
    model: str

    def job(self, kind: "Kind", seconds: float) -> Job:
        text = PROMPT + PACED.decode() if kind.paced else PROMPT
        messages = [{"role": "system", "content": "You are terse."}, {"role": "user", "content": text}]
        body = {"model": self.model, "messages": messages, "max_tokens": 256, "stream": kind.stream}
        return Job(f"{self.api_base}/chat/completions", json.dumps(body), kind.clients, seconds)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of load."""

    name: str
    clients: int
    stream: bool = False
    paced: bool = False


PLAIN_1 = Kind("plain, 1 client", 1)
PLAIN_10 = Kind("plain, 10 clients", 10)
STREAM_1 = Kind("streams, 1 client", 1, stream=True)
STREAM_10 = Kind("streams, 10 clients", 10, stream=True)
PACED_10 = Kind("streams at a model's pace, 10 clients", 10, stream=True, paced=True)
KINDS = (PLAIN_1, PLAIN_10, STREAM_1, STREAM_10, PACED_10)
LONGER = 2  # a paced stream takes half a second: fewer of them come in the same time

Table = dict[tuple[Kind, str], Result]


@dataclass(frozen=True, slots=True)
class Measured:
    """All rounds; each figure is the median of its value in each round."""

    rounds: tuple[Table, ...]

    def value(self, kind: Kind, target: str, of: Callable[[Result], float]) -> float:
        return median(of(table[kind, target]) for table in self.rounds)

    def added(self, kind: Kind, target: str, of: Callable[[Result], float]) -> float:
        """Milliseconds more than directly at the stub."""
        return self.further(kind, target, "direct", of)

    def further(self, kind: Kind, target: str, than: str, of: Callable[[Result], float]) -> float:
        """Milliseconds more than another target takes."""
        return median(of(table[kind, target]) - of(table[kind, than]) for table in self.rounds)

    def ratio(self, kind: Kind, target: str, to: str) -> float:
        """Of requests a second."""
        return median(
            table[kind, target]["per_second"] / table[kind, to]["per_second"] for table in self.rounds
        )


def measure(load: Load, targets: tuple[Target, ...], rounds: int, seconds: float) -> Measured:
    for target in targets:
        load.run(target.job(STREAM_1, seconds / 2))  # what is slow once is not what is measured
    return Measured(tuple(_round(load, targets, seconds) for _ in range(rounds)))


def _round(load: Load, targets: tuple[Target, ...], seconds: float) -> Table:
    return dict(_cells(load, targets, seconds))


def _cells(
    load: Load, targets: tuple[Target, ...], seconds: float
) -> Iterator[tuple[tuple[Kind, str], Result]]:
    for kind in KINDS:
        for target in targets:
            yield (kind, target.name), load.run(target.job(kind, seconds * (LONGER if kind.paced else 1)))
