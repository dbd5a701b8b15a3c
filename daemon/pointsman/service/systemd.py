"""The service under the user's own systemd: systemctl(1), loginctl(1), journalctl(1)."""

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from pointsman.service.files import differing, forget, removed, written
from pointsman.service.run import ServiceError, must, run
from pointsman.service.state import Active, ServiceState
from pointsman.service.templates import template
from pointsman.service.units import (
    SERVICE_UNIT,
    SOCKET_UNIT,
    Plan,
    command_of_unit,
    environment_of,
    service_unit,
    socket_unit,
)

SYSTEMCTL = ("systemctl", "--user")
WHY = "what it said itself: pointsman service logs"
SHOWN = ("ActiveState", "SubState", "Result", "MainPID", "Environment")
ACTIVE: Mapping[str, Active] = MappingProxyType(
    {
        "active": "running",
        "reloading": "running",
        "activating": "running",
        "deactivating": "running",
        "inactive": "stopped",
        "failed": "failed",
    }
)


class Systemd:
    """`environ`: this process's, by which systemctl finds the manager. `inherited`: the manager's own."""

    name = "systemd"

    def __init__(self, environ: Mapping[str, str], home: Path, inherited: str = "") -> None:
        self._environ = environ
        self._inherited = dict(environment_of(inherited))
        config = self._inherited.get("XDG_CONFIG_HOME", "")
        folder = (Path(config) if config.startswith("/") else home / ".config") / "systemd" / "user"
        self._service, self._socket = folder / SERVICE_UNIT, folder / SOCKET_UNIT

    def files(self, plan: Plan) -> Mapping[Path, bytes]:
        socket = socket_unit(template(SOCKET_UNIT), plan)
        units = {self._service: service_unit(template(SERVICE_UNIT), plan)}
        return units if socket is None else {**units, self._socket: socket}

    def installed(self) -> tuple[Path, ...]:
        return tuple(path for path in (self._service, self._socket) if path.exists())

    def additions(self) -> Sequence[Path]:
        """Drop-ins: systemd.unit(5)."""
        folders = (unit.with_name(f"{unit.name}.d") for unit in (self._service, self._socket))
        return [path for folder in folders for path in sorted(folder.glob("*"))]

    def state(self) -> ServiceState:
        installed = self.installed()
        command = command_of_unit(self._service.read_bytes()) if self._service in installed else ()
        shown = self._shown()
        substate = shown.get("SubState", "")
        active = ACTIVE.get(shown.get("ActiveState", ""), "unknown")
        pid = int(shown.get("MainPID", "0") or 0) or None
        return ServiceState(
            installed,
            command,
            "failed" if substate == "auto-restart" else active,  # it came down, and is tried again
            ", ".join(filter(None, (shown.get("ActiveState"), substate, shown.get("Result")))),
            self._lingers(),
            pid,
        )

    def environment(self) -> Mapping[str, str]:
        own = (word.partition("=") for word in shlex.split(self._shown().get("Environment", "")))
        return {**self._inherited, **{name: value for name, _, value in own}}

    def install(self, plan: Plan) -> Sequence[Path]:
        """What runs by other words than these is stopped; it drains, and then the new one starts.

        Before those are written: where it can't be stopped the next try finds the old words, and tries again.
        """
        units = self.files(plan)
        stale = [path for path in self.installed() if path not in units]
        if (old := self._units()) and (stale or differing(units)):
            self._call("stop", *old)
        for path in stale:
            self._call("disable", path.name)
        new = [*written(units), *removed(stale)]
        self._call("daemon-reload")
        self._call("enable", *self._units())
        self.start()
        return new

    def uninstall(self) -> Sequence[Path]:
        """What systemd links when it enables goes with `disable`, before the files that say where it is."""
        if not (units := self._units()):
            return ()
        self._call("disable", "--now", *units)
        gone = removed([self._service, self._socket])
        forget(self._service.parent, self._service.parent.parent)
        self._call("daemon-reload")
        run([*SYSTEMCTL, "reset-failed", *units], self._environ)  # fails where none has failed
        return gone

    def start(self) -> None:
        """The socket first; a service that came down too often is given another chance."""
        units = self._units()
        run([*SYSTEMCTL, "reset-failed", *units], self._environ)  # fails where none has failed
        self._begin("start", *reversed(units))

    def stop(self) -> None:
        """The socket too: the next client would start it again."""
        self._call("stop", *self._units())

    def restart(self) -> None:
        run([*SYSTEMCTL, "reset-failed", *self._units()], self._environ)
        self._begin("restart", SERVICE_UNIT)

    def logs(self, lines: int, *, follow: bool) -> tuple[str, ...]:
        shown = ("journalctl", "--user", "-u", SERVICE_UNIT, "-n", str(lines))
        return (*shown, "-f") if follow else shown

    def listens(self, port: int) -> bool:
        if not self._socket.exists() or f":{port}\n" not in self._socket.read_text(encoding="utf-8"):
            return False
        return not run([*SYSTEMCTL, "is-active", SOCKET_UNIT], self._environ).code

    def _units(self) -> list[str]:
        return [path.name for path in self.installed()]

    def _begin(self, verb: str, *units: str) -> None:
        """Returns when it serves. Raises ServiceError."""
        try:
            self._call(verb, *units)
        except ServiceError as error:
            raise ServiceError(f"{error.message}\n{WHY}") from None

    def _call(self, verb: str, *units: str) -> None:
        must([*SYSTEMCTL, verb, *units], self._environ)

    def _shown(self) -> Mapping[str, str]:
        """Systemd tells as much of a unit that it does not have: that it is not active."""
        ran = run([*SYSTEMCTL, "show", SERVICE_UNIT, f"--property={','.join(SHOWN)}"], self._environ)
        return dict(line.split("=", 1) for line in ran.out.splitlines() if "=" in line)

    def _lingers(self) -> bool | None:
        try:
            told = run(["loginctl", "show-user", str(os.getuid()), "--property=Linger"], self._environ).out
        except ServiceError:  # there is a systemd without logind
            return None
        return {"Linger=yes": True, "Linger=no": False}.get(told)
