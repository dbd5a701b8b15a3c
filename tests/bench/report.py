"""What the bench prints: a table of all that was compared, then each promised figure beside its measure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tests.bench.load import Result
from tests.bench.rounds import KINDS, PACED_10, PLAIN_1, PLAIN_10, Kind, Measured

COLUMNS = ("req/s", "of hop", "p50 ms", "p99 ms", "+p50", "+p99", "first ms", "+first")


@dataclass(frozen=True, slots=True)
class Figure:
    """`aim` bounds `value` from above, or from below if `at_least`. None: nobody measured it."""

    name: str
    aim: float
    value: float | None
    unit: str = ""
    at_least: bool = False
    note: str = ""

    def line(self) -> str:
        aim = f"{'>=' if self.at_least else '<='} {self.aim:g} {self.unit}".strip()
        if self.value is None:
            return f"  {'-':7} {self.name:46} {aim:12} not measured: {self.note}"
        kept = self.value >= self.aim if self.at_least else self.value <= self.aim
        shown = f"{round(self.value, 4):.3g} {self.unit}".strip()
        return f"  {'kept' if kept else 'MISSED':7} {self.name:46} {aim:12} {shown:12} {self.note}".rstrip()


def p50(result: Result) -> float:
    return result["p50"]


def p99(result: Result) -> float:
    return result["p99"]


def first(result: Result) -> float:
    return result["first_p50"]


def per_second(result: Result) -> float:
    return result["per_second"]


def table(measured: Measured, targets: Iterable[str]) -> Iterator[str]:
    """Medians over the rounds. `+`: milliseconds more than directly at the stub."""
    for kind in KINDS:
        yield f"{kind.name:40}" + "".join(f"{column:>10}" for column in COLUMNS)
        for target in targets:
            yield f"  {target:38}" + "".join(f"{cell:>10}" for cell in _row(measured, kind, target))


def _row(measured: Measured, kind: Kind, target: str) -> Iterator[str]:
    yield f"{measured.value(kind, target, per_second):,.0f}"
    yield f"{measured.ratio(kind, target, 'bare hop'):.2f}"
    yield from (f"{measured.value(kind, target, of):.2f}" for of in (p50, p99))
    yield from (_added(measured, kind, target, of) for of in (p50, p99))
    yield f"{measured.value(kind, target, first):.2f}"
    yield _added(measured, kind, target, first)


def _added(measured: Measured, kind: Kind, target: str, of: Callable[[Result], float]) -> str:
    return "" if target == "direct" else f"{measured.added(kind, target, of):+.2f}"


def compared(measured: Measured, target: str) -> Iterator[Figure]:
    """The figures of the comparison, for one target."""
    yield Figure(
        "requests/s, of the bare hop's, 10 clients",
        0.6,
        measured.ratio(PLAIN_10, target, "bare hop"),
        "",
        True,
    )
    yield Figure("added to a direct call, p50, alone", 1, measured.added(PLAIN_1, target, p50), "ms")
    yield Figure("added to a direct call, p50, 10 clients", 4, measured.added(PLAIN_10, target, p50), "ms")
    yield Figure("added to a direct call, p99, alone", 10, measured.added(PLAIN_1, target, p99), "ms")
    yield Figure("added to a direct call, p99, 10 clients", 10, measured.added(PLAIN_10, target, p99), "ms")
    yield Figure(
        "added to the first token, 10 paced streams", 3, measured.added(PACED_10, target, first), "ms"
    )
