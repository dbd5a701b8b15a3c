import sqlite3
from pathlib import Path

import pytest

from pointsman.ledger.trouble import explain

PATH = Path("state/ledger.sqlite3")


def sqlite_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("it went wrong")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (sqlite3.SQLITE_FULL, "Free some space"),
        (sqlite3.SQLITE_BUSY, "Another program holds it"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "Another program holds it"),
        (sqlite3.SQLITE_CORRUPT, "put a backup in its place"),
        (sqlite3.SQLITE_NOTADB, "put a backup in its place"),
        (sqlite3.SQLITE_IOERR_WRITE, "Check its disk"),
        (sqlite3.SQLITE_CANTOPEN, "you may write to both"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "you may write to both"),
    ],
)
def test_a_failure_names_the_file_and_what_to_do(code: int, advice: str) -> None:
    message = explain(PATH, sqlite_error(code))
    assert message.startswith("the ledger state/ledger.sqlite3 can't be used: it went wrong. ")
    assert advice in message


def test_a_failure_without_a_code_of_sqlite_is_told_as_it_is() -> None:
    message = explain(PATH, sqlite3.ProgrammingError("closed"))
    assert message == "the ledger state/ledger.sqlite3 can't be used: closed"


def test_a_failure_of_the_system_is_told_without_its_number() -> None:
    message = explain(PATH, PermissionError(13, "Permission denied", str(PATH)))
    assert message.startswith("the ledger state/ledger.sqlite3 can't be used: Permission denied. Check that")
