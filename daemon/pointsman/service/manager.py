"""Which service manager there is on this machine, for this user."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from pointsman.service.launchd import Launchd
from pointsman.service.state import Manager, ServiceError, run
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
    home = Path(environ.get("HOME") or Path.home())
    if platform == "darwin":
        _find("launchctl", environ)
        return Launchd(environ, home)
    _find("systemctl", environ)
    asked = run([*SYSTEMCTL, "show-environment"], environ)
    if asked.code:
        why = (asked.err or asked.out or "it says nothing").splitlines()[0]
        raise ServiceError(f"systemd runs nothing for this user ({why}): log in as this user, or {INSTEAD}")
    return Systemd(environ, home, asked.out)


def _find(program: str, environ: Mapping[str, str]) -> None:
    if shutil.which(program, path=environ.get("PATH", "")) is None:
        raise ServiceError(f"there is no service manager here ({program} is not on the PATH): {INSTEAD}")
