import asyncio
import logging
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings

from pointsman.errors import LedgerError, StartError
from pointsman.ledger.decisions import describe
from pointsman.ledger.queries import Reader
from pointsman.ledger.record import RequestRecord
from pointsman.ledger.schema import open_ledger
from pointsman.ledger.writer import HURRY, Writer
from tests.fakes.records import record
from tests.ledger.strategies import unique_records

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0  # seconds after which a test that waits is broken


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    writer = Writer(path)
    writer.start()
    yield writer
    writer.stop()


def written(path: Path) -> list[str]:
    """The ids in the file, in the order in which they came."""
    with closing(Reader(path)) as reader:
        return [line.id for line in reader.log(10_000)][::-1]


def handed_over(writer: Writer, *ids: str, error: str = "") -> None:
    for number, id_ in enumerate(ids):
        writer.enqueue(record(id_, at=float(number), error=error))


def flushed(writer: Writer) -> None:
    writer.flush().result(PATIENCE)


@given(unique_records(most=4))
@settings(max_examples=30, deadline=None)  # it waits for a disk
def test_whatever_is_enqueued_is_read_back_equal(records: list[RequestRecord]) -> None:
    with TemporaryDirectory() as folder, closing(Reader(Path(folder) / "ledger.sqlite3")) as reader:
        writer = Writer(Path(folder) / "ledger.sqlite3")
        writer.start()
        for each in records:
            writer.enqueue(each)
        writer.stop()
        for each in records:
            assert_read_back(reader, each)


def assert_read_back(reader: Reader, written_down: RequestRecord) -> None:
    story = reader.request(written_down.id)
    for name in ("id", "at", "app", "format", "asked", "stream", "status", "answered_by", "tier", "reason"):
        assert getattr(story.line, name) == getattr(written_down, name)
    assert (story.line.error, story.line.seconds) == (written_down.error, written_down.seconds)
    assert story.attempts == written_down.attempts
    decision = written_down.decision
    assert story.decision == (describe(decision) if decision else None)


def test_flush_is_done_when_all_before_it_is_in_the_file(writer: Writer, path: Path) -> None:
    handed_over(writer, "a", "b", "c")
    flushed(writer)
    assert written(path) == ["a", "b", "c"]
    assert (writer.waiting, writer.lost, writer.trouble) == (0, 0, "")


async def test_flush_can_be_awaited(writer: Writer, path: Path) -> None:
    handed_over(writer, "a")
    await asyncio.wrap_future(writer.flush())
    assert written(path) == ["a"]


def test_flush_of_nothing_is_done(writer: Writer) -> None:
    flushed(writer)


async def test_a_flush_that_nobody_waits_for_any_more_does_no_harm(writer: Writer, path: Path) -> None:
    handed_over(writer, "a")
    asyncio.wrap_future(writer.flush()).cancel()
    await asyncio.wrap_future(writer.flush())
    assert written(path) == ["a"]


def test_stop_writes_what_waits(path: Path) -> None:
    writer = Writer(path)
    writer.start()
    handed_over(writer, "a", "b")
    writer.stop()
    assert written(path) == ["a", "b"]


def test_what_comes_before_the_start_is_written_after_it(path: Path) -> None:
    writer = Writer(path)
    handed_over(writer, "a")
    writer.start()
    writer.stop()
    assert written(path) == ["a"]


def test_after_the_stop_records_are_counted_as_lost_and_flush_fails(writer: Writer) -> None:
    writer.stop()
    handed_over(writer, "a", "b")
    assert writer.lost == 2
    with pytest.raises(LedgerError, match="is closed"):
        flushed(writer)


def test_stopping_twice_or_without_a_start_does_no_harm(path: Path) -> None:
    writer = Writer(path)
    handed_over(writer, "a")
    writer.stop()
    writer.stop()
    assert writer.lost == 1


def test_a_ledger_that_can_not_be_used_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="No such file or directory"):
        Writer(tmp_path / "nowhere" / "ledger.sqlite3").start()


