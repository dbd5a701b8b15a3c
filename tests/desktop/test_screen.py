"""The icon on a virtual screen, in real panels: one that shows StatusNotifierItems, and an XEmbed tray."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from pointsman.cli.panels import python_with_gtk
from pointsman_tray.menu import Kind
from tests.desktop.desk import Desk, open_desk
from tests.desktop.panel import Panel
from tests.desktop.screen import PATIENCE, Box, Screen
from tests.desktop.session import SessionBus, Tray, ended, needs

FOREIGN = "模型"
MOST = 60_000_000  # bytes
ROOM = 2  # pixels around the widest icon: beside it is a clock, with grey edges


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


async def test_each_state_is_seen_in_an_xembed_tray(screen: Screen, tmp_path: Path) -> None:
    needs("trayer", "xdotool")
    await screen.start("trayer", "--edge", "top")
    async with open_desk(here=FOREIGN) as desk, Tray("", desk.daemon.state, environ=screen.environ) as tray:
        await desk.ask(f"here/{FOREIGN}")
        await screen.until_seen(Kind.LOCAL, tmp_path / "local.png")
        assert await screen.run("xdotool", "search", "--name", "Pointsman: here/.+ .local.") == 0
        for kind in (Kind.FREE, Kind.PAID, Kind.PAUSED, Kind.IDLE, Kind.AWAY):
            await reach(kind, desk)
            await screen.until_seen(kind, tmp_path / f"{kind}.png")
        assert psutil.Process(tray.pid).memory_info().rss <= MOST


async def test_an_xembed_tray_that_starts_again_has_the_icon_as_large_as_it_is_and_a_screen_that_goes_ends_it(
    screen: Screen, tmp_path: Path
) -> None:
    needs("trayer", "xdotool")
    trayer = await screen.start("trayer", "--edge", "top")
    async with Tray("", tmp_path, environ=screen.environ) as tray:
        small = await screen.until_seen(Kind.AWAY, tmp_path / "small.png")
        await ended(trayer, by_force=True)
        await screen.until_gone("pointsman")
        await screen.start("trayer", "--edge", "top", "--height", "48", "--heighttype", "pixel")
        await screen.until_tray()
        left, top, right, bottom = await screen.until_seen(Kind.AWAY, tmp_path / "large.png")
        assert right - left == bottom - top > small[3] - small[1]
        assert await screen.run("xdotool", "search", "--class", "pointsman", "windowclose") == 0
        await screen.until_seen(Kind.AWAY, tmp_path / "large.png")
        await screen.close()
        assert await tray.ended() == (0, "")


async def test_in_an_xembed_tray_a_click_opens_the_menu_and_what_is_chosen_is_done(
    screen: Screen, tmp_path: Path
) -> None:
    needs("trayer", "xdotool")
    if not python_with_gtk(screen.environ):
        pytest.skip("no Python here has PyGObject (make desktop-deps)")
    await screen.start("trayer", "--edge", "top")
    async with open_desk() as desk, Tray("", desk.daemon.state, environ=screen.environ) as tray:
        await desk.ask("here/small")
        box = await screen.until_seen(Kind.LOCAL, tmp_path / "icon.png")
        mode = ("Up", "Up", "Right", "Up", "Return")  # the last but one, and of what opens the last
        await choose(screen, box, "3", *mode, file=tmp_path / "menu.png")
        await screen.until_seen(Kind.PAUSED, tmp_path / "paused.png")
        await choose(screen, box, "1", "Up", "Return", file=tmp_path / "menu.png")
        assert await tray.ended() == (0, "")


async def choose(screen: Screen, box: Box, button: str, *keys: str, file: Path) -> None:
    """From the menu of the icon that is there. It opens below it: the screen is seen to change."""
    before = await screen.picture(file)
    left, top, right, bottom = box
    place = (str((left + right) // 2), str((top + bottom) // 2))
    await screen.run("xdotool", "mousemove", *place, "click", button)
    await screen.until_other(before, file)
    await screen.run("xdotool", "key", *keys)


async def test_in_an_xembed_tray_notices_are_the_desktops_or_where_it_has_none_lines(
    screen: Screen, tmp_path: Path
) -> None:
    needs("trayer")
    await screen.start("trayer", "--edge", "top")
    program = f'#!/bin/sh\necho "$3: $4" > {tmp_path}/told\n'
    (tmp_path / "notify-send").write_text(program, encoding="utf-8")
    os.mkfifo(tmp_path / "told")
    async with open_desk() as desk:
        async with Tray("", desk.daemon.state, environ=screen.environ) as tray:
            await screen.until_seen(Kind.IDLE, tmp_path / "icon.png")
            await desk.ask("mine/big")
            said = [await tray.said() for _ in range(2)]
            assert any(line.startswith("pointsman: Money is spent: ") for line in said)
        (tmp_path / "notify-send").chmod(0o700)
        environ = {**screen.environ, "PATH": f"{tmp_path}:{screen.environ['PATH']}"}
        async with Tray("", desk.daemon.state, environ=environ):
            await screen.until_seen(Kind.PAID, tmp_path / "icon.png")
            await desk.here.stop()
            await desk.ask()
            assert (await line_from(tmp_path / "told")).startswith("here did not answer: ")


async def line_from(pipe: Path) -> str:
    """The next that somebody writes there."""
    reader = asyncio.StreamReader()
    file = os.fdopen(os.open(pipe, os.O_RDWR | os.O_NONBLOCK), "rb", buffering=0)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
    try:
        async with asyncio.timeout(PATIENCE):
            return (await reader.readline()).decode()
    finally:
        transport.close()


async def test_there_is_one_icon_in_an_xembed_tray(screen: Screen, tmp_path: Path) -> None:
    needs("trayer")
    await screen.start("trayer", "--edge", "top")
    async with Tray("", tmp_path, environ=screen.environ):
        await screen.until_seen(Kind.AWAY, tmp_path / "icon.png")
        async with Tray("", tmp_path, environ=screen.environ) as second:
            code, said = await second.ended()
    assert code == 1
    assert said == "pointsman: the icon is there already: another tray runs on this screen\n"


async def test_of_a_panel_that_has_both_the_bus_is_taken_though_it_comes_later(
    screen: Screen, bus: SessionBus, tmp_path: Path
) -> None:
    needs("trayer")
    await screen.start("trayer", "--edge", "top")
    await screen.until_tray()
    async with Tray(bus.address, tmp_path, environ=screen.environ), Panel(bus.address) as panel:
        await panel.until_title("no daemon")
