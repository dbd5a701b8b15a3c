"""The ledger's file: its tables, how they came to be, and how it is opened.

Money is INTEGER nano-dollars, tokens are INTEGER, times are REAL seconds. NULL is *unknown*, never zero.
"""

import sqlite3
from pathlib import Path

from pointsman.errors import LedgerError, StartError
from pointsman.ledger.trouble import explain

Migration = tuple[str, ...]  # statements, all done or none

# The file's `user_version` is how many of these it has been through. One is never changed once it is
# released: a new need is a new one. No foreign keys: an attempt may be written before its request ends.
MIGRATIONS: tuple[Migration, ...] = (
    (
        """
        CREATE TABLE requests (
            id          TEXT PRIMARY KEY,
            at          REAL NOT NULL,     -- wall clock, when it came in
            app         TEXT NOT NULL,
            format      TEXT NOT NULL,
            asked       TEXT NOT NULL,
            stream      INTEGER NOT NULL,
            status      INTEGER NOT NULL,  -- what the client was told
            answered_by TEXT NOT NULL,     -- model id; empty: nobody did
            tier        TEXT NOT NULL,
            reason      TEXT NOT NULL,
            error       TEXT NOT NULL,
            seconds     REAL NOT NULL
        ) WITHOUT ROWID
        """,
        "CREATE INDEX requests_at ON requests (at)",
        """
        CREATE TABLE decisions (           -- none for a request that was refused before
            request TEXT PRIMARY KEY,
            body    TEXT NOT NULL          -- JSON: views.DecisionView
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE attempts (
            request       TEXT NOT NULL,
            number        INTEGER NOT NULL,  -- from 1, in the order they were made
            model         TEXT NOT NULL,
            endpoint      TEXT NOT NULL,
            tier          TEXT NOT NULL,
            outcome       TEXT NOT NULL,
            status        INTEGER,
            error         TEXT NOT NULL,
            started       REAL NOT NULL,     -- seconds since the request came in, as the next two
            first_content REAL,
            ended         REAL,
            input_tokens  INTEGER,           -- NULL here: so are the next four, no usage is known
            output_tokens INTEGER,
            cache_read    INTEGER,
            reasoning     INTEGER,
            estimated     INTEGER,
            cost          INTEGER,
            PRIMARY KEY (request, number),
            CHECK (typeof(cost) IN ('integer', 'null')),
            -- What a hostile engine may claim must not overflow a sum: that would fail every later question.
            CHECK (max(input_tokens, output_tokens, cache_read, reasoning) <= 1000000000000000),
            CHECK (min(input_tokens, output_tokens, cache_read, reasoning) >= 0),
            CHECK (cost BETWEEN 0 AND 1000000000000000)
        ) WITHOUT ROWID
        """,
    ),
    (
        # Tokens of the prompt that were written to a cache, and how many of them to be kept for an hour.
        """
        ALTER TABLE attempts ADD COLUMN cache_write INTEGER
            CHECK (cache_write BETWEEN 0 AND 1000000000000000)
        """,
        """
        ALTER TABLE attempts ADD COLUMN cache_write_hour INTEGER
            CHECK (cache_write_hour BETWEEN 0 AND 1000000000000000)
        """,
    ),
    (
        """
        CREATE TABLE limits (              -- what rate limits and quotas keep from being asked
            kind     TEXT NOT NULL,
            id       TEXT NOT NULL,
            account  TEXT NOT NULL,
            at       REAL NOT NULL,        -- wall clock, when it was told
            until    REAL NOT NULL,        -- wall clock; no later than `at`: it is over
            failures INTEGER NOT NULL,
            reason   TEXT NOT NULL,
            PRIMARY KEY (kind, id, account)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE ceilings (            -- what providers tell of their limits
            id        TEXT NOT NULL,
            account   TEXT NOT NULL,
            budget    TEXT NOT NULL,
            at        REAL NOT NULL,       -- wall clock, when it was told
            until     REAL,
            most      INTEGER,
            remaining INTEGER,
            PRIMARY KEY (id, account, budget)
        ) WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE departures (          -- the first time that a program's prompts left this machine
            app   TEXT NOT NULL,
            place TEXT NOT NULL,
            at    REAL NOT NULL,           -- wall clock
            PRIMARY KEY (app, place)
        ) WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE free_calls (          -- what providers count because it costs nothing; of the last days
            at      REAL NOT NULL,         -- wall clock, before it was made
            number  INTEGER NOT NULL,      -- of those in the same moment
            account TEXT NOT NULL,
            model   TEXT NOT NULL,
            counts  INTEGER NOT NULL,      -- 0: it never reached its provider
            PRIMARY KEY (at, number, account, model)
        ) WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE kept_lists (          -- the last list of models of each place elsewhere
            endpoint TEXT PRIMARY KEY,
            place    TEXT NOT NULL,
            at       REAL NOT NULL,        -- wall clock
            body     BLOB NOT NULL         -- zlib of a JSON array: its pages as they came
        ) WITHOUT ROWID
        """,
    ),
    # Whether it is money that is missing, so that it is no rate limit.
    ("ALTER TABLE limits ADD COLUMN unpaid INTEGER NOT NULL DEFAULT 0",),
)

BUSY_SECONDS = 1.0  # how long a statement waits for another program's lock
WAL_KEPT = 4 * 2**20  # bytes the -wal file may keep after a checkpoint


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
        raise LedgerError(explain(path, error)) from error
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
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version > newest:
        raise StartError(
            f"the ledger {path} has format {version}, and this Pointsman knows formats up to {newest}: "
            "a newer one wrote it. Upgrade Pointsman, or choose another state folder with --state"
        )
    if version < 0 or (version == 0 and tables):
        raise StartError(
            f"{path} is an SQLite database, but not a ledger of Pointsman. "
            "Move it away, or choose another state folder with --state"
        )


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
    version = _version(connection)
    if version != len(MIGRATIONS):
        raise LedgerError(
            f"the ledger {path} has format {version}, and this Pointsman reads format {len(MIGRATIONS)}: "
            "start the daemon once to bring an older one up to date; upgrade Pointsman for a newer one"
        )
