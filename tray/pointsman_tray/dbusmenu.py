"""The menu on D-Bus, as panels of Linux read it: com.canonical.dbusmenu, version 3.

The protocol is described in libdbusmenu's dbus-menu.xml (https://github.com/AyatanaIndicators/libdbusmenu).
An item keeps its number as long as it means the same, so that a click never meets another that has come into
its place while the menu was open.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Annotated, Any

from dbus_fast import DBusError, ErrorType, PropertyAccess, Variant
from dbus_fast.annotations import DBusBool, DBusInt32, DBusSignature, DBusStr, DBusUInt32, DBusVariant
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from pointsman_tray.menu import Change, Item, Quit

INTERFACE, PATH = "com.canonical.dbusmenu", "/MenuBar"
ROOT = 0
READ = PropertyAccess.READ
NODE = "(ia{sv}av)"

Props = dict[str, Variant]
Numbers = Annotated[list[int], DBusSignature("ai")]
Words = Annotated[list[str], DBusSignature("as")]
Layout = Annotated[tuple[int, list[Any]], DBusSignature("u(ia{sv}av)")]
Group = Annotated[list[list[Any]], DBusSignature("a(ia{sv})")]
Clicks = Annotated[list[list[Any]], DBusSignature("a(isvu)")]
Updated = Annotated[tuple[list[Any], list[Any]], DBusSignature("a(ia{sv})a(ias)")]
Revised = Annotated[tuple[int, int], DBusSignature("ui")]
TwoLists = Annotated[tuple[list[int], list[int]], DBusSignature("aiai")]


class Menu(ServiceInterface):
    """`act` is called for each click on something that is not only told; it must not wait."""

    def __init__(self, act: Callable[[Change | Quit], None]) -> None:
        super().__init__(INTERFACE)
        self._act = act
        self._revision = 0
        self._numbers: dict[Hashable, int] = {}
        self._items: dict[int, Item] = {ROOT: Item("")}
        self._children: dict[int, list[int]] = {ROOT: []}

    def show(self, items: Sequence[Item]) -> None:
        """Tells whoever shows it what is different."""
        before, children = self._items, self._children
        self._items, self._children = {}, {}
        self._place(ROOT, None, Item("", items=tuple(items)))
        if self._children != children:
            self._revision += 1
            self.layout_updated()
        elif changed := [number for number in self._items if self._items[number] != before[number]]:
            self.items_properties_updated([[number, self._properties(number)] for number in changed])

    def _place(self, number: int, key: Hashable, item: Item) -> None:
        self._items[number] = item
        keys = [(key, _meaning(child, index)) for index, child in enumerate(item.items)]
        self._children[number] = [self._numbers.setdefault(one, len(self._numbers) + 1) for one in keys]
        for place, one, child in zip(self._children[number], keys, item.items, strict=True):
            self._place(place, one, child)

    def _properties(self, number: int, names: Sequence[str] = ()) -> Props:
        """All of them, or those that are named."""
        every = dict(_properties(self._items[number]))
        if number == ROOT:
            every = {"children-display": Variant("s", "submenu")}
        return {name: value for name, value in every.items() if name in names or not names}

    def _node(self, number: int, depth: int, names: Sequence[str]) -> list[Any]:
        """`depth` 0: nothing below it; -1: all."""
        below = self._children[number] if depth else ()
        nodes = [Variant(NODE, self._node(child, depth - 1, names)) for child in below]
        return [number, self._properties(number, names), nodes]

    def _known(self, number: int) -> int:
        if number not in self._items:
            raise DBusError(ErrorType.INVALID_ARGS, f"there is no item {number} in this menu")
        return number

    def _happened(self, number: int, kind: str) -> None:
        deed = self._items[number].deed
        if kind == "clicked" and deed is not None:
            self._act(deed)

    # -- what panels ask

    @dbus_property(access=READ, name="Version")
    def version(self) -> DBusUInt32:
        return 3

    @dbus_property(access=READ, name="TextDirection")
    def text_direction(self) -> DBusStr:
        return "ltr"

    @dbus_property(access=READ, name="Status")
    def status(self) -> DBusStr:
        return "normal"

    @dbus_property(access=READ, name="IconThemePath")
    def icon_theme_path(self) -> Words:
        return []

    @dbus_method(name="GetLayout")
    def get_layout(self, parent: DBusInt32, depth: DBusInt32, names: Words) -> Layout:
        return self._revision, self._node(self._known(parent), depth, names)

    @dbus_method(name="GetGroupProperties")
    def get_group_properties(self, numbers: Numbers, names: Words) -> Group:
        asked = [one for one in numbers if one in self._items] if numbers else list(self._items)
        return [[one, self._properties(one, names)] for one in asked]

    @dbus_method(name="GetProperty")
    def get_property(self, number: DBusInt32, name: DBusStr) -> DBusVariant:
        found = self._properties(self._known(number), [name])
        if name not in found:
            raise DBusError(ErrorType.INVALID_ARGS, f"item {number} has no property {name}")
        return found[name]

    @dbus_method(name="Event")
    def event(self, number: DBusInt32, kind: DBusStr, data: DBusVariant, at: DBusUInt32) -> None:  # noqa: ARG002
        self._happened(self._known(number), kind)

    @dbus_method(name="EventGroup")
    def event_group(self, events: Clicks) -> Numbers:
        """Those that are not known."""
        known = [(number, kind) for number, kind, *_ in events if number in self._items]
        for number, kind in known:
            self._happened(number, kind)
        return [number for number, *_ in events if number not in self._items]

    @dbus_method(name="AboutToShow")
    def about_to_show(self, number: DBusInt32) -> DBusBool:
        """Whether it has to be asked for anew: what is shown is always the newest."""
        self._known(number)
        return False

    @dbus_method(name="AboutToShowGroup")
    def about_to_show_group(self, numbers: Numbers) -> TwoLists:
        return [], [one for one in numbers if one not in self._items]

    @dbus_signal(name="LayoutUpdated")
    def layout_updated(self) -> Revised:
        return self._revision, ROOT

    @dbus_signal(name="ItemsPropertiesUpdated")
    def items_properties_updated(self, updated: list[Any]) -> Updated:
        return updated, []


def _meaning(item: Item, index: int) -> Hashable:
    """What stays the same of it: a deed, the name of what is under it, or only its place as what it is."""
    return item.deed or (item.label.partition(":")[0] if item.items else (index, bool(item.label)))


def _properties(item: Item) -> Iterator[tuple[str, Variant]]:
    if not item.label:
        yield "type", Variant("s", "separator")
        return
    yield "label", Variant("s", item.label.replace("_", "__"))  # a single one marks a key to press
    if item.items:
        yield "children-display", Variant("s", "submenu")
    if item.chosen is not None:
        yield "toggle-type", Variant("s", "radio")
        yield "toggle-state", Variant("i", int(item.chosen))
