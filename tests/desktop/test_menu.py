"""The menu on a real bus, without a daemon: what a panel reads of it when it changes."""

from dbus_fast.aio import MessageBus

from pointsman_tray.dbusmenu import PATH, Menu
from pointsman_tray.menu import SEPARATOR, Item
from tests.desktop.panel import Panel
from tests.desktop.session import SessionBus


async def test_a_line_that_takes_a_separators_place_has_another_number(bus: SessionBus, panel: Panel) -> None:
    """A panel that is told only of a label goes on showing a separator there."""
    own = await MessageBus(bus_address=bus.address).connect()
    panel.watcher.registered.append(str(own.unique_name))
    menu = Menu(lambda _: None)
    own.export(PATH, menu)
    menu.show([Item("one"), SEPARATOR, Item("two"), Item("three")])
    before = [one.number for one in await panel.menu()]
    menu.show([Item("one"), Item("more"), SEPARATOR, Item("three")])
    after = [one.number for one in await panel.menu()]
    own.disconnect()
    assert (after[0], after[3]) == (before[0], before[3])
    assert not {after[1], after[2]} & set(before)
