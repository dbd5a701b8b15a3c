"""What a panel shows of a daemon over D-Bus: one desk for all of it, a real bus, daemon and tray."""

import asyncio
from collections.abc import AsyncIterator

import psutil
import pytest
import pytest_asyncio

from pointsman_tray.menu import Kind
from pointsman_tray.statusnotifier import pixmap
from tests.desktop.desk import Desk, open_desk
from tests.desktop.panel import Panel
from tests.desktop.session import SessionBus, Tray, needs
from tests.fakes import faults

pytestmark = pytest.mark.asyncio(loop_scope="module")

MEGABYTE = 1_000_000


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="panel")
async def _panel() -> AsyncIterator[Panel]:
    needs("dbus-daemon")
    async with SessionBus() as bus, Panel(bus.address) as panel:
        yield panel


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="shared")
async def _shared(panel: Panel) -> AsyncIterator[Desk]:
    async with open_desk() as desk, Tray(panel.address, desk.daemon.state) as desk.tray:
        await panel.until_title("no request yet")
        assert await kind(panel) is Kind.IDLE
        yield desk


@pytest_asyncio.fixture(loop_scope="module")
async def desk(shared: Desk) -> AsyncIterator[Desk]:
    """As it was found."""
    yield shared
    shared.here.fault = faults.OK
    await shared.change("mode", "normal")
    await shared.change("profile", "balanced")


async def kind(panel: Panel) -> Kind:
    shown = (await panel.ask("IconPixmap"))[0]
    return next(one for one in Kind if pixmap(one, 16) == [shown[0], shown[1], bytes(shown[2])])


async def test_the_title_and_the_menu_show_who_answered_and_what_it_cost(desk: Desk, panel: Panel) -> None:
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


async def test_an_outage_is_told_once_and_marks_in_what_is_told_are_text(desk: Desk, panel: Panel) -> None:
    desk.here.fault = faults.status(503, {"error": {"message": "<b>so</b> & so"}})
    for _ in range(3):
        assert (await desk.ask())["x-pointsman-tier"] == "free"
    for _ in range(2):
        await desk.ask("mine/big")
    await panel.until(lambda: _told(panel, "Money is spent"))
    titles = [title for title, _ in panel.notes.told]
    assert titles.count("here did not answer") == titles.count("Money is spent") == 1
    text = next(text for title, text in panel.notes.told if title == "here did not answer")
    assert "&lt;b&gt;so&lt;/b&gt; &amp; so" in text


async def test_it_is_small(desk: Desk, panel: Panel) -> None:
    for _ in range(5):
        await desk.ask("here/small")
    await panel.until_title("here/small")
    assert psutil.Process(desk.tray.pid).memory_info().rss <= 60 * MEGABYTE


async def test_a_daemon_that_is_killed_and_comes_back_is_seen_to(desk: Desk, panel: Panel) -> None:
    await desk.ask("here/small")
    await panel.until_title("here/small")
    await desk.get("/control/v0/decisions/last")  # all there is, is written down before this is answered
    desk.daemon.kill()
    await panel.until_title("no daemon")
    assert await kind(panel) is Kind.AWAY
    await asyncio.to_thread(desk.daemon.start)
    await panel.until_title("here/small")
    assert await kind(panel) is Kind.LOCAL


async def _has(panel: Panel, label: str) -> bool:
    return any(one.label == label for one in await panel.menu())


async def _told(panel: Panel, title: str) -> bool:
    return any(told == title for told, _ in panel.notes.told)
