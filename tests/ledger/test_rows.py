import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pointsman.calls import Attempt, Outcome
from pointsman.ledger.record import RequestRecord
from pointsman.ledger.rows import save, to_attempt, to_entry
from pointsman.ledger.schema import open_ledger
from pointsman.money import Usage
from tests.fakes.records import attempt, decision, record


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_ledger(tmp_path / "ledger.sqlite3")) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def saved(connection: sqlite3.Connection, *records: RequestRecord) -> list[str]:
    """The reasons for which some were refused."""
    return [str(error) for _, error in save(connection, list(map(to_entry, records)))]


def ids(connection: sqlite3.Connection) -> list[str]:
    return [row["id"] for row in connection.execute("SELECT id FROM requests ORDER BY id")]


def decided(connection: sqlite3.Connection) -> list[str]:
    return [row["request"] for row in connection.execute("SELECT request FROM decisions ORDER BY request")]


def attempts(connection: sqlite3.Connection) -> list[Attempt]:
    return [to_attempt(row) for row in connection.execute("SELECT * FROM attempts ORDER BY request, number")]


def test_the_same_rows_saved_twice_are_there_once(connection: sqlite3.Connection) -> None:
    saved(connection, record())
    saved(connection, record())
    assert ids(connection) == decided(connection) == ["r1"]
    assert attempts(connection) == [attempt()]


def test_an_attempt_written_while_open_is_overwritten_when_it_has_ended(
    connection: sqlite3.Connection,
) -> None:
    under_way = Attempt("local/tiny", "local", "local", started=0.1)
    saved(connection, record(attempts=(under_way,)))
    assert attempts(connection)[0].outcome is Outcome.OPEN
    ended = replace(under_way, outcome=Outcome.OK, ended=0.9, usage=Usage(7, 8), cost=0)
    saved(connection, record(attempts=(ended,)))
    assert attempts(connection) == [ended]


def test_unknown_usage_and_cost_stay_unknown_and_nothing_stays_nothing(
    connection: sqlite3.Connection,
) -> None:
    tried = (attempt(usage=None, cost=None), attempt(usage=Usage(), cost=0))
    saved(connection, record(attempts=tried))
    assert attempts(connection) == list(tried)


def test_a_request_refused_before_a_decision_has_none(connection: sqlite3.Connection) -> None:
    saved(connection, record(decision=None, attempts=()))
    assert ids(connection) == ["r1"]
    assert decided(connection) == []


@pytest.mark.parametrize(
    ("flaw", "reason"),
    [
        ({"attempts": (attempt(), attempt(cost=1.5))}, "CHECK constraint failed"),
        ({"attempts": (attempt(usage=Usage(output=10**15 + 1)),)}, "CHECK constraint failed"),
        ({"attempts": (attempt(usage=Usage(input=-1)),)}, "CHECK constraint failed"),
        ({"attempts": (attempt(cost=2**63),)}, "too large"),
        ({"at": float("nan")}, "NOT NULL constraint failed"),
        ({"app": object()}, "not supported"),
    ],
    ids=["half a nano-dollar", "absurd usage", "negative usage", "65 bits", "no time", "no text"],
)
def test_what_can_not_be_kept_is_refused_whole_and_keeps_no_other_out(
    connection: sqlite3.Connection, flaw: dict[str, Any], reason: str
) -> None:
    refusals = saved(connection, record("a"), record("b", **flaw), record("c"))
    assert len(refusals) == 1
    assert reason in refusals[0]
    assert ids(connection) == decided(connection) == ["a", "c"]
    assert len(attempts(connection)) == 2


def test_half_a_character_of_json_is_spelt_out(connection: sqlite3.Connection) -> None:
    flawed = record(
        "a\ud800", asked="\udfff!", decision=decision("d\ud800"), attempts=(attempt(error="\udc80"),)
    )
    assert saved(connection, flawed) == []
    assert ids(connection) == [r"a\ud800"]
    assert decided(connection) == [r"a\ud800"]
    assert attempts(connection)[0].error == r"\udc80"


def test_a_file_that_fails_keeps_nothing_of_the_group(connection: sqlite3.Connection) -> None:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        saved(connection, record("a"), record("b", error="x" * 100_000))
    connection.execute("PRAGMA max_page_count = 100000")
    assert ids(connection) == []
    assert saved(connection, record("c")) == []


def test_an_attempt_of_an_older_version_wrote_nothing_to_a_cache_as_far_as_is_known(
    connection: sqlite3.Connection,
) -> None:
    saved(connection, record(attempts=(attempt(usage=Usage(9, 1, cache_write=5, cache_write_hour=2)),)))
    assert attempts(connection)[0].usage == Usage(9, 1, cache_write=5, cache_write_hour=2)
    connection.execute("UPDATE attempts SET cache_write = NULL, cache_write_hour = NULL")
    assert attempts(connection)[0].usage == Usage(9, 1)
