"""The lasting sums are those of the rows, whatever is written in whatever order, and they outlast them."""

import math
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Attempt, Outcome
from pointsman.ledger.days import KEY, SUMS
from pointsman.ledger.migrations import MIGRATIONS, Migration
from pointsman.ledger.record import ClockRecord, Record, RequestRecord
from pointsman.ledger.rows import save, to_entry
from pointsman.ledger.schema import open_ledger
from pointsman.money import Usage
from tests.fakes.records import attempt, record
from tests.ledger.strategies import usages

DAY = date(2026, 11, 30).toordinal()
NOON = 1_796_040_000.0  # of that day, in UTC
BEFORE_DAYS = MIGRATIONS[:7]

Sums = dict[tuple[object, ...], dict[str, int]]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_ledger(tmp_path / "ledger.sqlite3")) as connection:
        yield connection


def keep(connection: sqlite3.Connection, *records: Record) -> None:
    assert save(connection, list(map(to_entry, records))) == []


def told(connection: sqlite3.Connection) -> Sums:
    """What `days` holds; a sum that is zero is left out."""
    cursor = connection.execute(f"SELECT {KEY}, {', '.join(SUMS)} FROM days")  # noqa: S608
    return {row[:9]: known(dict(zip(SUMS, row[9:], strict=True))) for row in cursor}


