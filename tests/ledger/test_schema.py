import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pointsman.errors import LedgerError, StartError
from pointsman.ledger.migrations import MIGRATIONS
from pointsman.ledger.schema import open_for_reading, open_ledger


def pragma(connection: sqlite3.Connection, name: str) -> object:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return value


def refusal(path: Path) -> str:
    with pytest.raises(StartError) as caught:
        open_ledger(path)
    return caught.value.message


def test_a_new_ledger_is_write_ahead_incremental_and_current(path: Path) -> None:
    with closing(open_ledger(path)) as connection:
        assert pragma(connection, "journal_mode") == "wal"
        assert pragma(connection, "auto_vacuum") == 2
        assert pragma(connection, "synchronous") == 1
        assert pragma(connection, "user_version") == len(MIGRATIONS)


def test_a_new_ledger_and_its_side_files_are_private_whatever_the_umask(path: Path) -> None:
    umask = os.umask(0)
    try:
        with closing(open_ledger(path)):
            files = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    finally:
        os.umask(umask)
    assert files == {f"ledger.sqlite3{end}": 0o600 for end in ("", "-wal", "-shm")}


def test_a_ledger_opened_again_keeps_its_rows_and_its_form(path: Path) -> None:
    with closing(open_ledger(path)) as connection:
        connection.execute("INSERT INTO decisions VALUES ('d1', '{}')")
    with closing(open_ledger(path)) as connection:
        assert connection.execute("SELECT request FROM decisions").fetchall() == [("d1",)]
        assert pragma(connection, "auto_vacuum") == 2


def test_an_empty_file_that_a_crash_left_becomes_a_ledger(path: Path) -> None:
    path.touch()
    with closing(open_ledger(path)) as connection:
        assert pragma(connection, "auto_vacuum") == 2


def test_an_older_ledger_is_brought_up_to_date_with_its_rows(path: Path) -> None:
    with closing(open_ledger(path)) as connection:
        connection.execute("INSERT INTO decisions VALUES ('d1', '{}')")
    newer = (*MIGRATIONS, ("ALTER TABLE decisions ADD COLUMN note TEXT NOT NULL DEFAULT ''",))
    with closing(open_ledger(path, newer)) as connection:
        assert connection.execute("SELECT request, note FROM decisions").fetchall() == [("d1", "")]
        assert pragma(connection, "user_version") == len(newer)


def test_a_migration_that_fails_half_way_leaves_no_trace(path: Path) -> None:
    broken = (*MIGRATIONS, ("CREATE TABLE first (x)", "CREATE TABLE requests (twice)"))
    with pytest.raises(StartError, match="requests already exists"):
        open_ledger(path, broken)
    with closing(open_ledger(path)) as connection:
        assert pragma(connection, "user_version") == len(MIGRATIONS)
        assert connection.execute("SELECT * FROM sqlite_master WHERE name = 'first'").fetchall() == []


def test_a_newer_ledger_is_refused_untouched_and_told_what_to_do(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    message = refusal(path)
    assert str(path) in message
    assert "format 99" in message
    assert "Upgrade Pointsman" in message
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_untouched(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE songs (title)")
    before = path.read_bytes()
    message = refusal(path)
    assert str(path) in message
    assert "not a ledger of Pointsman" in message
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", [0, 100], ids=["its header", "its list of tables"])
def test_a_damaged_ledger_is_refused_untouched_and_told_what_to_do(path: Path, damage: int) -> None:
    open_ledger(path).close()
    content = bytearray(path.read_bytes())
    content[damage : damage + 64] = b"\xff" * 64
    path.write_bytes(content)
    message = refusal(path)
    assert str(path) in message
    assert "Move it away together with its -wal and -shm files" in message
    assert path.read_bytes() == content


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "ledger.sqlite3"
    message = refusal(path)
    assert str(path) in message
    assert "No such file or directory. Check that the file and its folder exist" in message


def test_a_folder_in_the_place_of_the_file_is_told(path: Path) -> None:
    path.mkdir()
    assert f"{path} can't be used: unable to open database file. Check that" in refusal(path)


def test_a_place_without_a_write_ahead_log_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where touching a file of that name leaves nothing behind
    assert "allows no write-ahead log (SQLite says 'memory')" in refusal(Path(":memory:"))


def test_a_reader_can_not_write(path: Path) -> None:
    open_ledger(path).close()
    with (
        closing(open_for_reading(path)) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("DELETE FROM requests")


def test_a_reader_makes_no_file(path: Path) -> None:
    with pytest.raises(LedgerError, match="unable to open database file"):
        open_for_reading(path)
    assert not path.exists()


def test_a_reader_of_an_older_ledger_says_to_start_the_daemon(path: Path) -> None:
    open_ledger(path, ()).close()
    with pytest.raises(LedgerError, match=r"format 0.*start the daemon once"):
        open_for_reading(path)


def test_a_path_with_characters_that_mean_something_in_a_uri_is_read(tmp_path: Path) -> None:
    path = tmp_path / "100% a?b#c&mode=rwc.sqlite3"
    open_ledger(path).close()
    open_for_reading(path).close()
