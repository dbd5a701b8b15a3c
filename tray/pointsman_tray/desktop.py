"""Which way to an icon there is on a desktop of Linux, and whether somebody shows it."""

import time
from collections.abc import Callable, Mapping
from enum import Enum, auto
from importlib import import_module
from pathlib import Path

from pointsman.cli.panels import INSTEAD, NO_MENU, SCREENS, has_watcher, nobody_shows, python_with_gtk
from pointsman_tray.face import Act, Face, TrayError
from pointsman_tray.menu import View

GRACE = 3.0  # seconds that a panel may take to appear at a login
LOOK_EVERY = 0.5  # seconds
NO_SCREEN = f"there is no screen here (neither {' nor '.join(SCREENS)} is set); {INSTEAD}"
NO_BUS = f"there is no session bus, over which panels are told of an icon; {INSTEAD}"


class Host(Enum):
    """Who shows icons."""

    BUS = auto()
    XEMBED = auto()
    NOBODY = auto()
    UNKNOWN = auto()  # as nobody could be asked


def find_face(environ: Mapping[str, str], first: View, act: Act, say: Callable[[str], None]) -> Face:
    """Raises TrayError where there can be no icon. Where only nobody shows it yet, `say` is told so."""
    if not any(map(environ.get, SCREENS)):
        raise TrayError(NO_SCREEN)
    address = session_bus(environ)
    host = _awaited_host({**environ, "DBUS_SESSION_BUS_ADDRESS": address})
    if host is Host.XEMBED:
        return _in_xembed_tray(first, act, say, environ)
    if not address:
        raise TrayError(NO_BUS)
    if host is Host.NOBODY:
        say(f"no icon can be seen yet: {'; '.join(nobody_shows(environ))}")
    from pointsman_tray.bus import BusFace  # with what it speaks by, which XEmbed's would carry for nothing

    return BusFace(address, first, act, say)


def _in_xembed_tray(first: View, act: Act, say: Callable[[str], None], environ: Mapping[str, str]) -> Face:
    from pointsman_tray.xembed import XEmbedFace

    python = python_with_gtk(environ)
    if not python:
        say(NO_MENU)
    return XEmbedFace(first, act, say, environ, python)


def session_bus(environ: Mapping[str, str]) -> str:
    """Its address, which systemd gives to those it starts and to nobody else; empty: there is none."""
    if address := environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return address
    usual = Path(environ.get("XDG_RUNTIME_DIR") or "/nowhere", "bus")
    return f"unix:path={usual}" if usual.is_socket() else ""


def _awaited_host(environ: Mapping[str, str]) -> Host:
    """The bus is better: there all panels show a menu. At a login many of them have XEmbed's tray earlier."""
    end = time.monotonic() + GRACE
    while not (shows := _shows(environ)):
        is_late = time.monotonic() >= end
        if (is_late or shows is None) and has_xembed(environ.get("DISPLAY", "")):
            return Host.XEMBED
        if is_late:
            return Host.UNKNOWN if shows is None else Host.NOBODY
        time.sleep(LOOK_EVERY)
    return Host.BUS


def _shows(environ: Mapping[str, str]) -> bool | None:
    return has_watcher(environ) if environ["DBUS_SESSION_BUS_ADDRESS"] else None


def has_xembed(display: str) -> bool:
    """Whether a panel has the tray of this screen.

    https://specifications.freedesktop.org/systemtray-spec/latest/
    """
    try:
        screen = import_module("Xlib.display").Display(display)
    except Exception:  # noqa: BLE001 - Xlib raises errors of its own, and others, where it finds no server
        return False
    selection = screen.intern_atom(f"_NET_SYSTEM_TRAY_S{screen.get_default_screen()}")
    has_owner = bool(screen.get_selection_owner(selection))
    screen.close()
    return has_owner
