"""The ledger stays under its cap: what is oldest goes, in small batches; what was spent stays known."""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pointsman.calls import Candidate, Outcome
from pointsman.ledger import prune
from pointsman.ledger.prune import BATCH, Pruner
from pointsman.ledger.queries import Reader
from pointsman.ledger.record import RequestRecord
from pointsman.ledger.rows import save, to_entry
from pointsman.ledger.schema import open_ledger
from pointsman.ledger.writer import Writer
from tests.fakes.records import MODEL, attempt, decision, record
from tests.ledger.large import BEGAN, DAYS, FIRST_DAY, fill

CAP = 16_000_000
MANY = 8_000  # requests, which take up twice as much
PATIENCE = 60.0
LAST = BEGAN + DAYS * 86_400.0


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_ledger(path)) as connection:
        yield connection


def keep(connection: sqlite3.Connection, *records: RequestRecord) -> None:
    assert save(connection, list(map(to_entry, records))) == []


def emptied(connection: sqlite3.Connection, path: Path, cap: int = 1) -> None:
    pruner = Pruner(path, cap)
    while pruner.prune(connection):
        pass


def ids(connection: sqlite3.Connection, table: str, column: str = "request") -> list[str]:
    return [row[0] for row in connection.execute(f"SELECT {column} FROM {table} ORDER BY 1")]  # noqa: S608


def on_disk(path: Path) -> int:
    return sum(path.with_name(path.name + end).stat().st_size for end in ("", "-wal"))


def test_a_full_ledger_shrinks_until_it_has_room_again_and_its_sums_stay(
    path: Path, connection: sqlite3.Connection
) -> None:
    fill(connection, MANY)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert on_disk(path) > 2 * CAP
    with closing(Reader(path)) as reader:
        before = reader.spent("model", FIRST_DAY)
        emptied(connection, path, CAP)
        assert on_disk(path) <= CAP
        assert reader.spent("model", FIRST_DAY) == before
        assert reader.request().decision
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_decisions_of_the_older_half_go_before_any_request_does(
    path: Path, connection: sqlite3.Connection
) -> None:
    fill(connection, 2 * BATCH)
    pruner = Pruner(path, cap=1)
    assert pruner.prune(connection)
    assert len(ids(connection, "requests", "id")) == 2 * BATCH
    assert ids(connection, "decisions") == ids(connection, "requests", "id")[BATCH:]
    assert pruner.prune(connection)
    left = ids(connection, "requests", "id")
    assert left == ids(connection, "decisions") == ids(connection, "attempts")
    assert left[0] == f"r{BATCH:09}"


def test_under_a_load_that_never_ends_a_ledger_stays_under_its_cap_too(
    path: Path, connection: sqlite3.Connection
) -> None:
    """Of what comes, half as many decisions come to be of the older half: there are always some to delete."""
    fill(connection, MANY // 2)
    pruner, chosen = Pruner(path, CAP), decision(candidates=[Candidate(MODEL, "cheapest")] * 8)
    for number in range(400):
        at = LAST + number * 3_600.0
        batch = [record(f"s{number:04}{one:02}", at, decision=chosen) for one in range(50)]
        keep(connection, *batch)
        pruner.prune(connection)
    assert on_disk(path) <= 1.1 * CAP


def test_under_its_cap_a_ledger_is_left_alone(path: Path, connection: sqlite3.Connection) -> None:
    fill(connection, 100)
    assert not Pruner(path, CAP).prune(connection)
    assert len(ids(connection, "decisions")) == 100


def test_what_is_under_way_and_what_an_hours_budget_counts_stays(
    path: Path, connection: sqlite3.Connection
) -> None:
    under_way = attempt(outcome=Outcome.OPEN, cost=None, reserved=9)
    keep(
        connection,
        record("old", at=LAST - 9_000, attempts=(attempt(cost=5, at=LAST - 9_000),)),
        record("free", at=LAST - 60, attempts=(attempt(cost=0, at=LAST - 60),)),
        record("paid", at=LAST - 60, attempts=(attempt(cost=5, at=LAST - 60),)),
        record("slow", at=LAST - 9_000, attempts=(attempt(cost=5, at=LAST - 60),)),
        record("unsaid", at=LAST - 9_000, status=0, attempts=()),
        record("open", at=LAST - 9_000, attempts=(under_way,)),
        record("lost", at=LAST - 9_000, status=0, error="it was ended", attempts=()),
        record("newest", at=LAST, attempts=()),
    )
    emptied(connection, path)
    assert ids(connection, "requests", "id") == ["open", "paid", "slow", "unsaid"]


def test_a_reader_that_keeps_the_log_long_does_not_cost_what_is_kept(
    path: Path, connection: sqlite3.Connection
) -> None:
    """To delete would only make the log longer."""
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM requests").fetchone()
        fill(connection, 4_000)
        assert not Pruner(path, cap=1).prune(connection)
        reader.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert Pruner(path, cap=1).prune(connection)


def test_a_file_that_can_not_be_written_is_told_once_and_pruned_later(
    path: Path, connection: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    fill(connection, 100)
    connection.execute("PRAGMA busy_timeout = 0")
    pruner = Pruner(path, cap=1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other, caplog.at_level(logging.WARNING):
        other.execute("BEGIN IMMEDIATE")
        assert not pruner.prune(connection)
        assert not pruner.prune(connection)
    assert caplog.text.count("what is old stays for now") == 1
    assert pruner.prune(connection)


def test_the_writer_prunes_while_it_is_idle_and_commits_between_two_batches(path: Path) -> None:
    with closing(open_ledger(path)) as connection:
        fill(connection, MANY)
    waits = Turns()
    writer = Writer(path, cap=CAP, wait=waits)
    writer.enqueue(record("first", at=LAST))
    writer.start()
    with closing(Reader(path)) as reader:
        writer.flush().result(PATIENCE)
        writer.enqueue(record("second", at=LAST))
        writer.flush().result(PATIENCE)
        assert on_disk(path) > CAP
        assert reader.request("second").line.id == "second"
        assert waits.idle.wait(PATIENCE)
        assert on_disk(path) <= CAP
    writer.stop()


class Turns:
    """In place of the clock: the thread never waits for more, and tells when it has nothing left to do."""

    def __init__(self) -> None:
        self.idle = threading.Event()

    def __call__(self, event: threading.Event, timeout: float | None) -> None:
        if timeout is None and not event.is_set():
            self.idle.set()
            event.wait()


@pytest.mark.parametrize("sql", [prune._DETAILS, prune._OLDEST])
def test_a_batch_is_found_without_reading_or_sorting_all(connection: sqlite3.Connection, sql: str) -> None:
    steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", {"batch": 1})]
    scans = [step for step in steps if step.startswith("SCAN")]
    assert all("USING" in scan and "requests_at" in scan for scan in scans), steps
    assert not any("ORDER BY" in step for step in steps), steps