class Waits:
    """In place of the clock: notes how long the thread would wait for more, and wakes it at once."""

    def __init__(self) -> None:
        self.gathered: list[float] = []
        self.idle = threading.Semaphore(0)

    def __call__(self, event: threading.Event, timeout: float | None) -> None:
        if timeout is None:
            self.idle.release()
            event.wait()
        else:
            self.gathered.append(timeout)


def test_a_record_is_committed_within_a_quarter_of_a_second_unasked(path: Path) -> None:
    waits = Waits()
    writer = Writer(path, wait=waits)
    writer.start()
    waits.idle.acquire()
    handed_over(writer, "a")
    waits.idle.acquire()  # idle again: what came is dealt with
    assert written(path) == ["a"]
    assert len(waits.gathered) == 1
    assert waits.gathered[0] < 0.25
    writer.stop()


def test_a_burst_is_not_left_to_wait_for_more(path: Path) -> None:
    done = threading.Event()

    def wait(event: threading.Event, timeout: float | None) -> None:
        if timeout is None and written(path):
            done.set()
        event.wait()  # the time to gather never ends by itself

    writer = Writer(path, wait=wait)
    writer.start()
    handed_over(writer, *map(str, range(HURRY)))
    assert done.wait(PATIENCE)
    assert len(written(path)) == HURRY
    writer.stop()


class Held:
    """A ledger that another program holds; the writer doesn't wait for it to let go."""

    def __init__(self, path: Path) -> None:
        self.writer = Writer(path, capacity=3, opener=self._open)
        self.writer.start()
        self._other = sqlite3.connect(path, isolation_level=None)
        self._other.execute("BEGIN IMMEDIATE")

    def release(self) -> None:
        self._other.close()

    def _open(self, path: Path) -> sqlite3.Connection:
        connection = open_ledger(path)
        connection.execute("PRAGMA busy_timeout = 0")
        return connection


def test_a_held_file_is_told_and_its_records_are_kept_up_to_a_bound(path: Path) -> None:
    held = Held(path)
    handed_over(held.writer, "a", "b", "c", "d", "e")
    with pytest.raises(LedgerError, match="Another program holds it"):
        flushed(held.writer)
    assert (held.writer.waiting, held.writer.lost) == (3, 2)
    assert str(path) in held.writer.trouble
    assert "wait in memory to be written: 3; lost: 2" in held.writer.trouble
    held.release()
    flushed(held.writer)
    assert held.writer.trouble == ""
    assert written(path) == ["a", "b", "c"]
    held.writer.stop()


