"""The tray as a panel meets it over D-Bus: a real bus, a real daemon, the tray as a process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from pointsman_tray.menu import Kind
from pointsman_tray.statusnotifier import pixmap
from tests.desktop.desk import Desk, open_desk
from tests.desktop.panel import Panel
from tests.desktop.session import SessionBus, Tray
from tests.fakes import faults
from tests.journeys.daemon import Daemon

MEGABYTE = 1_000_000


@pytest.fixture
async def desk(bus: SessionBus, panel: Panel) -> AsyncIterator[Desk]:
    async with open_desk() as desk, Tray(bus.address, desk.daemon.state) as desk.tray:
        await panel.until_title("no request yet")
        yield desk


async def kind(panel: Panel) -> Kind:
    shown = (await panel.ask("IconPixmap"))[0]
    return next(one for one in Kind if pixmap(one, 16) == [shown[0], shown[1], bytes(shown[2])])


async def test_the_title_and_the_menu_show_who_answered_and_what_it_cost(desk: Desk, panel: Panel) -> None:
    assert await kind(panel) is Kind.IDLE
    await desk.ask("here/small")
    await panel.until_title("Pointsman: here/small (local), $0 of $100.00 today")
    assert await kind(panel) is Kind.LOCAL
    await desk.ask("mine/big")
    title = await panel.until_title("Pointsman: mine/big (paid), $0.")
    assert await kind(panel) is Kind.PAID
    labels = [one.label for one in await panel.menu()]
    assert title.partition("), ")[2] in labels, "one snapshot feeds both"
    assert labels[0].startswith("mine/big (paid), for ")


async def test_a_click_on_a_mode_changes_who_may_answer_next(desk: Desk, panel: Panel) -> None:
    await panel.click("Mode:", "paused")
    await panel.until_title("paused")
    assert await kind(panel) is Kind.PAUSED
    assert (await desk.ask())["status"] == 503
    assert (await panel.find("Mode: paused", "paused")).properties["toggle-state"] == 1
    await panel.click("Mode:", "nothing paid")
    await panel.until_title("nothing paid")
    assert "mode" in (await desk.ask("mine/big"))["error"]["message"]


async def test_a_click_on_a_profile_changes_what_the_next_request_is_chosen_by(
    desk: Desk, panel: Panel
) -> None:
    await panel.click("Profile:", "premium")
    await panel.until(lambda: _has(panel, "Profile: premium"))
    assert (await desk.get("/control/v0/profile"))["active"] == "premium"
    assert (await panel.find("Profile:", "balanced")).properties["toggle-state"] == 0


async def test_what_is_changed_elsewhere_is_seen_here(desk: Desk, panel: Panel) -> None:
    await desk.change("profile", "eco")
    await panel.until(lambda: _has(panel, "Profile: eco"))


async def test_why_the_last_one_shows_why(desk: Desk, panel: Panel) -> None:
    await desk.ask("here/small")
    await panel.until_title("here/small")
    lines = [one.label for one in await panel.menu() if one.path[0] == "Why the last one?"]
    assert [line for line in lines if line.startswith("Answered: by here/small (local), because named")]


async def test_a_daemon_that_is_killed_and_comes_back_is_seen_to(desk: Desk, panel: Panel) -> None:
    await desk.ask("here/small")
    await panel.until_title("here/small")
    desk.daemon.kill()
    await panel.until_title("no daemon")
    assert await kind(panel) is Kind.AWAY
    await asyncio.to_thread(desk.daemon.start)
    await panel.until_title("here/small")
    assert await kind(panel) is Kind.LOCAL


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


async def test_it_ends_with_its_session(tmp_path: Path) -> None:
    async with SessionBus() as bus, Panel(bus.address) as panel, Tray(bus.address, tmp_path) as tray:
        await panel.until_title("no daemon")
        await bus.__aexit__()
        assert await tray.ended() == (0, "")


async def test_an_outage_is_told_once(desk: Desk, panel: Panel) -> None:
    desk.here.fault = faults.status(503)
    for _ in range(3):
        assert (await desk.ask())["x-pointsman-tier"] == "free"
    await panel.until(lambda: _told(panel, "here did not answer"))
    for _ in range(2):
        await desk.ask("mine/big")
    await panel.until(lambda: _told(panel, "Money is spent"))
    titles = [title for title, _ in panel.notes.told]
    assert titles.count("here did not answer") == titles.count("Money is spent") == 1


async def test_marks_in_what_is_told_are_text(desk: Desk, panel: Panel) -> None:
    desk.here.fault = faults.status(503, "<b>so</b> & so")
    await desk.ask()
    await panel.until(lambda: _told(panel, "here did not answer"))
    text = next(text for title, text in panel.notes.told if title == "here did not answer")
    assert "<b>" not in text


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


async def _has(panel: Panel, label: str) -> bool:
    return any(one.label == label for one in await panel.menu())


async def _told(panel: Panel, title: str) -> bool:
    return any(told == title for told, _ in panel.notes.told)


async def test_it_is_small(desk: Desk, panel: Panel) -> None:
    for _ in range(5):
        await desk.ask("here/small")
    await panel.until_title("here/small")
    assert psutil.Process(desk.tray.pid).memory_info().rss <= 60 * MEGABYTE
