"""A program that writes until it is killed; it prints the number of each record that `flush` confirmed."""

import sys
from itertools import count
from pathlib import Path

from pointsman.ledger.writer import Writer
from tests.fakes.records import attempt, record


def main(path: Path) -> None:
    writer = Writer(path)
    writer.start()
    for number in count():
        writer.enqueue(record(f"r{number}", attempts=(attempt(), attempt())))
        if number % 3 == 0:  # so that the kill meets records that were confirmed, and others that were not
            writer.flush().result()
            print(number, flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    main(Path(sys.argv[1]))
