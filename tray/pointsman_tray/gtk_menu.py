"""The menu of an icon in an XEmbed tray: a program for the Python that has PyGObject, as long as it is open.

It reads the items, shows them where the pointer is, and writes the number of the one that is chosen. An item
is `{"label", "number", "chosen", "items"}`, as in `menu.Item`. Nothing else of Pointsman is at hand.
"""

import json
import os
import sys
from typing import Any

os.environ["GDK_BACKEND"] = "x11"  # where the icon is
os.environ.setdefault("GDK_GL", "disable")  # GTK would load a renderer of 55 MB to draw a menu

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import GLib, Gtk  # noqa: E402

OPEN_FOR = 600  # seconds


def main() -> None:
    menu = _menu(json.load(sys.stdin))
    menu.connect("selection-done", Gtk.main_quit)
    menu.popup(None, None, None, None, 0, Gtk.get_current_event_time())
    if not menu.get_visible():
        sys.exit("something else has hold of the pointer")
    GLib.timeout_add_seconds(OPEN_FOR, Gtk.main_quit)
    GLib.timeout_add_seconds(1, _goes_on, os.getppid())
    Gtk.main()


def _goes_on(tray: int) -> bool:
    """The menu goes with the icon."""
    if os.getppid() != tray:
        Gtk.main_quit()
    return True


def _menu(items: list[dict[str, Any]]) -> Gtk.Menu:
    menu = Gtk.Menu()
    for item in items:
        menu.append(_line(item))
    menu.show_all()
    return menu


def _line(item: dict[str, Any]) -> Gtk.MenuItem:
    if not item["label"]:
        return Gtk.SeparatorMenuItem()
    if item["chosen"] is None:
        line = Gtk.MenuItem(label=item["label"])
    else:
        line = Gtk.CheckMenuItem(label=item["label"], active=item["chosen"], draw_as_radio=True)
    if item["items"]:
        line.set_submenu(_menu(item["items"]))
    else:
        line.connect("activate", lambda _: print(item["number"], flush=True))
    return line


if __name__ == "__main__":
    main()
