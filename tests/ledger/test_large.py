"""In a large ledger nothing that is asked all day, and nothing that a start waits for, reads all of it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pointsman.ledger import spending
from pointsman.ledger.queries import Reader
from pointsman.ledger.recovery import RECOVERY
from pointsman.ledger.schema import open_ledger
from tests.ledger.large import DAYS, FIRST_DAY, fill

MANY = 50_000


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "ledger.sqlite3"
    with closing(open_ledger(path)) as connection:
        fill(connection, MANY, decided=False)
        connection.execute("ANALYZE")  # the worst that may happen to a plan: somebody's tool has looked
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def plan(connection: sqlite3.Connection, sql: str, **values: object) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


def test_sums_are_those_of_all_that_was_asked(path: Path) -> None:
    with closing(Reader(path)) as reader:
        models = reader.spent("model", FIRST_DAY)
        assert sum(one.requests for one in models) == sum(one.attempts for one in models) == MANY
        assert sum(one.cost for one in models) == MANY * 5_000_000
        assert len(reader.spent("day", FIRST_DAY)) == DAYS


@pytest.mark.parametrize("key", spending._KEYS.values())
def test_what_was_spent_is_read_from_the_sums_of_those_days_alone(
    connection: sqlite3.Connection, key: str
) -> None:
    sql = spending._SPENT.format(key=key, order=spending._DEAREST)
    steps = plan(connection, sql, since=FIRST_DAY, until=FIRST_DAY + 30)
    assert steps[0] == "SEARCH days USING PRIMARY KEY (day>? AND day<?)"
    assert not any("attempts" in step or "requests" in step for step in steps)


def test_charges_are_read_from_the_sums_and_an_hours_by_its_time(connection: sqlite3.Connection) -> None:
    charges = plan(connection, spending._CHARGES, days=30)
    assert charges[0].startswith("SEARCH days USING PRIMARY KEY")
    assert not any("attempts" in step or "requests" in step for step in charges)
    recent = plan(connection, spending._RECENT, seconds=3600)
    assert recent[0].startswith("SEARCH attempts USING INDEX attempts_at (at>?)")
    assert not any("attempts" in step or "requests" in step for step in plan(connection, spending._EVER_PAID))


@pytest.mark.parametrize(("statement", "index"), [(0, "attempts_open"), (1, "requests_open")])
def test_what_was_under_way_is_found_by_its_index(
    connection: sqlite3.Connection, statement: int, index: str
) -> None:
    sql, _ = RECOVERY.rows[statement]
    assert f"INDEX {index}" in plan(connection, sql)[0]
