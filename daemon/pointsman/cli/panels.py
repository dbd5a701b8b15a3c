"""Where an icon could be seen, and what is missing where it could not."""

import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec

SCREENS = ("WAYLAND_DISPLAY", "DISPLAY")
INSTEAD = "until then `pointsman status` and `pointsman watch` show the same"
WITH_TRAY = "install Pointsman with its tray, as in: pipx install --force '.[tray]'"
GNOME = (
    "install its extension AppIndicator, and log in again (Debian, Ubuntu: "
    "sudo apt install gnome-shell-extension-appindicator; "
    "Fedora: sudo dnf install gnome-shell-extension-appindicator)"
)
NO_MENU = (
    "an XEmbed tray shows the icon and its title; for a menu it takes PyGObject, which is the system's: "
    "sudo apt install python3-gi gir1.2-gtk-3.0, then "
    "pipx install --force --system-site-packages --python /usr/bin/python3 '.[tray]'"
)
PANEL = "start a panel with a tray (waybar, plasmashell, xfce4-panel ...)"


def _is_there(module: str) -> bool:
    return find_spec(module) is not None


def missing_libraries(platform: str = sys.platform, *, is_there: Callable[[str], bool] = _is_there) -> str:
    """What the tray draws and speaks with and can't be imported, in words; empty: it is all there."""
    needed = ("PIL", "pystray") if platform == "darwin" else ("PIL", "dbus_fast", "pystray")
    missing = [one for one in needed if not is_there(one)]
    return f"the tray can't be started: {' and '.join(missing)} can't be imported" if missing else ""


def is_gnome(environ: Mapping[str, str]) -> bool:
    return "GNOME" in environ.get("XDG_CURRENT_DESKTOP", "").upper()


def nobody_shows(environ: Mapping[str, str]) -> tuple[str, str]:
    """On this desktop: why no icon is seen, and what helps."""
    if is_gnome(environ):
        return f"{environ['XDG_CURRENT_DESKTOP']} shows none by itself", f"{GNOME}; {INSTEAD}"
    return "nothing here shows any", f"{PANEL}; {INSTEAD}"
