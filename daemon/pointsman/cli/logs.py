"""Where `serve` says what goes wrong: standard error, or a file that does not grow for ever."""

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Self

from pointsman.errors import PointsmanError, StartError
from pointsman.paths import absolute

LARGEST = 1_000_000  # bytes
OLD_FILES = 2  # beside the one that is written
OWNER_ALONE = 0o600  # permission bits
BARE = "%(levelname)s %(name)s: %(message)s"
TIMED = f"%(asctime)s {BARE}"

log = logging.getLogger(__name__)


@contextmanager
def logged(file: Path | None, environ: Mapping[str, str]) -> Iterator[None]:
    """What ends the daemon is in the file too: its standard error may go nowhere. Raises StartError."""
    if file is None:
        logging.basicConfig(level=logging.WARNING, format=BARE if in_journal(environ) else TIMED)
        yield
        return
    logging.basicConfig(level=logging.WARNING, format=TIMED, handlers=[Rotating.in_file(absolute(file))])
    try:
        yield
    except PointsmanError as error:
        log.error("%s", error)  # noqa: TRY400 - its message says all there is
        raise
    except Exception:
        log.exception("the daemon came down")
        raise


def in_journal(environ: Mapping[str, str]) -> bool:
    """Whether systemd's journal reads standard error, and so puts the time to each line: systemd.exec(5)."""
    try:
        told = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):  # it is closed, or no file
        return False
    return environ.get("JOURNAL_STREAM") == f"{told.st_dev}:{told.st_ino}"


class Rotating(RotatingFileHandler):
    """For its owner alone to read: prompts are not in it, but whose programs ask is."""

    @classmethod
    def in_file(cls, file: Path) -> Self:
        """Raises StartError."""
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            made = cls(file, maxBytes=LARGEST, backupCount=OLD_FILES)
        except OSError as error:
            raise StartError(f"the log {file} can't be written: {error.strerror}") from error
        if file.is_file() and not os.access(file.parent, os.W_OK):
            made.close()
            raise StartError(
                f"the log {file} can't be begun anew when it is full: its folder may not be written. "
                "Choose a file in another folder with --log"
            )
        return made

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        handle = os.open(self.baseFilename, flags, OWNER_ALONE)
        return os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace")
