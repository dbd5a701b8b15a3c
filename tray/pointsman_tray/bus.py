"""The icon where a desktop shows StatusNotifierItems, and its notifications: all of it spoken over D-Bus.

https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/
https://specifications.freedesktop.org/notification-spec/latest/
"""

import asyncio
import html
import os
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

from dbus_fast import DBusFastError, Message, MessageType, NameFlag, RequestNameReply
from dbus_fast.aio import MessageBus

from pointsman.cli.panels import WATCHER
from pointsman_tray import dbusmenu, statusnotifier
from pointsman_tray.dbusmenu import Menu
from pointsman_tray.face import Act, TrayError
from pointsman_tray.menu import NAME, Change, Quit, View
from pointsman_tray.news import Notice
from pointsman_tray.statusnotifier import StatusNotifierItem

OWN_NAME = "dev.pointsman.Tray"  # whoever has it is this session's one tray
BUS, BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
WATCHER_PATH = "/StatusNotifierWatcher"
NOTES, NOTES_PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
NEW_WATCHER = f"type='signal',sender='{BUS}',interface='{BUS}',member='NameOwnerChanged',arg0='{WATCHER}'"
USUAL_TIME = -1  # it is shown for as long as the desktop shows such things
FAILURES = (DBusFastError, OSError, EOFError)


class BusFace:
    """`say` is told what can't be shown."""

    def __init__(self, address: str, first: View, act: Act, say: Callable[[str], None]) -> None:
        self._address = address
        self._act = act
        self._say = say
        self._view = first
        self._item = StatusNotifierItem(first)
        self._menu = Menu(self._clicked)
        self._name = f"{statusnotifier.INTERFACE}-{os.getpid()}-1"
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, begin: Callable[[], None]) -> None:
        asyncio.run(self._run(begin))

    def show(self, view: View) -> None:
        self._soon(self._show, view)

    def tell(self, notice: Notice) -> None:
        self._soon(self._begin, self._notify, notice)

    async def _run(self, begin: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._bus = await _connected(self._address)
        try:
            await self._appear()
        except FAILURES as error:
            raise TrayError(f"the session's bus refused the icon: {error}") from error
        for one in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(one, self._quit)
        begin()
        with suppress(*FAILURES):  # the session is over
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]

    def _quit(self) -> None:
        """When whoever clicked has had its answer."""
        self._loop.call_soon(self._bus.disconnect)

    async def _appear(self) -> None:
        if (
            await self._bus.request_name(OWN_NAME, NameFlag.DO_NOT_QUEUE)
            is not RequestNameReply.PRIMARY_OWNER
        ):
            raise TrayError("the icon is there already: another tray runs in this session")
        self._menu.show(self._view.items)
        self._bus.export(statusnotifier.PATH, self._item)
        self._bus.export(dbusmenu.PATH, self._menu)
        await self._bus.request_name(self._name)
        self._bus.add_message_handler(self._heard)
        await _asked(self._bus, BUS, BUS_PATH, "AddMatch", "s", NEW_WATCHER)
        await self._register()

    def _heard(self, message: Message) -> None:
        """A panel that starts later, or again, is told of the icon."""
        if message.message_type is not MessageType.SIGNAL or message.member != "NameOwnerChanged":
            return
        match message.body:  # anybody may send something of that name
            case [str(name), str(), str(owner)] if name == WATCHER and owner:
                self._begin(self._register)

    async def _register(self) -> None:
        with suppress(*FAILURES):  # nobody is there yet, or any more
            await _asked(self._bus, WATCHER, WATCHER_PATH, "RegisterStatusNotifierItem", "s", self._name)

    def _show(self, view: View) -> None:
        with suppress(*FAILURES):  # the session is just over: the loop ends in its next turn
            self._item.show(view)
            self._menu.show(view.items)

    def _clicked(self, deed: Change | Quit) -> None:
        if isinstance(deed, Quit):
            self._quit()
        else:
            self._act(deed)

    async def _notify(self, notice: Notice) -> None:
        try:
            abilities = (await _asked(self._bus, NOTES, NOTES_PATH, "GetCapabilities"))[0]
            text = html.escape(notice.text, quote=False) if "body-markup" in abilities else notice.text
            note: Sequence[object] = (NAME, 0, "", notice.title, text, [], {}, USUAL_TIME)
            await _asked(self._bus, NOTES, NOTES_PATH, "Notify", "susssasa{sv}i", *note)
        except (*FAILURES, LookupError, TypeError):  # whoever has that name answers what it likes
            self._say(f"{notice.title}: {notice.text}")

    def _begin(self, deed: Callable[..., Coroutine[Any, Any, None]], *words: object) -> None:
        task = self._loop.create_task(deed(*words))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _soon(self, deed: Callable[..., None], *words: object) -> None:
        with suppress(RuntimeError):  # it has just been quit
            self._loop.call_soon_threadsafe(deed, *words)


async def _connected(address: str) -> MessageBus:
    try:
        return await MessageBus(bus_address=address).connect()
    except FAILURES as error:
        raise TrayError(f"the session's bus does not answer at {address}: {error}") from error


async def _asked(
    bus: MessageBus, whom: str, path: str, member: str, signature: str = "", *words: object
) -> list[Any]:
    """Of an interface that is called as whoever has it. Raises DBusFastError."""
    message = Message(whom, path, whom, member, signature=signature, body=list(words))
    reply = await bus.call(message)
    if reply.message_type is MessageType.ERROR:
        raise DBusFastError(f"{reply.error_name}: {reply.body[0] if reply.body else ''}")
    return reply.body
