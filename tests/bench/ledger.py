"""What a large ledger costs: questions about money, its start, and pruning while others write.

    python -m tests.bench.ledger [--attempts 1000000]

Nothing is asserted: the reader knows the machine.
"""

import argparse
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from pointsman.ledger.queries import Reader
from pointsman.ledger.record import ClockRecord
from pointsman.ledger.schema import open_ledger
from pointsman.ledger.writer import Writer
from tests.fakes.records import attempt, record
from tests.ledger.large import BEGAN, DAYS, FIRST_DAY, fill

ROUNDS = 5
LATER = BEGAN + DAYS * 86_400
CAPS = (1_000_000_000, 256_000_000)
TODAY = FIRST_DAY + DAYS - 1


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.ledger")
    parser.add_argument("--attempts", type=int, default=1_000_000)
    number = parser.parse_args().attempts
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite3"
        with closing(open_ledger(path)) as connection:
            say(f"{number:,} attempts written", seconds(lambda: fill(connection, number)))
        say("opened, and what was left behind put right", seconds(lambda: start(path)))
        ask(path)
        say("the clock put right", seconds(lambda: relabel(path)))
        for cap in CAPS:
            prune(path, cap)
        ask(path)


def ask(path: Path) -> None:
    with closing(Reader(path)) as reader:
        questions: dict[str, Callable[[], object]] = {
            "a month by model": lambda: reader.spent("model", TODAY - 29),
            "all days": lambda: reader.spent("day", 0),
            "today by tier": lambda: reader.spent("tier", TODAY),
            "a month of charges": lambda: reader.charges(30),
            "whether anything was paid": reader.ever_paid,
        }
        for name, question in questions.items():
            say(name, median(seconds(question) for _ in range(ROUNDS)))


def start(path: Path) -> None:
    writer = Writer(path)
    writer.start()
    writer.stop()


def relabel(path: Path) -> None:
    writer = Writer(path)
    writer.start()
    writer.enqueue(ClockRecord(2e9, TODAY))
    writer.flush().result()
    writer.stop()


def prune(path: Path, cap: int) -> None:
    """With a request written after the other meanwhile, each of which waits for its commit."""
    writer, waits = Writer(path, cap=cap), list[float]()
    writer.start()
    began = perf_counter()
    while size(path) > cap * 0.95 or not waits:
        writer.enqueue(record(f"s{perf_counter():020.6f}", at=LATER, attempts=(attempt(at=LATER),)))
        waits.append(seconds(lambda: writer.flush().result()))
    taken = perf_counter() - began
    writer.stop()
    left = count(path)
    print(f"under {cap / 1e6:,.0f} MB in {taken:.1f} s: {size(path) / 1e6:,.0f} MB, {left}")
    print(f"    a commit waited {median(waits) * 1e3:.1f} ms, the longest {max(waits) * 1e3:.1f} ms")


def count(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        tables = ("requests", "attempts", "decisions", "days")
        counts = [connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables]  # noqa: S608
    return ", ".join(f"{count:,} {name}" for name, count in zip(tables, counts, strict=True))


def size(path: Path) -> int:
    """Of the file and its log."""
    return sum(file.stat().st_size for file in path.parent.iterdir() if not file.name.endswith("-shm"))


def seconds(deed: Callable[[], object]) -> float:
    began = perf_counter()
    deed()
    return perf_counter() - began


def say(what: str, seconds: float) -> None:
    print(f"{what}: {seconds * 1e3:,.1f} ms", flush=True)


if __name__ == "__main__":
    main()
