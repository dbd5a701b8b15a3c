"""What was counted because it costs nothing is there after a crash, as far back as anybody counts."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pointsman.ledger.queries import Reader
from pointsman.ledger.record import FreeCallRecord
from pointsman.ledger.rows import FREE_CALLS_KEPT
from pointsman.ledger.writer import Writer

WALL = 1_800_000_000.0


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    writer = Writer(path)
    writer.start()
    yield writer
    writer.stop()


def call(number: int, at: float = WALL, *, counts: bool = True) -> FreeCallRecord:
    return FreeCallRecord("openrouter-1f", "openrouter/gift:free", at, number, counts)


def kept(writer: Writer, path: Path, *calls: FreeCallRecord, since: float = 0.0) -> list[FreeCallRecord]:
    for one in calls:
        writer.enqueue(one)
    writer.flush().result(5)
    with closing(Reader(path)) as reader:
        return list(reader.free_calls(since))


def test_each_is_read_as_it_was_counted_the_first_first(writer: Writer, path: Path) -> None:
    early, late, later = call(7, WALL - 1), call(0), call(1)
    assert kept(writer, path, later, early, late) == [early, late, later]
    assert kept(writer, path, since=WALL) == [late, later]


def test_one_that_was_given_back_does_not_count_in_whatever_order_it_is_written(
    writer: Writer, path: Path
) -> None:
    assert kept(writer, path, call(0), call(1), call(0, counts=False)) == [call(1)]
    assert kept(writer, path, call(1, counts=False), call(2), call(2, counts=False)) == []


def test_what_nobody_counts_any_more_is_gone(writer: Writer, path: Path) -> None:
    assert kept(writer, path, call(0)) == [call(0)]
    new = call(1, WALL + FREE_CALLS_KEPT + 1)
    assert kept(writer, path, new) == [new]


def test_it_is_in_the_file_when_the_flush_is_done(writer: Writer, path: Path) -> None:
    """Another program, as after a crash of ours, sees it."""
    writer.enqueue(call(0))
    writer.flush().result(5)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM free_calls").fetchone() == (1,)
