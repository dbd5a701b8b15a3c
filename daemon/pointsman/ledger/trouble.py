"""A failure of the ledger's file in words: what happened, and what a person can do."""

import sqlite3
from pathlib import Path
from types import MappingProxyType

from pointsman.errors import LedgerError

_NOT_OURS = "Check that the file and its folder exist and that you may write to both"
DAMAGED = (
    "Pointsman has not changed it. Move it away together with its -wal and -shm files to begin a new ledger, "
    "or put a backup in its place"
)
_HELD = "Another program holds it: close that program"


class DamagedLedger(LedgerError):
    """It is no ledger any more, or never was one."""


class HeldLedger(LedgerError):
    """Another program holds it."""


KINDS = MappingProxyType(
    {
        sqlite3.SQLITE_BUSY: HeldLedger,
        sqlite3.SQLITE_LOCKED: HeldLedger,
        sqlite3.SQLITE_CORRUPT: DamagedLedger,
        sqlite3.SQLITE_NOTADB: DamagedLedger,
    }
)
ADVICE = MappingProxyType(
    {
        sqlite3.SQLITE_FULL: "Free some space on its disk",
        sqlite3.SQLITE_BUSY: _HELD,
        sqlite3.SQLITE_LOCKED: _HELD,
        sqlite3.SQLITE_CORRUPT: DAMAGED,
        sqlite3.SQLITE_NOTADB: DAMAGED,
        sqlite3.SQLITE_IOERR: "Check its disk: it may be full, gone, or failing",
        sqlite3.SQLITE_CANTOPEN: _NOT_OURS,
        sqlite3.SQLITE_READONLY: _NOT_OURS,
        sqlite3.SQLITE_PERM: _NOT_OURS,
        sqlite3.SQLITE_AUTH: _NOT_OURS,
    }
)


def explain(path: Path, error: sqlite3.Error | OSError) -> str:
    """One or two sentences that name the file."""
    what = error.strerror or str(error) if isinstance(error, OSError) else str(error)
    return f"the ledger {path} can't be used: " + ". ".join(filter(None, (what, _advice(error))))


def failure(path: Path, error: sqlite3.Error) -> LedgerError:
    """What is raised in its place."""
    return KINDS.get(_kind(error), LedgerError)(explain(path, error))


def _advice(error: sqlite3.Error | OSError) -> str:
    return _NOT_OURS if isinstance(error, OSError) else ADVICE.get(_kind(error), "")


def _kind(error: sqlite3.Error) -> int:
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & 0xFF  # the rest is detail
