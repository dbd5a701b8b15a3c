"""A program that spends until it is killed; it prints the number of each attempt that was let go."""

import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

from pointsman.calls import Outcome
from pointsman.ledger.writer import Writer
from tests.fakes.records import attempt, record


def main(path: Path) -> None:
    writer = Writer(path)
    writer.start()
    for number in count():
        ended = attempt(tier="paid", cost=10, reserved=500, day=1)
        under_way = replace(ended, outcome=Outcome.OPEN, cost=None, usage=None)
        writer.enqueue(record(f"r{number}", status=0, day=1, attempts=(under_way,)))
        writer.flush().result()
        print(number, flush=True)  # noqa: T201 - the parent reads it
        writer.enqueue(record(f"r{number}", day=1, attempts=(ended,)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
