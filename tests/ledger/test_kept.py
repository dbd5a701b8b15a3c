"""What is to be known again after a restart: limits, and what models told of them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pointsman.ledger.migrations import MIGRATIONS
from pointsman.ledger.queries import Reader
from pointsman.ledger.record import BudgetRecord, CeilingsRecord, DepartureRecord, KeptListRecord, LimitRecord
from pointsman.ledger.schema import open_ledger
from pointsman.ledger.writer import Writer
from tests.fakes.records import record

LIMIT = LimitRecord("model", "groq/kimi", "groq-1f", 1_000.0, 1_060.0, 2, "it answered 429: slow \udce9 down")
MINUTE, DAY = (
    BudgetRecord("requests-minute", 30, 29, 1_060.0),
    BudgetRecord("tokens-day", None, 0, None),
)
TOLD = CeilingsRecord("groq/kimi", "groq-1f", 1_000.0, (MINUTE, DAY))


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    writer = Writer(path)
    writer.start()
    yield writer
    writer.stop()


@pytest.fixture
def reader(path: Path, writer: Writer) -> Iterator[Reader]:
    with closing(Reader(path)) as reader:
        yield reader


def test_of_each_limit_the_last_word_is_kept(writer: Writer, reader: Reader) -> None:
    longer, other = replace(LIMIT, until=2_000.0, reason="a day"), replace(LIMIT, id="groq/qwen", reason="")
    for each in (LIMIT, record("r1"), other, longer):
        writer.enqueue(each)
    writer.flush().result(30)
    assert set(reader.limits()) == {longer, other}
    assert reader.request("r1").line.id == "r1"


def test_what_is_no_text_is_spelt_out(writer: Writer, reader: Reader) -> None:
    writer.enqueue(LIMIT)
    writer.flush().result(30)
    assert [one.reason for one in reader.limits()] == ["it answered 429: slow \\udce9 down"]


def test_the_same_model_under_another_key_has_limits_of_its_own(writer: Writer, reader: Reader) -> None:
    for account in ("groq-1f", "groq-2a"):
        writer.enqueue(replace(LIMIT, account=account))
    writer.flush().result(30)
    assert len(reader.limits()) == 2


def test_of_each_budget_the_last_word_is_kept(writer: Writer, reader: Reader) -> None:
    newer = replace(TOLD, at=1_010.0, budgets=(MINUTE._replace(remaining=28),))
    writer.enqueue(TOLD)
    writer.enqueue(newer)
    writer.flush().result(30)
    assert set(reader.ceilings()) == {newer, replace(TOLD, budgets=(DAY,))}


def test_of_each_program_and_place_the_first_departure_is_kept(writer: Writer, reader: Reader) -> None:
    first = DepartureRecord("aider", "openrouter", 1_000.0)
    elsewhere, other = replace(first, to="groq", at=1_001.0), replace(first, app="editor", at=1_002.0)
    for each in (first, elsewhere, replace(first, at=2_000.0), other):
        writer.enqueue(each)
    writer.flush().result(30)
    assert set(reader.departures()) == {first, elsewhere, other}


def test_a_limit_that_can_not_be_kept_keeps_no_other_record_out(writer: Writer, reader: Reader) -> None:
    writer.enqueue(replace(LIMIT, until=float("nan")))
    writer.enqueue(record("r1"))
    writer.enqueue(TOLD)
    writer.flush().result(30)
    assert (writer.lost, reader.limits(), len(reader.ceilings())) == (1, (), 2)
    assert reader.request().line.id == "r1"


def test_a_ledger_from_before_limits_were_kept_knows_none(path: Path) -> None:
    open_ledger(path, MIGRATIONS[:2]).close()
    writer = Writer(path)
    writer.start()
    with closing(Reader(path)) as reader:
        assert (reader.limits(), reader.ceilings()) == ((), ())
    writer.stop()


def test_of_each_places_list_the_last_is_kept_in_less_room(
    path: Path, writer: Writer, reader: Reader
) -> None:
    first = KeptListRecord("cloud", "https://cloud.example/v1", 1_000.0, b"[1]")
    last = replace(first, at=2_000.0, body=b'[{"id": "a model with a name"}]' * 30_000)
    other = replace(first, endpoint="other")
    for each in (first, other, last):
        writer.enqueue(each)
    writer.flush().result(30)
    assert set(reader.kept_lists()) == {last, other}
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute(
            "SELECT length(body) FROM kept_lists WHERE endpoint = 'cloud'"
        ).fetchone()
    assert size < len(last.body) / 20


def test_a_kept_list_that_is_damaged_is_empty(path: Path, writer: Writer, reader: Reader) -> None:
    writer.enqueue(KeptListRecord("cloud", "https://cloud.example/v1", 1_000.0, b"[1]"))
    writer.flush().result(30)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE kept_lists SET body = x'00'")
    assert [one.body for one in reader.kept_lists()] == [b""]
