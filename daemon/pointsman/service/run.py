"""The one way in which programs of the system are run."""

import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pointsman.errors import PointsmanError

PATIENCE = 60.0  # seconds; stopping waits for answers under way, half of that at most


class ServiceError(PointsmanError):
    """The service manager refused, or there is none; the message says what to do."""


class Ran(NamedTuple):
    """How a program ended, and what it wrote, stripped."""

    code: int
    out: str
    err: str


def run(argv: Sequence[str], environ: Mapping[str, str], *, patience: float = PATIENCE) -> Ran:
    """Found on the PATH of `environ`; `patience` is in seconds.

    Raises ServiceError where it can't be run, or does not end.
    """
    try:
        done = subprocess.run(  # noqa: S603 - a manager's own program, its arguments a list
            argv,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=patience,
            check=False,
        )
    except OSError as error:
        raise ServiceError(f"{argv[0]} can't be run: {error.strerror}") from error
    except subprocess.TimeoutExpired:
        raise ServiceError(f"{' '.join(argv)} did not end within {patience:g} s") from None
    return Ran(done.returncode, done.stdout.strip(), done.stderr.strip())


def must(argv: Sequence[str], environ: Mapping[str, str], *, patience: float = PATIENCE) -> str:
    """What it wrote. Raises ServiceError where it failed, with its own words."""
    ran = run(argv, environ, patience=patience)
    if ran.code:
        raise ServiceError(f"{' '.join(argv)} failed ({ran.code}): {ran.err or ran.out or 'it said nothing'}")
    return ran.out