def test_records_that_no_try_could_write_are_lost_with_the_stop_and_said(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    held = Held(path)
    handed_over(held.writer, "a", "b")
    with caplog.at_level(logging.ERROR):
        held.writer.stop()
    held.release()
    assert held.writer.lost == 2
    assert "2 requests are lost with the stop" in caplog.text


def test_a_long_trouble_is_logged_once_and_its_end_too(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    held = Held(path)
    handed_over(held.writer, "a")
    for _ in range(3):
        with pytest.raises(LedgerError):
            flushed(held.writer)
    held.release()
    held.writer.stop()
    assert [each.levelname for each in caplog.records] == ["ERROR", "WARNING"]


def test_a_full_disk_is_told_and_nothing_is_lost_when_there_is_room_again(path: Path) -> None:
    opened: list[sqlite3.Connection] = []

    def small_disk(path: Path) -> sqlite3.Connection:
        connection = open_ledger(path)
        connection.execute("PRAGMA max_page_count = 20")
        opened.append(connection)
        return connection

    writer = Writer(path, opener=small_disk)
    writer.start()
    handed_over(writer, *map(str, range(50)), error="x" * 4000)
    with pytest.raises(LedgerError, match=r"disk is full\. Free some space"):
        flushed(writer)
    assert (writer.waiting, writer.lost) == (50, 0)
    opened[0].execute("PRAGMA max_page_count = 10000")
    flushed(writer)
    assert written(path) == list(map(str, range(50)))
    with closing(Reader(path)) as reader:
        assert [one.requests for one in reader.spent("day", 0)] == [50]
    assert (writer.trouble, writer.waiting) == ("", 0)
    writer.stop()


@pytest.mark.parametrize("sides", [(), ("-wal",), ("-wal", "-shm")], ids=str)
def test_a_file_removed_while_in_use_is_told_and_a_new_one_written(
    writer: Writer, path: Path, caplog: pytest.LogCaptureFixture, sides: tuple[str, ...]
) -> None:
    with closing(Reader(path)) as reader:
        handed_over(writer, "before")
        flushed(writer)
        assert len(reader.log(10)) == 1
        for name in ("", *sides):
            path.with_name(path.name + name).unlink()
        for id_ in ("after", "later"):
            handed_over(writer, id_)
            flushed(writer)
        assert sorted(line.id for line in reader.log(10)) == ["after", "later"]
    assert "was removed or replaced while in use" in writer.trouble
    assert (writer.waiting, writer.lost) == (0, 0)
    assert caplog.text.count("was removed") == 1


def test_a_file_moved_while_in_use_holds_all_that_came_before(writer: Writer, path: Path) -> None:
    handed_over(writer, "before")
    flushed(writer)
    moved = path.rename(path.with_name("moved.sqlite3"))
    handed_over(writer, "after")
    flushed(writer)
    assert (written(moved), written(path)) == (["before"], ["after"])


def test_another_ledger_put_in_its_place_is_written_on(writer: Writer, path: Path) -> None:
    other = path.with_name("other.sqlite3")
    second = Writer(other)
    second.start()
    handed_over(second, "backup")
    second.stop()
    handed_over(writer, "before")
    flushed(writer)
    other.replace(path)
    handed_over(writer, "after")
    flushed(writer)
    assert set(written(path)) == {"backup", "after"}


def test_while_no_new_file_can_be_made_records_wait(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    path = folder / "ledger.sqlite3"
    writer = Writer(path)
    writer.start()
    folder.rename(tmp_path / "elsewhere")
    handed_over(writer, "a")
    with pytest.raises(LedgerError, match="No such file or directory"):
        flushed(writer)
    assert (writer.waiting, writer.lost) == (1, 0)
    assert "to be written: 1; lost: 0" in writer.trouble
    folder.mkdir()
    flushed(writer)
    assert written(path) == ["a"]
    writer.stop()


@pytest.mark.parametrize("flaw", [{"seconds": float("nan")}, {"decision": "none"}], ids=["file", "form"])
def test_a_record_that_can_not_be_kept_is_counted_and_logged_and_harms_no_other(
    writer: Writer, path: Path, caplog: pytest.LogCaptureFixture, flaw: dict[str, Any]
) -> None:
    writer.enqueue(record("good"))
    writer.enqueue(record("bad", **flaw))
    with pytest.raises(LedgerError, match="can't be written"):
        flushed(writer)
    handed_over(writer, "later")
    flushed(writer)
    assert sorted(written(path)) == ["good", "later"]
    assert writer.lost == 1
    assert "'bad' can't be written" in caplog.text


@pytest.mark.parametrize("confirmed", [1, 20, 100])
def test_a_kill_in_mid_write_loses_nothing_that_flush_had_confirmed(path: Path, confirmed: int) -> None:
    command = [sys.executable, "-m", "tests.ledger.crashing", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        numbers = [int(process.stdout.readline()) for _ in range(confirmed)]
        process.kill()
        numbers += map(int, process.stdout.read().splitlines())  # what it confirmed until it died
    with closing(open_ledger(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert set(written(path)) >= {f"r{number}" for number in range(numbers[-1] + 1)}
    with closing(Reader(path)) as reader:
        assert {line.attempts for line in reader.log(10_000)} == {2}