def known(sums: dict[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in sums.items() if amount}


def reckoned(connection: sqlite3.Connection) -> Sums:
    """What it ought to hold, one by one from the rows."""
    sums: dict[tuple[object, ...], Counter[str]] = {}
    with closing(connection.cursor()) as cursor:
        cursor.row_factory = sqlite3.Row
        for row in cursor.execute("SELECT * FROM attempts").fetchall():
            sums.setdefault(key(row, "model"), Counter()).update(of_attempt(row))
        for row in cursor.execute("SELECT * FROM requests WHERE status").fetchall():
            sums.setdefault(key(row, "answered_by"), Counter()).update(requests=1)
    return {one: known(dict(amounts)) for one, amounts in sums.items()}


def key(row: sqlite3.Row, model: str) -> tuple[object, ...]:
    whose = (row["app"], row["role"], row["kind"], row["user"])
    return row["day"], row["tier"], row["endpoint"], row["provider"], row[model], *whose


def of_attempt(row: sqlite3.Row) -> dict[str, int]:
    counted = {"attempts": 1}
    counted |= {name: row[name] or 0 for name in ("input_tokens", "output_tokens", "cache_read")}
    if row["outcome"] == "open":
        return counted | {"reserved": row["reserved"] or 0}
    if row["cost"] is None:
        return counted | {"unpriced": 1}
    counted["cost"] = row["cost"]
    if row["told"] and row["priced"] is not None:
        counted |= {"told": row["cost"], "told_priced": row["priced"]}
    return counted


few = st.sampled_from(["", "a", "b"])
amounts = st.none() | st.integers(0, 1000)
tries: st.SearchStrategy[Attempt] = st.builds(
    attempt,
    model=few,
    tier=few,
    endpoint=few,
    provider=few,
    outcome=st.sampled_from(Outcome),
    usage=st.none() | usages,
    cost=amounts,
    priced=amounts,
    is_told=st.booleans(),
    reserved=amounts,
    at=st.floats(0, 10),
    day=st.integers(1, 9),
)
written: st.SearchStrategy[Record] = st.builds(
    record,
    few,
    at=st.floats(0, 10),
    status=st.sampled_from([0, 200]),
    answered_by=few,
    tier=few,
    app=few,
    role=few,
    kind=few,
    user=few,
    day=st.integers(1, 9),
    decision=st.none(),
    attempts=st.lists(tries, max_size=2).map(tuple),
) | st.builds(ClockRecord, st.floats(0, 10), st.integers(1, 9))


@given(st.lists(st.lists(written, max_size=3), max_size=4))
def test_after_any_writing_the_sums_are_those_of_the_rows(groups: list[list[Record]]) -> None:
    with closing(in_memory(MIGRATIONS)) as connection:
        for group in groups:
            keep(connection, *group)
            assert told(connection) == reckoned(connection)
            keep(connection, *group)
            assert told(connection) == reckoned(connection)


@given(st.lists(written, max_size=5), st.data())
def test_what_is_saved_again_changes_nothing(records: list[Record], data: st.DataObject) -> None:
    with closing(in_memory(MIGRATIONS)) as connection:
        keep(connection, *records)
        last = {one.id: one for one in records}
        before = told(connection)
        keep(connection, *(one for one in last.values() if isinstance(one, RequestRecord)))
        assert told(connection) == before


def in_memory(migrations: tuple[Migration, ...]) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in chain.from_iterable(migrations):
        connection.execute(statement)
    return connection


def paid(**changes: Any) -> Attempt:
    base = {
        "model": "cloud/big",
        "endpoint": "cloud",
        "provider": "acme",
        "tier": "paid",
        "at": NOON,
        "day": DAY,
    }
    return attempt(**(base | changes))


def asked(id_: str = "r1", **changes: Any) -> RequestRecord:
    base: dict[str, Any] = {
        "at": NOON,
        "day": DAY,
        "answered_by": "cloud/big",
        "tier": "paid",
        "attempts": (paid(cost=90),),
    }
    return record(id_, **(base | changes))


def key_of(day: int = DAY, app: str = "") -> tuple[object, ...]:
    return day, "paid", "cloud", "acme", "cloud/big", app, "", "", ""


def test_what_is_reserved_counts_until_its_attempt_has_ended(connection: sqlite3.Connection) -> None:
    under_way = paid(outcome=Outcome.OPEN, usage=None, cost=None, reserved=500)
    keep(connection, asked(status=0, answered_by="", tier="", attempts=(under_way,)))
    assert told(connection) == {key_of(): {"attempts": 1, "reserved": 500}}
    ended = replace(
        under_way, outcome=Outcome.OK, usage=Usage(7, 3, cache_read=2), cost=90, priced=80, is_told=True
    )
    keep(connection, asked(attempts=(ended,)))
    assert told(connection) == {
        key_of(): {
            "requests": 1,
            "attempts": 1,
            "input_tokens": 7,
            "output_tokens": 3,
            "cache_read": 2,
            "cost": 90,
            "told": 90,
            "told_priced": 80,
        }
    }


def test_who_asks_may_be_known_only_in_the_end(connection: sqlite3.Connection) -> None:
    keep(connection, asked(status=0, attempts=(paid(outcome=Outcome.OPEN, reserved=500),)))
    keep(connection, asked(app="aider"))
    assert told(connection).keys() == {key_of(app="aider")}


def test_sums_outlast_their_rows(connection: sqlite3.Connection) -> None:
    keep(connection, asked())
    before = told(connection)
    connection.execute("DELETE FROM attempts")
    connection.execute("DELETE FROM requests")
    assert told(connection) == before != {}


def test_when_the_clock_was_ahead_the_days_to_come_are_todays(connection: sqlite3.Connection) -> None:
    ahead = DAY + 400
    keep(connection, asked("today"), asked("tomorrow", day=DAY + 1, attempts=(paid(day=DAY + 1),)))
    keep(connection, asked("pruned", day=ahead + 1, attempts=(paid(day=ahead + 1, cost=5),)))
    connection.execute("DELETE FROM attempts WHERE request = 'pruned'")
    connection.execute("DELETE FROM requests WHERE id = 'pruned'")
    later = NOON + 400 * 86_400
    keep(connection, asked("ahead", at=later, day=ahead, attempts=(paid(at=later, day=ahead, cost=7),)))
    keep(connection, ClockRecord(NOON + 60, DAY))
    sums = told(connection)
    assert {one[0] for one in sums} == {DAY, DAY + 1}
    assert (sums[key_of()]["cost"], sums[key_of()]["requests"]) == (90 + 5 + 7, 3)
    assert row_of(connection, "attempts", "request = 'ahead'") == (NOON + 60, DAY)
    assert row_of(connection, "requests", "id = 'ahead'") == (NOON + 60, DAY)
    assert row_of(connection, "requests", "id = 'today'") == (NOON, DAY)


def test_what_is_under_way_while_the_clock_is_put_right_stays_put_right(
    connection: sqlite3.Connection,
) -> None:
    later, ahead = NOON + 400 * 86_400, DAY + 400
    under_way = paid(at=later, day=ahead, outcome=Outcome.OPEN, reserved=9)
    keep(connection, asked(at=later, day=ahead, attempts=(under_way,)))
    keep(connection, ClockRecord(NOON, DAY))
    keep(connection, asked(at=later, day=ahead, attempts=(replace(under_way, outcome=Outcome.OK, cost=4),)))
    assert {one[0] for one in told(connection)} == {DAY}
    assert row_of(connection, "attempts", "true") == row_of(connection, "requests", "true") == (NOON, DAY)


def row_of(connection: sqlite3.Connection, table: str, condition: str) -> tuple[float, int]:
    at, day = connection.execute(f"SELECT at, day FROM {table} WHERE {condition}").fetchone()  # noqa: S608
    return at, day


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def go(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield go
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(("zone", "day"), [("UTC", DAY), ("Pacific/Kiritimati", DAY + 1)])
def test_a_ledger_from_before_is_filled_from_what_is_in_it(
    in_zone: Callable[[str], None], zone: str, day: int
) -> None:
    in_zone(zone)
    with closing(in_memory(BEFORE_DAYS)) as connection:
        connection.executemany(
            "INSERT INTO requests VALUES (?, ?, ?, '', '', 0, ?, ?, ?, '', '', 1)",
            [("r1", NOON, "aider", 200, "cloud/big", "paid"), ("r2", math.inf, "", 503, "", "")],
        )
        connection.executemany(
            "INSERT INTO attempts (request, number, model, endpoint, tier, outcome, error, started, cost) "
            "VALUES (?, ?, 'cloud/big', 'cloud', 'paid', 'ok', '', 1.5, ?)",
            [("r1", 1, 90), ("r1", 2, None), ("orphan", 1, 7)],
        )
        for statement in chain.from_iterable(MIGRATIONS[len(BEFORE_DAYS) :]):
            connection.execute(statement)
        whose = ("paid", "cloud", "cloud", "cloud/big")
        assert told(connection) == {
            (day, *whose, "aider", "", "", ""): {"requests": 1, "attempts": 2, "cost": 90, "unpriced": 1},
            (0, "paid", "cloud", "", "cloud/big", "", "", "", ""): {"attempts": 1, "cost": 7},
            (0, "", "", "", "", "", "", "", ""): {"requests": 1},
        }
        assert told(connection) == reckoned(connection)
        assert row_of(connection, "attempts", "request = 'r1'") == (NOON + 1.5, day)
