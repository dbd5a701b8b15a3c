"""How well requests are judged by their words alone:  python -m tests.bench.quality [FOLDER]

The folder holds what others measure with, as gzipped lines of JSON. `task_*`: prompts, each labelled with one
of eight kinds (`task8`) and one of four (`meso4`), or null. `route_*`: how well a strong model and a weak one
answered each prompt. Nothing of it is kept here.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, groupby, pairwise
from operator import itemgetter
from pathlib import Path
from statistics import fmean
from typing import Any

from pointsman.chat import Chat
from pointsman.routing.complexity import effort_of
from pointsman.routing.kinds import kind_of
from pointsman.routing.turn import Turn, read
from pointsman.types import TaskKind
from tests.bench.report import Figure

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "routing"
OF_EIGHT = {
    TaskKind.SUMMARIZE: "summarization",
    TaskKind.EXTRACT: "extraction",
    TaskKind.RESEARCH: "general",
    TaskKind.BACKGROUND: "general",
    TaskKind.FAST: "general",
}
OF_FOUR = {
    "summarization": "analysis",
    "reasoning": "analysis",
    "extraction": "general",
    "transform": "general",
}

Row = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.quality", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    folder: Path = parser.parse_args().folder
    if not (tasks := sorted(folder.glob("task_*.jsonl.gz"))):
        print(f"There is nothing to measure with in {folder}: name a folder that has task_*.jsonl.gz.")
        return 0
    for figure in (*_kinds(tasks), *_routes(sorted(folder.glob("route_*.jsonl.gz")))):
        print(figure.line())
    return 0


def _kinds(files: Sequence[Path]) -> Iterator[Figure]:
    """Published rules come to .417 and .527, on other prompts."""
    measured = {path.name.split(".")[0]: _rows(path) for path in files}
    for label, aim in (("task8", 0.55), ("meso4", 0.60)):
        shares = {name: accuracy(rows, label) for name, rows in measured.items()}
        note = ", ".join(f"{name} {share:.3f}" for name, share in shares.items())
        name = f"kinds told right, of {label[-1]}, mean over sources"
        yield Figure(name, aim, fmean(shares.values()), at_least=True, note=note)


def _routes(files: Sequence[Path]) -> Iterator[Figure]:
    for path in files:
        rows = _rows(path)
        gained = apgr((_points(row), row["strong"] - row["weak"]) for row in rows)
        yield Figure(f"APGR on {path.name.split('.')[0]}", 0.60, gained, at_least=True, note="0.5: by chance")


def accuracy(rows: Iterable[Row], label: str) -> float:
    """The share of those that have a label for which the kind is that one."""
    return fmean(_labelled(row, label) == row[label] for row in rows if row[label])


def apgr(pairs: Iterable[tuple[float, float]]) -> float:
    """The mean, over all shares of prompts given to the strong model, of how much of its lead is gained.

    A pair: by what prompts are ordered, the highest first, and what the strong model gains. Those that are
    level may come in any order.
    """
    gains: list[float] = []
    for _, level in groupby(sorted(pairs, key=itemgetter(0), reverse=True), key=itemgetter(0)):
        tied = [gain for _, gain in level]
        gains += [fmean(tied)] * len(tied)
    reached = list(accumulate(gains, initial=0.0))
    areas = ((before + after) / 2 for before, after in pairwise(reached))
    return sum(areas) / len(gains) / reached[-1]


def _labelled(row: Row, label: str) -> str:
    kind, _ = kind_of(_turn(row))
    eight = OF_EIGHT.get(kind, kind.value)
    return eight if label == "task8" else OF_FOUR.get(eight, eight)


def _points(row: Row) -> float:
    turn = _turn(row)
    return effort_of(turn, kind_of(turn)[0], Chat(())).points


def _turn(row: Row) -> Turn:
    return read([row["prompt"]])


def _rows(path: Path) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


if __name__ == "__main__":
    sys.exit(main())
