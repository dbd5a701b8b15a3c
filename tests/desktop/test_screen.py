"""The icon on a virtual screen, in real panels: one that shows StatusNotifierItems, and an XEmbed tray."""

import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from pointsman_tray.menu import Kind
from tests.desktop.desk import Desk, open_desk
from tests.desktop.panel import Panel
from tests.desktop.screen import Screen
from tests.desktop.session import SessionBus, Tray, ended, needs
from tests.structure.repository import ROOT

SYSTEM = "/usr/bin/python3"  # has PyGObject where the system's package of it is installed
WITH_GTK = 80_000_000  # bytes; the HTTP client imports more where the tests' libraries are
ROOM = 2  # pixels around the widest icon: beside it is a clock, with grey edges
GTK = "import gi; gi.require_version('Gtk', '3.0'); from gi.repository import Gtk; import PIL.Image"


@pytest.fixture
async def screen(bus: SessionBus) -> AsyncIterator[Screen]:
    needs("Xvfb", "import")
    async with Screen(bus.address) as screen:
        yield screen


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_each_state_is_seen_in_a_panel(screen: Screen, tmp_path: Path, *, dark: bool) -> None:
    needs("xfce4-panel", "xfconf-query")
    theme = ("-p", "/panels/dark-mode", "-n", "-t", "bool", "-s", str(dark).lower())
    assert await screen.run("xfconf-query", "-c", "xfce4-panel", *theme) == 0
    await screen.start("xfce4-panel", "--disable-wm-check")
    async with open_desk() as desk, Tray("", desk.daemon.state, environ=screen.environ):
        await desk.ask("here/small")
        box = await screen.until_seen(Kind.LOCAL, tmp_path / "local.png")
        spot = (box[0] - ROOM, box[1] - ROOM, box[2] + ROOM, box[3] + ROOM)
        for kind in (Kind.FREE, Kind.PAID, Kind.PAUSED, Kind.IDLE, Kind.AWAY):
            await reach(kind, desk)
            await screen.until_seen(kind, tmp_path / f"{kind}.png", spot)


async def reach(kind: Kind, desk: Desk) -> None:
    """One after another: what nobody answered while nobody was allowed to is the last request afterwards."""
    match kind:
        case Kind.FREE:
            await desk.ask("nice/gift")
        case Kind.PAID:
            await desk.ask("mine/big")
        case Kind.PAUSED:
            await desk.change("mode", "paused")
        case Kind.IDLE:
            await desk.ask()
            await desk.change("mode", "normal")
        case Kind.AWAY:
            desk.daemon.kill()


async def test_in_an_xembed_tray_there_is_an_icon_without_pygobject(screen: Screen, tmp_path: Path) -> None:
    needs("trayer")
    await screen.start("trayer", "--edge", "top")
    async with open_desk() as desk, Tray("", desk.daemon.state, environ=screen.environ) as tray:
        assert "for a menu it takes PyGObject" in await tray.said()
        await desk.ask("here/small")
        await screen.until_seen(Kind.LOCAL, tmp_path / "icon.png")


async def test_an_xembed_tray_that_starts_again_has_the_icon_and_a_screen_that_goes_leaves_no_trace(
    screen: Screen, tmp_path: Path
) -> None:
    needs("trayer")
    trayer = await screen.start("trayer", "--edge", "top")
    async with open_desk() as desk, Tray("", desk.daemon.state, environ=screen.environ) as tray:
        assert "for a menu it takes PyGObject" in await tray.said()
        await desk.ask("here/small")
        await screen.until_seen(Kind.LOCAL, tmp_path / "icon.png")
        await ended(trayer, by_force=True)
        await screen.start("trayer", "--edge", "top")
        await screen.until_tray()
        await desk.ask("here/small")
        await screen.until_seen(Kind.LOCAL, tmp_path / "again.png")
        await screen.close()
        assert await tray.ended() == (0, "")


async def test_in_an_xembed_tray_it_has_a_menu_under_the_systems_python(
    screen: Screen, tmp_path: Path
) -> None:
    needs("trayer", "xdotool")
    libraries = (sysconfig.get_path("purelib"), ROOT / "daemon", ROOT / "tray")
    environ = {**screen.environ, "PYTHONPATH": ":".join(map(str, libraries))}
    if await screen.run("env", f"PYTHONPATH={environ['PYTHONPATH']}", SYSTEM, "-c", GTK):
        pytest.skip(f"{SYSTEM} has no PyGObject, or is of another version (make desktop-deps)")
    await screen.start("trayer", "--edge", "top")
    async with (
        open_desk() as desk,
        Tray("", desk.daemon.state, environ=environ, python=SYSTEM) as tray,
    ):
        await desk.ask("here/small")
        left, top, right, bottom = await screen.until_seen(Kind.LOCAL, tmp_path / "icon.png")
        before = await screen.picture(tmp_path / "before.png")
        assert psutil.Process(tray.pid).memory_info().rss <= WITH_GTK
        place = (str((left + right) // 2), str((top + bottom) // 2))
        await screen.run("xdotool", "mousemove", *place, "click", "3")
        await screen.until_other(before, tmp_path / "menu.png")


async def test_of_a_panel_that_has_both_the_bus_is_taken_though_it_comes_later(
    screen: Screen, bus: SessionBus, tmp_path: Path
) -> None:
    needs("trayer")
    await screen.start("trayer", "--edge", "top")
    await screen.until_tray()
    async with Tray(bus.address, tmp_path, environ=screen.environ), Panel(bus.address) as panel:
        await panel.until_title("no daemon")
