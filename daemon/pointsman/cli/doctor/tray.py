"""Whether an icon in the tray would be seen: a screen, what draws it, and somebody who shows it.

A desktop that shows icons is org.kde.StatusNotifierWatcher on the session's bus
(https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/). Panels of X have XEmbed trays besides
(https://specifications.freedesktop.org/systemtray-spec/latest/); no usual program tells whether one is there.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec

from pointsman.cli.doctor.case import Case
from pointsman.cli.doctor.finding import Finding, note, ok, warn
from pointsman.cli.panels import NO_MENU, SCREENS, WITH_TRAY, is_gnome, missing_libraries, nobody_shows

TOPIC = "tray"
ASKS_FOR = 2.0  # seconds
WATCHER = "org.kde.StatusNotifierWatcher"
BUS, OBJECT = "org.freedesktop.DBus", "/org/freedesktop/DBus"
# Whichever is there; each answers with a `true` or a `false`.
ASKERS = (
    f"busctl --user call {BUS} {OBJECT} {BUS} NameHasOwner s {WATCHER}",
    f"gdbus call --session --dest {BUS} --object-path {OBJECT} --method {BUS}.NameHasOwner {WATCHER}",
    f"dbus-send --session --print-reply --dest={BUS} {OBJECT} {BUS}.NameHasOwner string:{WATCHER}",
)


def _is_there(module: str) -> bool:
    return find_spec(module) is not None


def tray(
    case: Case, *, platform: str = sys.platform, is_there: Callable[[str], bool] = _is_there
) -> Iterator[Finding]:
    """`is_there` tells whether a library is installed."""
    if platform != "darwin" and not any(map(case.environ.get, SCREENS)):
        yield note(TOPIC, "there is no screen here", f"neither {' nor '.join(SCREENS)} is set")
        return
    if missing := missing_libraries(platform, is_there=is_there):
        yield note(TOPIC, missing, "", WITH_TRAY)
    if platform == "darwin":
        yield ok(TOPIC, "the menu bar shows it")
    else:
        yield _host(case.environ, has_gtk=is_there("gi"))


def _host(environ: Mapping[str, str], *, has_gtk: bool) -> Finding:
    answer = _has_watcher(environ)
    if answer is None:
        tools = ", ".join(asker.split()[0] for asker in ASKERS)
        why = f"the session's bus could not be asked by any of {tools}"
        return note(TOPIC, "it is not known whether this desktop shows icons", why)
    if answer:
        return ok(TOPIC, "this desktop shows icons", f"{WATCHER} is there")
    why = f"nobody on the session's bus is {WATCHER}"
    seen, helps = nobody_shows(environ)
    if environ.get("WAYLAND_DISPLAY") or is_gnome(environ):
        return warn(TOPIC, f"no icon would be seen: {seen}", why, helps)
    seen = "an icon is seen only where a panel has an XEmbed tray"
    return note(TOPIC, seen, why, helps if has_gtk else f"{helps}; {NO_MENU}")


def _has_watcher(environ: Mapping[str, str]) -> bool | None:
    """None: nobody could be asked."""
    for asker in ASKERS:
        name, *words = asker.split()
        program = shutil.which(name, path=environ.get("PATH", ""))
        said = _run([program, *words], environ) if program else ""
        if "true" in said or "false" in said:
            return "true" in said
    return None


def _run(argv: list[str], environ: Mapping[str, str]) -> str:
    """What it says; nothing where it fails, or takes too long."""
    try:
        ran = subprocess.run(  # noqa: S603 - the words are ours
            argv, env=dict(environ), capture_output=True, text=True, timeout=ASKS_FOR, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return ran.stdout
