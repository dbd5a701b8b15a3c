"""Which service manager there is on this machine, for this user."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from pointsman.service.launchd import Launchd
from pointsman.service.run import ServiceError, run
from pointsman.service.state import Manager
from pointsman.service.systemd import SYSTEMCTL, Systemd

INSTEAD = "start it by other means: pointsman serve"


def find_manager(environ: Mapping[str, str], platform: str = sys.platform) -> Manager | None:
    """None: there is none, and `the_manager` says why."""
    try:
        return the_manager(environ, platform)
    except ServiceError:
        return None


def the_manager(environ: Mapping[str, str], platform: str = sys.platform) -> Manager:
    """Raises ServiceError, which says why there is none."""
    if platform == "darwin":
        _find("launchctl", environ)
        return Launchd(environ, _home(environ))
    _find("systemctl", environ)
    asked = run([*SYSTEMCTL, "show-environment"], environ)
    if asked.code:
        why = (asked.err or asked.out or "it says nothing").splitlines()[0]
        raise ServiceError(f"systemd runs nothing for this user ({why}): log in as this user, or {INSTEAD}")
    return Systemd(environ, _home(environ), asked.out)


def usual_manager(environ: Mapping[str, str], platform: str = sys.platform) -> Manager:
    """The one that this system should have, where none can be asked: it knows its files."""
    kind = Launchd if platform == "darwin" else Systemd
    return kind(environ, _home(environ))


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home())


def _find(program: str, environ: Mapping[str, str]) -> None:
    if shutil.which(program, path=environ.get("PATH", "")) is None:
        raise ServiceError(f"there is no service manager here ({program} is not on the PATH): {INSTEAD}")
