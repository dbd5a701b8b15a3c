"""What a service manager can be asked, whichever it is, and the one way its programs are called."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from pointsman.errors import PointsmanError
from pointsman.service.units import Plan

PATIENCE = 60.0  # seconds; stopping waits for answers under way, half of that at most

Active = Literal["running", "stopped", "failed", "unknown"]


class ServiceError(PointsmanError):
    """The service manager refused, or there is none; the message says what to do."""


class Ran(NamedTuple):
    """How a program ended, and what it wrote, stripped."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What there is of the service; with no file in `installed` nothing is."""

    installed: tuple[Path, ...]  # the files that are there
    command: tuple[str, ...]  # what it starts, read back from them; empty: it can't be read
    active: Active
    detail: str  # the manager's own words
    lingers: bool | None  # whether it runs without a login; None: nobody can say
    pid: int | None  # of the process that runs


class Manager(Protocol):
    """What starts and stops programs for the user: systemd's user manager, launchd."""

    name: str

    def files(self, plan: Plan) -> Mapping[Path, bytes]:
        """What `install` writes, and where."""
        ...

    def installed(self) -> tuple[Path, ...]:
        """Its files that are there; asks nobody."""
        ...

    def additions(self) -> Sequence[Path]:
        """Files beside them in which a person has changed what they say; they are never removed."""
        ...

    def state(self) -> ServiceState: ...

    def environment(self) -> Mapping[str, str]:
        """What a process that it starts for the service sees of the environment."""
        ...

    def install(self, plan: Plan) -> Sequence[Path]:
        """Writes, enables and starts it; gives the files that were changed. Raises ServiceError."""
        ...

    def uninstall(self) -> Sequence[Path]:
        """Stops, disables and removes it; gives the files that were removed. Raises ServiceError."""
        ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def restart(self) -> None: ...

    def listens(self, port: int) -> bool:
        """Whether it holds this port for the service that is installed."""
        ...

    def logs(self, lines: int, *, follow: bool) -> tuple[str, ...]:
        """The program, with its arguments, that shows what the service said."""
        ...


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
