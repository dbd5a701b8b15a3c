"""A daemon with a place on each rung: on this machine, free, and paid."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from tests.desktop.session import Tray
from tests.fakes.engine import FakeEngine
from tests.journeys.daemon import Daemon

PRICED = """
[prices."mine/big"]
input = 1000.0
output = 1000.0
[budgets.day]
window = "day"
limit = 100.0
"""


class Desk:
    tray: Tray  # once there is one

    def __init__(self, daemon: Daemon, here: FakeEngine) -> None:
        self.daemon = daemon
        self.here = here

    async def ask(self, model: str = "auto") -> dict[str, Any]:
        """The answer's body, its status and its headers."""
        body = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
        with self.daemon.http() as http:
            answer = await asyncio.to_thread(http.post, "/v1/chat/completions", json=body)
        return {"status": answer.status_code, **answer.json(), **answer.headers}

    async def change(self, what: str, to: str) -> None:
        """As a command does: `mode`, `profile`."""
        with self.daemon.http(unix=True) as http:
            answer = await asyncio.to_thread(http.post, f"/control/v0/{what}", json={what: to})
        assert answer.status_code == 200, answer.text

    async def get(self, path: str) -> Any:
        with self.daemon.http() as http:
            return (await asyncio.to_thread(http.get, path)).json()


@asynccontextmanager
async def open_desk(*, here: str = "small") -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        near = await stack.enter_async_context(FakeEngine(here))
        far = await stack.enter_async_context(FakeEngine("big", llama=False))
        gift = await stack.enter_async_context(FakeEngine("gift", llama=False))
        config = (
            "[discovery]\nlocal = false\nremote = false\n"
            f'[providers.here]\napi_base = "{near.api_base}"\n'
            f'[providers.mine]\napi_base = "{far.api_base}"\ntier = "paid"\n'
            f'[providers.nice]\napi_base = "{gift.api_base}"\ntier = "free"\n{PRICED}'
        )
        yield Desk(await stack.enter_async_context(Daemon(config=config)), near)
