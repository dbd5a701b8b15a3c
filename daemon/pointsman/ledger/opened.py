"""A connection to the file that is at a path now: a file that was removed or replaced is let go."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

Identity = tuple[int, int]  # device and inode; both are zero where there is no file


class Opened:
    """Opened when it is first asked for. Raises what `opener` raises. For one thread at a time."""

    def __init__(self, path: Path, opener: Callable[[Path], sqlite3.Connection]) -> None:
        self._path = path
        self._opener = opener
        self._connection: sqlite3.Connection | None = None
        self._identity: Identity = (0, 0)

    @property
    def gone(self) -> bool:
        """Whether the file that is open is no more the one at its path: writing to it is lost."""
        return self._connection is not None and _identity(self._path) != self._identity

    @property
    def current(self) -> sqlite3.Connection | None:
        """The one that is open, whatever has become of its file."""
        return self._connection

    def connection(self) -> sqlite3.Connection:
        if self.gone:
            self.close()
        if self._connection is None:
            self._connection = self._opener(self._path)
            self._identity = _identity(self._path)
        return self._connection

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def let_go(self) -> None:
        """For the writer of a file that is gone: leaves it whole, wherever it went, and nothing of it behind.

        SQLite does neither: it closes a file that has moved without a checkpoint, and a new file at the
        path would take over its log and the index of that, which other connections still have mapped.
        """
        if self._connection:
            with suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.close()
        self._path.with_name(self._path.name + "-shm").unlink(missing_ok=True)


def _identity(path: Path) -> Identity:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino
