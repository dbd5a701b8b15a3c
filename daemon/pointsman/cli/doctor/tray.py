"""Whether an icon in the tray would be seen: a screen, what draws it, and somebody who shows it.

Panels of X have XEmbed trays besides; which ones are there is seen when the icon is started.
"""

import sys
from collections.abc import Callable, Iterator, Mapping

from pointsman.cli.doctor.case import Case
from pointsman.cli.doctor.finding import Finding, note, ok, warn
from pointsman.cli.panels import (
    ASKERS,
    NO_MENU,
    SCREENS,
    WATCHER,
    WITH_TRAY,
    has_watcher,
    is_gnome,
    is_installed,
    missing_libraries,
    nobody_shows,
    python_with_gtk,
)

TOPIC = "tray"


def tray(
    case: Case,
    *,
    platform: str = sys.platform,
    is_there: Callable[[str], bool] = is_installed,
    with_gtk: Callable[[Mapping[str, str]], str] = python_with_gtk,
) -> Iterator[Finding]:
    """`is_there` tells whether a library is installed, `with_gtk` which Python can show a menu."""
    if platform != "darwin" and not any(map(case.environ.get, SCREENS)):
        yield note(TOPIC, "there is no screen here", f"neither {' nor '.join(SCREENS)} is set")
        return
    if missing := missing_libraries(platform, is_there=is_there):
        yield note(TOPIC, missing, "", WITH_TRAY)
    if platform == "darwin":
        yield ok(TOPIC, "the menu bar shows it")
    else:
        yield _host(case.environ, with_gtk)


def _host(environ: Mapping[str, str], with_gtk: Callable[[Mapping[str, str]], str]) -> Finding:
    answer = has_watcher(environ)
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
    return note(TOPIC, seen, why, helps if with_gtk(environ) else f"{helps}; {NO_MENU}")
