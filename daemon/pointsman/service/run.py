"""The one way in which another program is run and its answer read."""

import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pointsman.errors import PointsmanError

PATIENCE = 60.0  # seconds; stopping waits for answers under way, half of that at most


class ServiceError(PointsmanError):
    """A service manager, or another program, refused or is not there; the message says what to do."""


class Ran(NamedTuple):
    """How a program ended, and what it wrote, stripped."""

    code: int
    out: str
    err: str


def run(
    argv: Sequence[str], environ: Mapping[str, str], *, said: str = "", patience: float = PATIENCE
) -> Ran:
    """Found on the PATH of `environ`; it reads what is `said`; `patience` is in seconds.

    Raises ServiceError where it can't be run, or does not end.
    """
    try:
        done = subprocess.run(  # noqa: S603 - its arguments are a list, not a line for a shell
            argv,
            env=dict(environ),
            input=said,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=patience,
            check=False,
        )
    except OSError as error:
        raise ServiceError(f"{argv[0]} can't be run: {error.strerror}") from error
    except ValueError as error:  # a word that no program can be given
        raise ServiceError(f"{argv[0]} can't be run: {error}") from error
    except subprocess.TimeoutExpired:
        raise ServiceError(f"{' '.join(argv)} did not end within {patience:g} s") from None
    return Ran(done.returncode, done.stdout.strip(), done.stderr.strip())


def must(
    argv: Sequence[str], environ: Mapping[str, str], *, said: str = "", patience: float = PATIENCE
) -> str:
    """What it wrote. Raises ServiceError where it failed, with its own words."""
    ran = run(argv, environ, said=said, patience=patience)
    if ran.code:
        raise ServiceError(f"{' '.join(argv)} failed ({ran.code}): {ran.err or ran.out or 'it said nothing'}")
    return ran.out
