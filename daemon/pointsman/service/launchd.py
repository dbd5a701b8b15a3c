"""The service as an agent of the user's own launchd: launchctl(1), launchd.plist(5)."""

import os
import plistlib
import pwd
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pointsman.service.files import differing, make_folder, removed, written
from pointsman.service.run import PATIENCE, ServiceError, must, run
from pointsman.service.state import Active, ServiceState
from pointsman.service.templates import template
from pointsman.service.units import AGENT, LABEL, Plan, agent, flags_of

PATH = "/usr/bin:/bin:/usr/sbin:/sbin"  # what launchd gives to what it starts
LOOK_EVERY = 0.1  # seconds


class Launchd:
    name = "launchd"

    def __init__(self, environ: Mapping[str, str], home: Path) -> None:
        self._environ = environ
        self._home = home
        self._agent = home / "Library" / "LaunchAgents" / AGENT
        self._domain = f"gui/{os.getuid()}"
        self._target = f"{self._domain}/{LABEL}"

    def files(self, plan: Plan) -> Mapping[Path, bytes]:
        return {self._agent: agent(template(AGENT), plan)}

    def installed(self) -> tuple[Path, ...]:
        return (self._agent,) if self._agent.exists() else ()

    def additions(self) -> Sequence[Path]:
        return ()

    def state(self) -> ServiceState:
        command = tuple(map(str, self._document().get("ProgramArguments", ())))
        active, detail, pid = _told(self._printed())
        return ServiceState(self.installed(), command, active, detail, None, pid)

    def environment(self) -> Mapping[str, str]:
        """launchd gives what it starts this much, and no more of what a shell has."""
        user = pwd.getpwuid(os.getuid())
        given = {"PATH": PATH, "HOME": str(self._home), "SHELL": user.pw_shell}
        given |= {"USER": user.pw_name, "LOGNAME": user.pw_name}
        given |= {"TMPDIR": folder} if (folder := self._environ.get("TMPDIR")) else {}
        return {**given, **self._document().get("EnvironmentVariables", {})}

    def install(self, plan: Plan) -> Sequence[Path]:
        files = self.files(plan)
        if differing(
            files
        ):  # before they are written, so that a try that fails here is one that can be made again
            self._unload()
        if plan.unix:
            make_folder(plan.unix.parent)  # launchd makes none, and would go without the socket
        new = written(files)
        must(["launchctl", "enable", self._target], self._environ)
        self.start()
        return new

    def uninstall(self) -> Sequence[Path]:
        self._unload()
        return removed([self._agent])

    def start(self) -> None:
        if self._printed() is None:
            must(["launchctl", "bootstrap", self._domain, str(self._agent)], self._environ)
        must(["launchctl", "kickstart", self._target], self._environ)

    def stop(self) -> None:
        """Until the next login, or `start`: an agent that is only killed would be started by its sockets."""
        self._unload()

    def restart(self) -> None:
        """Not by `kickstart -k`, which leaves no time for answers under way."""
        self._unload()
        self.start()

    def logs(self, lines: int, *, follow: bool) -> tuple[str, ...]:
        file = flags_of(self.state().command).get("--log", "")
        return ("tail", "-n", str(lines), *(["-F"] if follow else []), file)

    def listens(self, port: int) -> bool:
        told = self._document().get("Sockets", {}).get("tcp", {}).get("SockServiceName")
        return bool(told == str(port)) and self._printed() is not None

    def _unload(self) -> None:
        """It has ended when this returns. Raises ServiceError."""
        if self._printed() is None:
            return
        run(["launchctl", "bootout", self._target], self._environ)  # says "in progress" of what takes long
        end = time.monotonic() + PATIENCE
        while self._printed() is not None:
            if time.monotonic() > end:
                raise ServiceError(f"launchd did not stop {LABEL} within {PATIENCE:g} s")
            time.sleep(LOOK_EVERY)

    def _printed(self) -> str | None:
        """None: launchd does not have it."""
        ran = run(["launchctl", "print", self._target], self._environ)
        return None if ran.code else ran.out

    def _document(self) -> Mapping[str, Any]:
        """What is installed; empty where nothing is, or nothing that is a property list."""
        try:
            document = plistlib.loads(self._agent.read_bytes())
        except (OSError, ValueError):
            return {}
        return document if isinstance(document, dict) else {}


def _told(printed: str | None) -> tuple[Active, str, int | None]:
    """Of what `launchctl print` says, the lines of the agent itself, which are the first of their kind."""
    if printed is None:
        return "stopped", "not loaded", None
    state = re.search(r"^\s*state = (.+)$", printed, re.MULTILINE)
    pid = re.search(r"^\s*pid = (\d+)$", printed, re.MULTILINE)
    code = re.search(r"^\s*last exit code = (-?\d+)", printed, re.MULTILINE)
    said = state[1] if state else "unknown"
    if pid:
        return "running", said, int(pid[1])
    if code and int(code[1]):
        return "failed", f"{said}, last exit code {code[1]}", None
    return ("stopped" if state else "unknown"), said, None
