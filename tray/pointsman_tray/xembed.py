"""The icon in an XEmbed tray of X (trayer, i3bar, stalonetray): a window that the tray takes into its own.

https://specifications.freedesktop.org/systemtray-spec/latest/, https://specifications.freedesktop.org/xembed-spec/
"""

import html
import select
import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Thread
from typing import Any

from PIL import Image
from Xlib import X, Xutil
from Xlib.display import Display
from Xlib.error import ConnectionClosedError
from Xlib.protocol.event import ClientMessage

from pointsman.service.run import ServiceError, must
from pointsman_tray.face import Act, TrayError
from pointsman_tray.icon import DARK, draw
from pointsman_tray.menu import NAME, Change, Item, View
from pointsman_tray.news import Notice
from pointsman_tray.popup import Popup

REQUEST_DOCK = 0
VERSION, MAPPED = 0, 1  # of _XEMBED_INFO
USUAL = 24  # pixels, until the tray says how many
DEPTH = 24  # bits a pixel, which is all that Xlib can put a picture in
EVENTS = X.ExposureMask | X.StructureNotifyMask | X.ButtonPressMask | X.ButtonReleaseMask
RIGHT = 3  # button; those above it are a wheel's


class XEmbedFace:
    """All of X is done in the thread that runs it. `python` shows its menu; empty: none can.

    Raises TrayError.
    """

    def __init__(
        self, first: View, act: Act, say: Callable[[str], None], environ: Mapping[str, str], python: str
    ) -> None:
        self._view = first
        self._act = act
        self._say = say
        self._environ = environ
        self._popup = Popup(python, environ, self._chosen, lambda text: self.tell(Notice(NAME, text)))
        self._woken, self._waker = socket.socketpair()
        self._is_over = False
        self._screen = _opened(environ["DISPLAY"])
        self._root = self._screen.screen().root
        number = self._screen.get_default_screen()
        self._tray_is = self._atom(f"_NET_SYSTEM_TRAY_S{number}")
        self._ours = self._atom(f"_POINTSMAN_TRAY_S{number}")  # which one icon a screen can have
        self._tray: Any = None  # its window
        self._window: Any = None  # the icon's, once a tray may take it

    def run(self, begin: Callable[[], None]) -> None:
        self._claim()
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, lambda *_: self._quit())
        begin()
        with suppress(ConnectionClosedError):  # the screen is gone
            self._root.change_attributes(event_mask=X.StructureNotifyMask)  # a new tray is told of there
            self._dock()
            while not self._is_over:
                self._draw()
                self._wait()
                while self._screen.pending_events():
                    self._heard(self._screen.next_event())

    def show(self, view: View) -> None:
        self._view = view
        self._wake()

    def tell(self, notice: Notice) -> None:
        Thread(target=self._tell, args=[notice], daemon=True).start()

    def _tell(self, notice: Notice) -> None:
        note = (f"--app-name={NAME}", "--", notice.title, html.escape(notice.text, quote=False))
        try:
            must(("notify-send", *note), self._environ)
        except ServiceError:
            self._say(f"{notice.title}: {notice.text}")

    def _chosen(self, item: Item) -> None:
        if isinstance(item.deed, Change):
            self._act(item.deed)
        elif item.deed is not None:
            self._quit()

    def _quit(self) -> None:
        self._is_over = True
        self._wake()

    def _wake(self) -> None:
        self._waker.send(b"!")

    def _wait(self) -> None:
        """Until something happens."""
        self._screen.flush()
        if self._screen.pending_events() == 0:
            readable, _, _ = select.select([self._screen, self._woken], [], [])
            if self._woken in readable:
                self._woken.recv(4096)

    def _claim(self) -> None:
        """Raises TrayError where another icon has this screen."""
        if self._screen.get_selection_owner(self._ours) != X.NONE:
            raise TrayError("the icon is there already: another tray runs on this screen")
        window = self._root.create_window(-1, -1, 1, 1, 0, X.CopyFromParent)
        window.set_selection_owner(self._ours, X.CurrentTime)

    def _heard(self, event: Any) -> None:
        if event.type == X.ClientMessage and event.client_type == self._atom("MANAGER"):
            if event.data[1][1] == self._tray_is:  # not a clipboard's, or a compositor's
                self._dock()
        elif event.type == X.DestroyNotify and event.window == self._tray:
            self._leave()
        elif event.type == X.DestroyNotify and event.window == self._window:
            self._dock()
        elif event.type == X.ConfigureNotify and event.window == self._window:
            self._size = (event.width, event.height)
            _ask_for(event.height, self._window)  # as wide as a panel is high
        elif event.type == X.ButtonRelease and event.detail <= RIGHT:
            # not as it is pressed: until then nobody else can have the pointer, as a menu has to
            self._popup.open(self._view.items)

    def _dock(self) -> None:
        """Asks the tray that there is now, if there is one, to take the icon."""
        self._leave()
        tray = self._screen.get_selection_owner(self._tray_is)
        if tray == X.NONE:
            return
        tray.change_attributes(event_mask=X.StructureNotifyMask)
        self._tray, self._window = tray, self._new_window()
        request = (X.CurrentTime, REQUEST_DOCK, self._window.id, 0, 0)
        opcode = self._atom("_NET_SYSTEM_TRAY_OPCODE")
        tray.send_event(ClientMessage(window=tray, client_type=opcode, data=(32, request)))

    def _new_window(self) -> Any:
        self._size = (USUAL, USUAL)
        window = self._root.create_window(-1, -1, *self._size, 0, X.CopyFromParent, event_mask=EVENTS)
        info = self._atom("_XEMBED_INFO")
        window.change_property(info, info, 32, [VERSION, MAPPED])
        window.set_wm_class(NAME.lower(), NAME)
        _ask_for(USUAL, window)
        self._pen = window.create_gc()
        return window

    def _leave(self) -> None:
        """What a tray leaves behind would be a window of its own on the screen."""
        if self._window is not None:
            self._window.destroy()
        self._tray = self._window = None

    def _draw(self) -> None:
        if self._window is None:
            return
        view, (width, height) = self._view, self._size
        name, utf8 = self._atom("_NET_WM_NAME"), self._atom("UTF8_STRING")
        self._window.change_property(name, utf8, 8, view.title.encode(errors="replace"))
        self._window.set_wm_name(view.title.encode("latin-1", errors="replace"))  # all that older trays read
        icon = draw(view.kind, min(width, height))
        picture = Image.new("RGB", (width, height), DARK)
        picture.paste(icon, ((width - icon.width) // 2, (height - icon.height) // 2), icon)
        self._window.put_pil_image(self._pen, 0, 0, picture)

    def _atom(self, name: str) -> int:
        atom: int = self._screen.get_atom(name)  # which asks once for each
        return atom


def _ask_for(size: int, window: Any) -> None:
    window.set_wm_normal_hints(flags=Xutil.PMinSize, min_width=size, min_height=size)


def _opened(display: str) -> Display:
    """Raises TrayError."""
    try:
        screen = Display(display)
    except Exception as error:
        raise TrayError(f"the screen {display} does not answer: {error}") from error
    if (depth := screen.screen().root_depth) != DEPTH:
        raise TrayError(
            f"in an XEmbed tray the icon is drawn with {DEPTH} bits a pixel, and the screen has {depth}"
        )
    screen.set_error_handler(lambda *_: None)  # what has gone meanwhile is told of by events
    return screen
