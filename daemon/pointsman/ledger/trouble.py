"""A failure of the ledger's file in words: what happened, and what a person can do."""

import sqlite3
from pathlib import Path
from types import MappingProxyType

_NOT_OURS = "Check that the file and its folder exist and that you may write to both"
DAMAGED = (
    "Pointsman has not changed it. Move it away together with its -wal and -shm files to begin a new ledger, "
    "or put a backup in its place"
)
_HELD = "Another program holds it: close that program"

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


def _advice(error: sqlite3.Error | OSError) -> str:
    if isinstance(error, OSError):
        return _NOT_OURS
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return ADVICE.get(code & 0xFF, "")  # the low byte is the kind, the rest is detail
