"""The icon where pystray draws it: in macOS's menu bar, and in the XEmbed trays of X.

With PyGObject an XEmbed tray has a menu; without it there is an icon with a title, and no more.
"""

import logging
import os
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from pointsman_tray.face import Act, TrayError
from pointsman_tray.icon import SIZES, draw
from pointsman_tray.menu import NAME, Change, Item, View
from pointsman_tray.news import Notice

BACKEND = "PYSTRAY_BACKEND"  # the variable by which pystray is told what to draw with
NO_GL = ("GDK_GL", "disable")  # GTK would load a renderer of 55 MB to draw a menu


class SystrayFace:
    """`say` is told what can't be shown; `soon` calls a function in the thread that may draw.

    `backend`: what pystray is to draw with; none: it chooses. Raises TrayError.
    """

    def __init__(
        self,
        first: View,
        act: Act,
        say: Callable[[str], None],
        *,
        soon: Callable[[Callable[[], None]], None] = lambda deed: deed(),
        backend: str = "",
    ) -> None:
        self._pystray = _pystray(backend)
        self._act = act
        self._say = say
        self._soon = soon
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
        if self._icon.HAS_NOTIFICATION:
            self._soon(lambda: self._icon.notify(notice.text, notice.title))
        else:
            self._say(f"{notice.title}: {notice.text}")

    def _show(self, view: View) -> None:
        if view.kind is not self._kind or not self._icon.HAS_MENU:  # Xorg's: a tray may be there anew
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


def menu_bar(first: View, act: Act, say: Callable[[str], None]) -> SystrayFace:
    """On macOS, where only the first thread may draw. Raises TrayError."""
    return SystrayFace(first, act, say, soon=import_module("PyObjCTools.AppHelper").callAfter)


def _pystray(backend: str) -> Any:
    """It looks for what it draws with as it is imported, and raises what that raises."""
    if backend:
        os.environ[BACKEND] = backend
    os.environ.setdefault(*NO_GL)
    logging.getLogger("pystray").setLevel(logging.CRITICAL)  # a tray or a screen that goes is no error here
    try:
        return import_module("pystray")
    except Exception as error:
        raise TrayError(f"the icon can't be drawn: {error or type(error).__name__}") from error
