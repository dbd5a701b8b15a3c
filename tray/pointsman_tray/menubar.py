"""The icon in macOS's menu bar, where pystray draws it."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from pointsman_tray.face import Act, TrayError
from pointsman_tray.icon import SIZES, draw
from pointsman_tray.menu import NAME, Change, Item, View
from pointsman_tray.news import Notice


class MenuBarFace:
    """Raises TrayError."""

    def __init__(self, first: View, act: Act) -> None:
        try:
            self._pystray = import_module("pystray")  # which looks for what it draws with
        except Exception as error:
            raise TrayError(f"the icon can't be drawn: {error or type(error).__name__}") from error
        # Only the first thread may draw.
        self._soon: Callable[[Callable[[], None]], None] = import_module("PyObjCTools.AppHelper").callAfter
        self._act = act
        self._kind = first.kind
        self._icon = self._pystray.Icon(NAME.lower(), draw(first.kind, SIZES[-1]), first.title)
        self._icon.menu = self._menu(first.items)

    def run(self, begin: Callable[[], None]) -> None:
        def appear(icon: Any) -> None:
            icon.visible = True
            begin()

        try:
            self._icon.run(appear)
        except Exception as error:
            raise TrayError(f"the icon can't be shown any more: {error or type(error).__name__}") from error

    def show(self, view: View) -> None:
        self._soon(lambda: self._show(view))

    def tell(self, notice: Notice) -> None:
        self._soon(lambda: self._icon.notify(notice.text, notice.title))

    def _show(self, view: View) -> None:
        if view.kind is not self._kind:
            self._kind = view.kind
            self._icon.icon = draw(view.kind, SIZES[-1])
        self._icon.title = view.title
        self._icon.menu = self._menu(view.items)
        self._icon.update_menu()

    def _menu(self, items: Iterable[Item]) -> Any:
        return self._pystray.Menu(*map(self._entry, items))

    def _entry(self, item: Item) -> Any:
        if not item.label:
            return self._pystray.Menu.SEPARATOR
        if item.items:
            return self._pystray.MenuItem(item.label, self._menu(item.items))
        chosen = item.chosen
        checked = None if chosen is None else lambda _: chosen
        return self._pystray.MenuItem(
            item.label, lambda: self._clicked(item), checked=checked, radio=chosen is not None
        )

    def _clicked(self, item: Item) -> None:
        if isinstance(item.deed, Change):
            self._act(item.deed)
        elif item.deed is not None:
            self._icon.stop()
