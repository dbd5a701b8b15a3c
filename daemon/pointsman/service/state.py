"""What a service manager can be asked, whichever it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from pointsman.service.units import Plan

Active = Literal["running", "stopped", "failed", "unknown"]


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
