"""After a crash nothing is under way any more, and what was reserved counts as spent."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pointsman.calls import Attempt, Outcome
from pointsman.errors import LedgerError
from pointsman.ledger.queries import Reader, Story
from pointsman.ledger.record import RequestRecord
from pointsman.ledger.rows import save, to_entry
from pointsman.ledger.schema import open_ledger
from pointsman.ledger.writer import Writer
from tests.fakes.records import attempt, record

DAY = 740_000
ROOT = Path(__file__).parents[2]
ENDED = "Pointsman was ended in the middle of it"


def paid(**changes: Any) -> Attempt:
    base: dict[str, Any] = {"model": "cloud/big", "endpoint": "cloud", "tier": "paid", "day": DAY}
    return attempt(**(base | changes))


def under_way(id_: str, reserved: int | None) -> RequestRecord:
    tried = paid(outcome=Outcome.OPEN, status=None, ended=None, usage=None, cost=None, reserved=reserved)
    return record(id_, day=DAY, status=0, answered_by="", tier="", attempts=(tried,))


def left_behind(path: Path, *records: RequestRecord) -> None:
    with closing(open_ledger(path)) as connection:
        assert save(connection, list(map(to_entry, records))) == []


def started(path: Path) -> None:
    writer = Writer(path)
    writer.start()
    writer.stop()


@pytest.mark.parametrize(
    ("reserved", "words"), [(500, f"{ENDED}: charged what was reserved"), (0, ENDED), (None, ENDED)]
)
def test_what_was_under_way_is_lost_and_charged_what_was_reserved(
    path: Path, reader: Reader, reserved: int | None, words: str
) -> None:
    left_behind(path, under_way("a", reserved))
    started(path)
    story: Story = reader.request("a")
    (tried,) = story.attempts
    assert (tried.outcome, tried.cost, tried.reserved, tried.error) == (
        Outcome.LOST,
        reserved,
        reserved,
        words,
    )
    assert (story.line.status, story.line.error, story.line.cost) == (0, ENDED, reserved)
    (spent,) = reader.spent("day", DAY)
    assert (spent.cost, spent.reserved, spent.unpriced) == (reserved or 0, 0, int(reserved is None))
    assert spent.requests == 0


def test_what_had_ended_stays_as_it_was(path: Path, reader: Reader) -> None:
    done = record("a", day=DAY, attempts=(paid(cost=7, reserved=500, error="cut"),))
    left_behind(path, done)
    started(path)
    assert reader.request("a").attempts == done.attempts


def test_it_is_put_right_before_the_first_record_is_written_and_once(path: Path, reader: Reader) -> None:
    left_behind(path, under_way("old", 500))
    writer = Writer(path)
    writer.start()
    assert reader.request("old").attempts[0].outcome is Outcome.LOST
    writer.enqueue(under_way("new", 90))
    writer.flush().result(10)
    assert reader.request("new").attempts[0].outcome is Outcome.OPEN
    writer.stop()
    started(path)
    (spent,) = reader.spent("day", DAY)
    assert (spent.cost, spent.reserved, spent.attempts) == (590, 0, 2)


def test_a_ledger_that_can_not_be_written_at_the_start_is_put_right_later(path: Path, reader: Reader) -> None:
    left_behind(path, under_way("a", 500))
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def opened_and_held(path: Path) -> sqlite3.Connection:
        connection = open_ledger(path)
        connection.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")
        return connection

    writer = Writer(path, opener=opened_and_held)
    writer.start()
    with pytest.raises(LedgerError, match="Another program holds it"):
        writer.flush().result(10)
    assert [one.amount for one in reader.charges(1)] == [500]
    other.close()
    writer.flush().result(10)
    assert reader.request("a").attempts[0].outcome is Outcome.LOST
    assert [one.amount for one in reader.charges(1)] == [500]
    writer.stop()


@pytest.mark.parametrize("confirmed", [1, 20])
def test_after_a_kill_at_any_moment_all_that_was_reserved_is_spent(
    path: Path, reader: Reader, confirmed: int
) -> None:
    command = [sys.executable, "-m", "tests.ledger.spending", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for _ in range(confirmed):
            last = int(process.stdout.readline())
        process.kill()
        for line in process.stdout.read().splitlines():
            last = int(line)
    started(path)
    lines = {line.id: line for line in reader.log(10_000)}
    assert all(lines[f"r{number}"].cost in (10, 500) for number in range(last + 1))
    (spent,) = reader.spent("day", 0)
    assert (spent.cost, spent.reserved) == (sum(line.cost or 0 for line in lines.values()), 0)


def test_a_record_can_be_replaced_after_it_was_thought_lost(path: Path, reader: Reader) -> None:
    """A commit that failed after the fact is done again: nothing is charged twice."""
    first = under_way("a", 500)
    left_behind(path, first)
    started(path)
    done = replace(first, status=200, attempts=(paid(cost=7, reserved=500),))
    left_behind(path, first, done, done)
    assert [(one.cost, one.reserved) for one in reader.spent("day", DAY)] == [(7, 0)]
