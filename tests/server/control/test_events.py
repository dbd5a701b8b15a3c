"""GET events: the bus, as server-sent events."""

import asyncio
import json

import pytest

from pointsman.events import Bus
from pointsman.server.control.events import STOPPING, relay
from tests.server.control.conftest import Client, House

PATH = "/control/v0/events"


class Reader:
    """Keeps what is written, and goes away after so many writes."""

    def __init__(self, leaves_after: int) -> None:
        self.written: list[bytes] = []
        self._leaves_after = leaves_after

    async def write(self, data: bytes) -> None:
        self.written.append(data)
        if len(self.written) == self._leaves_after:
            raise ConnectionResetError


async def test_what_happens_is_told_until_the_daemon_stops(client: Client, house: House) -> None:
    async with client.get(PATH) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        assert await response.content.readuntil(b"\n\n") == b": watching\n\n"
        house.rooms.bus.publish("request.done", 5.0, id="aa", error="two\nlines\r\n\r\n")
        house.rooms.bus.publish(STOPPING, 6.0)
        kind, data, *_ = (await response.content.readuntil(b"\n\n")).split(b"\n")
        assert kind == b"event: request.done"
        told = json.loads(data.removeprefix(b"data: "))
        assert told == {"at": 5.0, "id": "aa", "error": "two\nlines\r\n\r\n"}
        assert await response.content.read() == b'event: daemon.stopping\ndata: {"at":6.0}\n\n'
    assert house.rooms.bus.watchers == 0


async def test_a_head_request_ends(client: Client, house: House) -> None:
    async with client.head(PATH) as response:
        assert response.status == 200
    assert house.rooms.bus.watchers == 0


async def test_a_client_that_goes_leaves_no_watcher_behind(client: Client, house: House) -> None:
    async with client.get(PATH) as response:
        await response.content.readuntil(b"\n\n")
        assert house.rooms.bus.watchers == 1
    async with asyncio.timeout(10):
        await house.bus.left.wait()
    assert house.rooms.bus.watchers == 0


@pytest.mark.parametrize(("query", "shown"), [("", True), ("?models=shown", True), ("?models=hidden", False)])
async def test_whoever_shows_no_models_has_nobody_look_for_them(
    client: Client, house: House, query: str, shown: bool
) -> None:
    async with client.get(PATH + query) as response:
        await response.content.readuntil(b"\n\n")
        assert house.rooms.bus.models_are_shown is shown


async def test_another_word_is_refused(client: Client) -> None:
    async with client.get(f"{PATH}?models=no") as response:
        assert response.status == 400
        assert "models is shown or hidden, not 'no'" in await response.text()


async def test_silence_is_broken_by_a_comment() -> None:
    bus, reader = Bus(), Reader(leaves_after=2)
    with bus.watch() as watcher, pytest.raises(ConnectionResetError):
        await relay(watcher, reader.write, quiet=0)
    assert reader.written == [b": quiet\n\n"] * 2


async def test_a_slow_reader_is_told_how_much_it_lost() -> None:
    bus, reader = Bus(depth=2), Reader(leaves_after=9)
    with bus.watch() as watcher:
        for number in range(5):
            bus.publish("tick", float(number))
        bus.publish(STOPPING, 9.0)
        await relay(watcher, reader.write)
    assert reader.written[0] == b'event: lost\ndata: {"count":4}\n\n'
    assert [written.split(b"\n")[0] for written in reader.written[1:]] == [
        b"event: tick",
        b"event: daemon.stopping",
    ]
