"""Whether a ledger is sound and can be written to, for others than its writer. Nothing of it is changed."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from pointsman.ledger.schema import BUSY_SECONDS, open_for_reading
from pointsman.ledger.trouble import DAMAGED, DamagedLedger, failure

STEPS = 10_000  # of SQLite's machine, between two looks at the clock


def read_through(path: Path, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> bool:
    """Whether all of it was read in so many seconds, and is sound. Raises LedgerError where it is damaged.

    `PRAGMA quick_check` (https://sqlite.org/pragma.html) reads every page of the file.
    """
    ends = monotonic() + seconds
    with closing(open_for_reading(path)) as connection:
        connection.set_progress_handler(lambda: monotonic() > ends, STEPS)
        try:
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                return False
            raise failure(path, error) from error
        except sqlite3.Error as error:
            raise failure(path, error) from error
    if said != "ok":
        raise DamagedLedger(f"the ledger {path} is damaged ({said.splitlines()[-1]}). {DAMAGED}")
    return True


def try_writing(path: Path) -> None:
    """Takes the writer's lock, writes, and takes both back. Raises LedgerError where that can't be had.

    The last to leave a ledger moves what is in its -wal file into it. What a killed daemon left there is its
    next start's to move: a reader that may not write stays until the end.
    """
    with ExitStack() as stack:
        if _has_log(path):
            stack.enter_context(closing(open_for_reading(path)))
        try:
            there = sqlite3.connect(_existing(path), BUSY_SECONDS, isolation_level=None, uri=True)
            stack.enter_context(closing(there))
            there.execute("BEGIN IMMEDIATE")  # which SQLite grants where nothing may be written, too
            (version,) = there.execute("PRAGMA user_version").fetchone()
            there.execute(f"PRAGMA user_version = {version}")
            there.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise failure(path, error) from error


def _has_log(path: Path) -> bool:
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _existing(path: Path) -> str:
    """None is made where there is none."""
    return path.absolute().as_uri() + "?mode=rw"
