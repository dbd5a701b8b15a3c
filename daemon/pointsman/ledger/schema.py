"""The ledger's file: how it is opened, and brought up to date."""

import sqlite3
from pathlib import Path

from pointsman.errors import LedgerError, StartError
from pointsman.ledger.migrations import MIGRATIONS, Migration
from pointsman.ledger.trouble import DamagedLedger, explain, failure

BUSY_SECONDS = 1.0  # how long a statement waits for another program's lock
WAL_KEPT = 4 * 2**20  # bytes the -wal file may keep after a checkpoint
FOREIGN = (
    "{} is an SQLite database, but not a ledger of Pointsman. "
    "Move it away, or choose another state folder with --state"
)


class OlderLedger(LedgerError):
    """An earlier Pointsman wrote it: the next start of a daemon brings it up to date."""


class NewerLedger(LedgerError):
    """A later Pointsman wrote it."""


def open_ledger(path: Path, migrations: tuple[Migration, ...] = MIGRATIONS) -> sqlite3.Connection:
    """A writing connection to an up-to-date ledger, made at mode 0600 if there is none. Raises StartError."""
    try:
        path.touch(mode=0o600)  # -wal and -shm take their mode from it
        connection = _connect(str(path))
        try:
            _prepare(connection, path, migrations)
        except BaseException:
            connection.close()
            raise
    except (OSError, sqlite3.Error) as error:
        raise StartError(explain(path, error)) from error
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A read-only connection. Raises LedgerError where there is no ledger that this program can read."""
    try:
        connection = _connect(path.absolute().as_uri() + "?mode=ro", uri=True)
        try:
            _demand_current(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise failure(path, error) from error
    connection.row_factory = sqlite3.Row
    return connection


def _connect(name: str, *, uri: bool = False) -> sqlite3.Connection:
    # Opened in one thread and used in another, never in two at once: the caller sees to that.
    return sqlite3.connect(name, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=uri)


def _prepare(connection: sqlite3.Connection, path: Path, migrations: tuple[Migration, ...]) -> None:
    version = _version(connection)
    _refuse_foreign(connection, path, version, len(migrations))
    _set_up(connection, path)
    for number, statements in enumerate(migrations[version:], version + 1):
        _migrate(connection, number, statements)


def _refuse_foreign(connection: sqlite3.Connection, path: Path, version: int, newest: int) -> None:
    """Reads the file's own list of tables, so that a damaged one is told at the start."""
    foreign = _is_foreign(connection, version)
    if version > newest:
        raise StartError(
            f"the ledger {path} has format {version}, and this Pointsman knows formats up to {newest}: "
            "a newer one wrote it. Upgrade Pointsman, or choose another state folder with --state"
        )
    if foreign:
        raise StartError(FOREIGN.format(path))


def _is_foreign(connection: sqlite3.Connection, version: int) -> bool:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return version < 0 or (version == 0 and tables > 0)


def _set_up(connection: sqlite3.Connection, path: Path) -> None:
    # auto_vacuum comes first: once WAL is on, it is ignored without a word.
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StartError(
            f"the ledger {path} can't be used: its file system allows no write-ahead log "
            f"(SQLite says {mode!r}). Choose a state folder on a local disk with --state"
        )
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_KEPT}")


def _migrate(connection: sqlite3.Connection, number: int, statements: Migration) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _demand_current(connection: sqlite3.Connection, path: Path) -> None:
    version, known = _version(connection), len(MIGRATIONS)
    format_ = f"the ledger {path} has format {version}, and this Pointsman reads format {known}"
    if version > known:
        raise NewerLedger(f"{format_}: a newer one wrote it. Upgrade Pointsman")
    if _is_foreign(connection, version):
        raise DamagedLedger(FOREIGN.format(path))
    if version < known:
        raise OlderLedger(f"{format_}: start the daemon once to bring it up to date")
