"""The tray at each login: an XDG autostart entry, or an agent of launchd.

https://specifications.freedesktop.org/autostart-spec/latest/
https://specifications.freedesktop.org/desktop-entry-spec/latest/exec-variables.html
"""

import os
import plistlib
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pointsman.errors import StartError
from pointsman.paths import config_home
from pointsman.service.files import forget, removed, written
from pointsman.service.run import run
from pointsman.service.templates import template
from pointsman.service.units import BY_SHELL

MAC = "darwin"
LABEL = "dev.pointsman.tray"
ENTRY, AGENT = f"{LABEL}.desktop", f"{LABEL}.plist"

# The specification takes no program with a = in its path; GLib 2.74 looks for one with a % as that stands
# there, doubled. A shell takes both.
_UNFIT = re.compile("[=%]")
_QUOTED = re.compile(r'["`$\\]')


def install(
    command: tuple[str, ...], environ: Mapping[str, str], platform: str = sys.platform
) -> Sequence[Path]:
    """The files that were changed. It is started now too. Raises ServiceError, and StartError."""
    path = autostart_file(environ, platform)
    new = written({path: autostart(command, platform)})
    if platform == MAC:
        run(["launchctl", "bootstrap", _domain(), str(path)], environ)
    else:  # where there is no screen, or an icon already, it says so and ends
        run(["/bin/sh", "-c", 'exec "$@" >/dev/null 2>&1 &', "sh", *command], environ)
    return new


def uninstall(environ: Mapping[str, str], platform: str = sys.platform) -> Sequence[Path]:
    """The files that were removed. Raises ServiceError."""
    path = autostart_file(environ, platform)
    if platform == MAC and path.exists():
        run(["launchctl", "bootout", f"{_domain()}/{LABEL}"], environ)
    gone = removed([path])
    return gone if platform == MAC else [*gone, *forget(path.parent)]


def _domain() -> str:
    return f"gui/{os.getuid()}"


def autostart_file(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    if platform == MAC:
        return Path(environ.get("HOME") or Path.home()) / "Library" / "LaunchAgents" / AGENT
    return config_home(environ) / "autostart" / ENTRY


def autostart(command: tuple[str, ...], platform: str = sys.platform) -> bytes:
    """What stands in that file. Raises StartError for a path that it can't name."""
    try:
        return _agent(command) if platform == MAC else _entry(command)
    except ValueError as error:
        raise StartError(f"nothing can start {' '.join(command)!r} at a login: {error}") from None


def _agent(command: tuple[str, ...]) -> bytes:
    document = {**plistlib.loads(template(AGENT)), "ProgramArguments": list(command)}
    return plistlib.dumps(document, sort_keys=False)


def _entry(command: tuple[str, ...]) -> bytes:
    words = (*BY_SHELL, *command) if _UNFIT.search(command[0]) else command
    return template(ENTRY).replace(b"@COMMAND@", " ".join(map(quoted, words)).encode())


def quoted(word: str) -> str:
    """One word of an Exec line: quoted, and then escaped once more as all strings of an entry are."""
    if any(ord(one) < 32 for one in word):
        raise ValueError("a desktop entry takes no control characters")
    escaped = _QUOTED.sub(r"\\\g<0>", word).replace("%", "%%")
    return '"' + escaped.replace("\\", "\\\\") + '"'
