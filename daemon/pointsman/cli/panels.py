"""Where an icon could be seen, and what is missing where it could not.

A desktop that shows icons is org.kde.StatusNotifierWatcher on the session's bus
(https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/).
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib.util import find_spec

from pointsman.service.run import ServiceError, must, run

SCREENS = ("WAYLAND_DISPLAY", "DISPLAY")
INSTEAD = "until then `pointsman status` and `pointsman watch` show the same"
WITH_TRAY = "install Pointsman with its tray, as in: pipx install --force '.[tray]'"
GNOME = (
    "install its extension AppIndicator, and log in again (Debian, Ubuntu: "
    "sudo apt install gnome-shell-extension-appindicator; "
    "Fedora: sudo dnf install gnome-shell-extension-appindicator)"
)
NO_MENU = (
    "an XEmbed tray shows the icon alone; for its menu it takes the system's PyGObject "
    "(Debian, Ubuntu: sudo apt install python3-gi gir1.2-gtk-3.0; "
    "Fedora: sudo dnf install python3-gobject gtk3)"
)
PANEL = "start a panel with a tray (waybar, plasmashell, xfce4-panel ...)"

ASKS_FOR = 2.0  # seconds
WATCHER = "org.kde.StatusNotifierWatcher"
BUS, OBJECT = "org.freedesktop.DBus", "/org/freedesktop/DBus"
# Whichever is there; each answers with a `true` or a `false`.
ASKERS = (
    f"busctl --user call {BUS} {OBJECT} {BUS} NameHasOwner s {WATCHER}",
    f"gdbus call --session --dest {BUS} --object-path {OBJECT} --method {BUS}.NameHasOwner {WATCHER}",
    f"dbus-send --session --print-reply --dest={BUS} {OBJECT} {BUS}.NameHasOwner string:{WATCHER}",
)
PYTHONS = (sys.executable, "/usr/bin/python3")  # PyGObject is the system's, as a rule
WITH_GTK = "import gi; gi.require_version('Gtk', '3.0')"
STARTS_WITHIN = 10.0  # seconds, at a login at that


def is_installed(module: str) -> bool:
    return find_spec(module) is not None


def missing_libraries(platform: str = sys.platform, *, is_there: Callable[[str], bool] = is_installed) -> str:
    """What the tray draws and speaks with and can't be imported, in words; empty: it is all there."""
    needed = ("PIL", "pystray") if platform == "darwin" else ("PIL", "Xlib", "dbus_fast")
    missing = [one for one in needed if not is_there(one)]
    return f"the tray can't be started: {' and '.join(missing)} can't be imported" if missing else ""


def is_gnome(environ: Mapping[str, str]) -> bool:
    return "GNOME" in environ.get("XDG_CURRENT_DESKTOP", "").upper()


def nobody_shows(environ: Mapping[str, str]) -> tuple[str, str]:
    """On this desktop: why no icon is seen, and what helps."""
    if is_gnome(environ):
        return f"{environ['XDG_CURRENT_DESKTOP']} shows none by itself", f"{GNOME}; {INSTEAD}"
    return "nothing here shows any", f"{PANEL}; {INSTEAD}"


def has_watcher(environ: Mapping[str, str]) -> bool | None:
    """Whether somebody shows StatusNotifierItems. None: nobody could be asked."""
    for asker in ASKERS:
        with suppress(ServiceError):
            said = must(asker.split(), environ, patience=ASKS_FOR)
            if "true" in said or "false" in said:
                return "true" in said
    return None


def python_with_gtk(environ: Mapping[str, str], pythons: Iterable[str] = PYTHONS) -> str:
    """The Python that can show a menu in an XEmbed tray; empty: none can."""
    for python in pythons:
        with suppress(ServiceError):
            if run((python, "-I", "-c", WITH_GTK), environ, patience=STARTS_WITHIN).code == 0:
                return python
    return ""
