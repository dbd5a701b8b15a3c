"""How the tray comes and goes: with a panel, a session, a daemon, a click, a signal; and where it can't."""

import asyncio
import os
import signal
from pathlib import Path

from tests.desktop.desk import open_desk
from tests.desktop.panel import Panel, Strange
from tests.desktop.session import SessionBus, Tray
from tests.journeys.daemon import Daemon


async def test_a_tray_that_is_there_first_waits(bus: SessionBus, panel: Panel) -> None:
    daemon = Daemon(config="[discovery]\nlocal = false\nremote = false\n")
    try:
        async with Tray(bus.address, daemon.state):
            await panel.until_title("no daemon")
            assert (await panel.menu())[0].label.startswith("the daemon is not running")
            await asyncio.to_thread(daemon.start)
            await panel.until_title("no request yet")
    finally:
        await asyncio.to_thread(daemon.close)


async def test_a_panel_that_starts_later_or_again_is_told_of_the_icon(
    bus: SessionBus, tmp_path: Path
) -> None:
    async with Tray(bus.address, tmp_path) as tray:
        assert "no icon can be seen yet" in await tray.said()
        for _ in range(2):
            async with Panel(bus.address) as panel:
                await panel.until_title("no daemon")


async def test_there_is_one_icon_a_session(bus: SessionBus, panel: Panel, tmp_path: Path) -> None:
    async with Tray(bus.address, tmp_path):
        await panel.until_title("no daemon")
        async with Tray(bus.address, tmp_path) as second:
            code, said = await second.ended()
    assert code == 1
    assert said == "pointsman: the icon is there already: another tray runs in this session\n"


async def test_it_can_be_quit_by_its_menu_and_by_a_signal(
    bus: SessionBus, panel: Panel, tmp_path: Path
) -> None:
    for way in (lambda: panel.click("Quit"), None):
        async with Tray(bus.address, tmp_path) as tray:
            await panel.until_title("no daemon")
            if way:
                await way()
            else:
                tray.end()
            assert await tray.ended() == (0, "")
        panel.watcher.registered.clear()


async def test_a_click_that_a_stopped_daemon_does_not_answer_holds_nothing_up(
    bus: SessionBus, panel: Panel
) -> None:
    async with Daemon(config="[discovery]\nlocal = false\nremote = false\n") as daemon:
        async with Tray(bus.address, daemon.state) as tray:
            await panel.until_title("no request yet")
            os.kill(daemon.pid, signal.SIGSTOP)
            await panel.click("Mode:", "paused")
            await panel.click("Quit")
            assert await tray.ended() == (0, "")
        daemon.kill()


async def test_what_others_on_the_bus_make_up_leaves_no_trace(bus: SessionBus, panel: Panel) -> None:
    panel.have_notes_shown_by(Strange())
    async with open_desk() as desk, Tray(bus.address, desk.daemon.state) as tray:
        await panel.until_title("no request yet")
        await panel.pretend("NameOwnerChanged", "")
        await panel.pretend("NameOwnerChanged", "s", "org.kde.StatusNotifierWatcher")
        await desk.ask("mine/big")
        said = [await tray.said() for _ in range(2)]
        assert any(line.startswith("pointsman: Money is spent: ") for line in said)
        tray.end()
        assert await tray.ended() == (0, "")


async def test_it_ends_with_its_session(tmp_path: Path) -> None:
    async with SessionBus() as bus, Panel(bus.address) as panel, Tray(bus.address, tmp_path) as tray:
        await panel.until_title("no daemon")
        await bus.__aexit__()
        assert await tray.ended() == (0, "")


async def test_without_a_screen_it_says_so_in_one_line(tmp_path: Path) -> None:
    async with Tray("", tmp_path, screen="") as tray:
        code, said = await tray.ended()
    assert code == 1
    assert said.startswith("pointsman: there is no screen here (neither WAYLAND_DISPLAY nor DISPLAY is set)")
    assert said.count("\n") == 1


async def test_without_a_bus_it_says_so_in_one_line(tmp_path: Path) -> None:
    for address in ("", f"unix:path={tmp_path}/nobody", "nonsense"):
        async with Tray(address, tmp_path) as tray:
            code, said = await tray.ended()
        assert (code, said.count("\n")) == (1, 1)
        assert "session bus" in said or "session's bus" in said
