"""A panel as the tray meets one: it shows icons, reads their menus, clicks, and shows notifications."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

from dbus_fast import Message, MessageType, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusDict, DBusInt32, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

WATCHER, WATCHER_PATH = "org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher"
NOTES, NOTES_PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
ITEM, ITEM_PATH = "org.kde.StatusNotifierItem", "/StatusNotifierItem"
MENU, MENU_PATH = "com.canonical.dbusmenu", "/MenuBar"
PROPERTIES = "org.freedesktop.DBus.Properties"
PATIENCE = 10.0  # seconds

Words = Annotated[list[str], DBusSignature("as")]


class Watcher(ServiceInterface):
    def __init__(self) -> None:
        super().__init__(WATCHER)
        self.registered: list[str] = []
        self.news = asyncio.Event()

    @dbus_method(name="RegisterStatusNotifierItem")
    def register(self, name: DBusStr) -> None:
        self.registered.append(name)
        self.news.set()

    @dbus_property(access=PropertyAccess.READ, name="IsStatusNotifierHostRegistered")
    def has_host(self) -> DBusBool:
        return True


class Notes(ServiceInterface):
    """Notifications, with marks in their text where `abilities` say so."""

    def __init__(self, news: asyncio.Event) -> None:
        super().__init__(NOTES)
        self.abilities = ["body", "body-markup"]
        self.told: list[tuple[str, str]] = []
        self._news = news

    @dbus_method(name="GetCapabilities")
    def get_capabilities(self) -> Words:
        return self.abilities

    @dbus_method(name="Notify")
    def notify(  # noqa: PLR0917 - as the specification has it
        self,
        app: DBusStr,
        replaces: DBusUInt32,
        icon: DBusStr,
        summary: DBusStr,
        body: DBusStr,
        actions: Words,
        hints: DBusDict,
        expires: DBusInt32,
    ) -> DBusUInt32:
        self.told.append((summary, body))
        self._news.set()
        return len(self.told)


class Strange(ServiceInterface):
    """It has the name of what shows notifications, and answers of its own."""

    def __init__(self) -> None:
        super().__init__(NOTES)

    @dbus_method(name="GetCapabilities")
    def get_capabilities(self) -> DBusInt32:
        return 5


@dataclass(frozen=True)
class Shown:
    """A line of the menu, with the labels above it."""

    number: int
    path: tuple[str, ...]
    properties: dict[str, Any]

    @property
    def label(self) -> str:
        return self.path[-1]


class Panel:
    def __init__(self, address: str) -> None:
        self.address = address
        self.watcher = Watcher()
        self.notes = Notes(self.watcher.news)

    async def __aenter__(self) -> Self:
        self._bus = await MessageBus(bus_address=self.address).connect()
        self._bus.export(WATCHER_PATH, self.watcher)
        self._bus.export(NOTES_PATH, self.notes)
        self._bus.add_message_handler(self._heard)
        for interface in (ITEM, MENU):
            rule = f"type='signal',interface='{interface}'"
            await self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "AddMatch", "s", rule)
        for name in (WATCHER, NOTES):
            await self._bus.request_name(name)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._bus.disconnect()

    def _heard(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL:
            self.watcher.news.set()

    async def until(self, check: Callable[[], Awaitable[bool]]) -> None:
        """Asks again whenever the icon says that it is another."""
        async with asyncio.timeout(PATIENCE):
            while True:
                self.watcher.news.clear()
                if self.watcher.registered and await check():
                    return
                await self.watcher.news.wait()

    async def until_title(self, part: str) -> str:
        async def has_it() -> bool:
            return part in await self.title()

        await self.until(has_it)
        return await self.title()

    async def title(self) -> str:
        return str(await self.ask("Title"))

    async def ask(self, name: str) -> Any:
        body = await self.call(self._item, ITEM_PATH, "Get", "ss", ITEM, name, interface=PROPERTIES)
        return body[0].value

    async def menu(self) -> list[Shown]:
        _, root = await self.call(self._item, MENU_PATH, "GetLayout", "iias", 0, -1, [], interface=MENU)
        return _flattened(root, ())

    async def find(self, *path: str) -> Shown:
        """By how the labels begin."""
        shown = await self.menu()
        return next(
            one
            for one in shown
            if len(one.path) == len(path)
            and all(has.startswith(part) for has, part in zip(one.path, path, strict=True))
        )

    async def click(self, *path: str) -> None:
        number = (await self.find(*path)).number
        event = (number, "clicked", Variant("i", 0), 0)
        await self.call(self._item, MENU_PATH, "Event", "isvu", *event, interface=MENU)

    def have_notes_shown_by(self, other: ServiceInterface) -> None:
        self._bus.unexport(NOTES_PATH, self.notes)
        self._bus.export(NOTES_PATH, other)

    async def pretend(self, member: str, signature: str, *words: object) -> None:
        """A signal of that name for the icon alone, as if it came from the bus."""
        whom, path = "org.freedesktop.DBus", "/org/freedesktop/DBus"
        kind = MessageType.SIGNAL
        await self._bus.send(
            Message(self._item, path, whom, member, kind, signature=signature, body=list(words))
        )

    @property
    def _item(self) -> str:
        return self.watcher.registered[-1]

    async def call(
        self, whom: str, path: str, member: str, signature: str, *words: object, interface: str = ""
    ) -> Sequence[Any]:
        message = Message(whom, path, interface or whom, member, signature=signature, body=list(words))
        reply = await self._bus.call(message)
        assert reply.message_type is MessageType.METHOD_RETURN, reply.body
        return reply.body


def _flattened(node: Sequence[Any], above: tuple[str, ...]) -> list[Shown]:
    found = []
    for child in node[2]:
        number, properties, _ = child.value
        plain = {name: value.value for name, value in properties.items()}
        path = (*above, plain.get("label", ""))
        found += [Shown(number, path, plain), *_flattened(child.value, path)]
    return found
