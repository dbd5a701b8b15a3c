"""A desktop for each test: a session bus of its own, and a panel with notifications."""

from collections.abc import AsyncIterator

import pytest

from tests.desktop.panel import Panel
from tests.desktop.session import SessionBus, needs


@pytest.fixture
async def bus() -> AsyncIterator[SessionBus]:
    needs("dbus-daemon")
    async with SessionBus() as bus:
        yield bus


@pytest.fixture
async def panel(bus: SessionBus) -> AsyncIterator[Panel]:
    async with Panel(bus.address) as panel:
        yield panel
