"""The ledger is kept under its cap: what is oldest goes, in small batches, and the lasting sums stay.

Nine tenths of the file are decisions. So those of the older half of the time go first, and the log and its
attempts reach back several times as far as `why` can tell of candidates; only then do whole requests go. What
is under way stays, and what was paid for in the last hour: the budgets of an hour are counted from it after a
restart. Nothing is ever rewritten as a whole (VACUUM): that would hold up everybody for minutes.
"""

import logging
import sqlite3
from pathlib import Path

from pointsman.ledger.trouble import explain

BATCH = 200  # requests, or decisions of them, that go in one transaction
PAGES = 1_000  # that are given back to the disk then, at most: more than they took
LOW = 0.9  # of the cap: once it is passed, the file shrinks until here, so that not every commit has to prune
HELD = 8 * 2**20  # bytes of the -wal file that only a reader can keep there: what is deleted adds to them

_DETAILS = """
    DELETE FROM decisions WHERE request IN (
        SELECT request FROM decisions
        WHERE request < (
            SELECT id FROM requests
            WHERE at >= ((SELECT min(at) FROM requests) + (SELECT max(at) FROM requests)) / 2
            ORDER BY at LIMIT 1
        )
        ORDER BY request LIMIT :batch
    )
"""  # ids sort by time
_OLDEST = """
    SELECT id FROM requests WHERE NOT (status = 0 AND error = '') AND NOT EXISTS (
        SELECT 1 FROM attempts AS a WHERE a.request = id
        AND (a.outcome = 'open' OR a.cost > 0 AND a.at > (SELECT max(at) FROM requests) - 3600)
    )
    ORDER BY at LIMIT :batch
"""
_REQUESTS = (
    f"DELETE FROM decisions WHERE request IN ({_OLDEST})",  # noqa: S608
    f"DELETE FROM attempts WHERE request IN ({_OLDEST})",  # noqa: S608
    f"DELETE FROM feedback WHERE request IN ({_OLDEST})",  # noqa: S608
    f"DELETE FROM requests WHERE id IN ({_OLDEST})",  # noqa: S608
)

log = logging.getLogger(__name__)


class Pruner:
    """For the writer's thread. `cap` in bytes, of the file and its -wal together."""

    def __init__(self, path: Path, cap: int) -> None:
        self._path = path
        self._wal = path.with_name(path.name + "-wal")
        self.cap = cap
        self._goes_on = False
        self._failed = False

    def prune(self, connection: sqlite3.Connection) -> bool:
        """At most one batch. True: there is more to do, and others may write before it is done."""
        try:
            self._goes_on = self._is_due(connection) and _batch(connection)
            self._failed = False
        except sqlite3.Error as error:
            self._goes_on = False
            if not self._failed:
                log.warning("what is old stays for now: %s", explain(self._path, error))
            self._failed = True
        return self._goes_on

    def _is_due(self, connection: sqlite3.Connection) -> bool:
        wal = _size(self._wal)
        size = _pragma(connection, "page_count") * _pragma(connection, "page_size") + wal
        return wal <= HELD and size > self.cap * (LOW if self._goes_on else 1)


def _batch(connection: sqlite3.Connection) -> bool:
    """False: there was nothing to delete."""
    limit = {"batch": BATCH}
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        deleted = connection.execute(_DETAILS, limit).rowcount
        if deleted < BATCH:  # none or a few: under a steady load there are always some that have become old
            deleted += [connection.execute(statement, limit).rowcount for statement in _REQUESTS][-1]
    connection.executescript(f"PRAGMA incremental_vacuum({PAGES})")  # `execute` would stop at the first page
    return deleted > 0


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
