"""What is to be known again after a restart: limits, and what models told of them."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pointsman.ledger.queries import Reader
from pointsman.ledger.record import BudgetRecord, CeilingsRecord, LimitRecord
from pointsman.ledger.schema import MIGRATIONS, open_ledger
from pointsman.ledger.writer import Writer
from tests.fakes.records import record

LIMIT = LimitRecord("model", "groq/kimi", "groq-1f", 1_000.0, 1_060.0, 2, "it answered 429: slow \udce9 down")
MINUTE, DAY = (
    BudgetRecord("requests-minute", 30, 29, 1_060.0),
    BudgetRecord("tokens-day", None, 0, None),
)
TOLD = CeilingsRecord("groq/kimi", "groq-1f", 1_000.0, (MINUTE, DAY))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


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
