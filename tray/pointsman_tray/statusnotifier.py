"""The icon on D-Bus, as panels of Linux show it: org.kde.StatusNotifierItem.

https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/
"""

from typing import Annotated, Any

from dbus_fast import PropertyAccess
from dbus_fast.annotations import DBusBool, DBusInt32, DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal
from PIL import Image

from pointsman_tray import dbusmenu
from pointsman_tray.icon import SIZES, draw
from pointsman_tray.menu import NAME, Kind, View

INTERFACE, PATH = "org.kde.StatusNotifierItem", "/StatusNotifierItem"
READ = PropertyAccess.READ

Pixmaps = Annotated[list[list[Any]], DBusSignature("a(iiay)")]
ToolTip = Annotated[list[Any], DBusSignature("(sa(iiay)ss)")]


class StatusNotifierItem(ServiceInterface):
    def __init__(self, view: View) -> None:
        super().__init__(INTERFACE)
        self._view = view

    def show(self, view: View) -> None:
        """Tells whoever shows it what is different."""
        before, self._view = self._view, view
        if view.kind is not before.kind:
            self.new_icon()
        if view.title != before.title:
            self.new_title()
            self.new_tool_tip()

    # -- what panels ask

    @dbus_property(access=READ, name="Category")
    def category(self) -> DBusStr:
        return "ApplicationStatus"

    @dbus_property(access=READ, name="Id")
    def id(self) -> DBusStr:
        return NAME.lower()

    @dbus_property(access=READ, name="Title")
    def title(self) -> DBusStr:
        return self._view.title

    @dbus_property(access=READ, name="Status")
    def status(self) -> DBusStr:
        return "Active"

    @dbus_property(access=READ, name="WindowId")
    def window_id(self) -> DBusInt32:
        return 0

    @dbus_property(access=READ, name="IconName")
    def icon_name(self) -> DBusStr:
        """No theme has it: it comes as pixels."""
        return ""

    @dbus_property(access=READ, name="IconPixmap")
    def icon_pixmap(self) -> Pixmaps:
        return [pixmap(self._view.kind, size) for size in SIZES]

    @dbus_property(access=READ, name="ToolTip")
    def tool_tip(self) -> ToolTip:
        title, _, text = self._view.title.partition(": ")
        return ["", [], title, text]

    @dbus_property(access=READ, name="ItemIsMenu")
    def item_is_menu(self) -> DBusBool:
        return True

    @dbus_property(access=READ, name="Menu")
    def menu(self) -> DBusObjectPath:
        return dbusmenu.PATH

    @dbus_method(name="Activate")
    def activate(self, x: DBusInt32, y: DBusInt32) -> None:
        """A click opens the menu, which the panel does."""

    @dbus_method(name="ContextMenu")
    def context_menu(self, x: DBusInt32, y: DBusInt32) -> None: ...

    @dbus_method(name="SecondaryActivate")
    def secondary_activate(self, x: DBusInt32, y: DBusInt32) -> None: ...

    @dbus_method(name="Scroll")
    def scroll(self, delta: DBusInt32, orientation: DBusStr) -> None: ...

    @dbus_signal(name="NewIcon")
    def new_icon(self) -> None: ...

    @dbus_signal(name="NewTitle")
    def new_title(self) -> None: ...

    @dbus_signal(name="NewToolTip")
    def new_tool_tip(self) -> None: ...


def pixmap(kind: Kind, size: int) -> list[Any]:
    """Its width, its height, and its pixels as ARGB in network byte order."""
    red, green, blue, alpha = draw(kind, size).split()
    return [size, size, Image.merge("RGBA", (alpha, red, green, blue)).tobytes()]
