import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import ForeignOrigin, PointsmanError, WrongHost
from pointsman.net import HOP_HEADER
from pointsman.server.guard import check, check_host, check_origin

HOP = "this-very-daemon"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:11711",
        "127.8.8.8:1",
        "localhost",
        "localhost:11711",
        "LocalHost:11711",
        "localhost.",
        "localhost.:11711",
        "models.localhost:11711",
        "[::1]",
        "[::1]:11711",
    ],
)
def test_names_of_this_machine_are_let_in(host: str) -> None:
    check_host(host, "127.0.0.1")


@pytest.mark.parametrize(
    "host",
    [
        "",
        ":11711",
        "evil.example",
        "evil.example:11711",
        "localhost.evil.example",
        "127.0.0.1.evil.example:11711",
        "127.0.0.1.nip.io",
        "notlocalhost",
        "evil-localhost",
        "evil.example#localhost",
        "evil.example@localhost",
        "localhost@evil.example",
        "127.0.0.1@evil.example:11711",
        "evil.example@127.0.0.1:11711",
        "localhost:evil.example",
        "localhost:80:80",
        "localhost/evil.example",
        "localhost?evil.example",
        "localhost#evil.example",
        "localhost\\.evil.example",
        "localhost evil.example",
        "localhost,evil.example",
        "loc\talhost",
        "0.0.0.0:11711",
        "[::]:11711",
        "192.168.1.2:11711",
        "[2001:db8::1]:11711",
        "::1",
        "[::1",
        "[localhost]",
        "127.1",
        "2130706433",
        "0x7f000001",
        "printer.local",
    ],
)
def test_every_other_host_is_refused(host: str) -> None:
    with pytest.raises(WrongHost, match="is not this daemon's") as caught:
        check_host(host, "127.0.0.1")
    assert caught.value.status == 421


def test_the_address_that_is_bound_is_let_in_and_no_other_of_its_kind() -> None:
    check_host("10.0.0.7:11711", "10.0.0.7")
    with pytest.raises(WrongHost):
        check_host("10.0.0.8:11711", "10.0.0.7")


def test_a_long_hostile_host_is_repeated_in_part_and_harmlessly() -> None:
    with pytest.raises(WrongHost) as caught:
        check_host("\x1b[31m" + "x" * 10_000, "127.0.0.1")
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 300


pieces = st.sampled_from(
    ("localhost", "127.0.0.1", "[::1]", ":", "11711", "@", "/", "#", "?", ".", "x", " ", "\\")
)


@given(st.lists(pieces, max_size=6).map("".join), st.sampled_from(("evil.example", "evil.example:11711")))
def test_nothing_put_before_another_site_makes_it_ours(before: str, site: str) -> None:
    with pytest.raises(WrongHost):
        check_host(before + site, "127.0.0.1")


def test_programs_send_no_origin_and_our_own_page_the_hosts() -> None:
    check_origin(None, "127.0.0.1:11711")
    check_origin("http://127.0.0.1:11711", "127.0.0.1:11711")


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://",
        "http://evil.example",
        "https://127.0.0.1:11711",
        "http://127.0.0.1",
        "http://127.0.0.1:3000",
        "http://localhost:11711",
        "http://127.0.0.1:11711.evil.example",
        "http://127.0.0.1:11711/",
        "http://127.0.0.1:11711, http://evil.example",
        "chrome-extension://abc",
        "file://",
    ],
)
def test_pages_of_every_other_origin_are_refused(origin: str) -> None:
    with pytest.raises(ForeignOrigin) as caught:
        check_origin(origin, "127.0.0.1:11711")
    assert caught.value.status == 403


def test_without_a_host_no_origin_is_our_own() -> None:
    with pytest.raises(ForeignOrigin):
        check_origin("http://", "")


async def handle(request: web.Request) -> web.Response:
    try:
        check(request, HOP, "127.0.0.1")
    except PointsmanError as error:
        return web.Response(status=error.status)
    return web.Response()


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[web.AppRunner]:
    """Listens on a port and on a Unix socket."""
    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await web.UnixSite(runner, tmp_path / "p.sock").start()
    yield runner
    await runner.cleanup()


async def status(door: web.AppRunner, *headers: str, unix: bool = False) -> int:
    """What a request of exactly these headers is answered."""
    port, path = door.addresses[0][1], door.addresses[1]
    opening = asyncio.open_unix_connection(path) if unix else asyncio.open_connection("127.0.0.1", port)
    reader, writer = await opening
    writer.write("\r\n".join(("GET / HTTP/1.1", *headers, "Connection: close", "", "")).encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(answer.split()[1])


async def test_a_program_gets_in(door: web.AppRunner) -> None:
    assert await status(door, "Host: localhost:11711") == 200


async def test_a_name_rebound_to_this_machine_does_not_get_in_though_no_origin_tells(
    door: web.AppRunner,
) -> None:
    assert await status(door, "Host: rebound.evil.example:11711") == 421
    assert await status(door, "Host: rebound.evil.example", "Origin: http://rebound.evil.example") == 421


async def test_a_request_whose_host_is_empty_does_not_get_in(door: web.AppRunner) -> None:
    assert await status(door, "Host:") == 421


async def test_a_page_of_another_port_does_not_get_in(door: web.AppRunner) -> None:
    assert await status(door, "Host: localhost:11711", "Origin: http://localhost:3000") == 403
    assert await status(door, "Host: localhost:11711", "Origin: null") == 403


async def test_through_the_socket_any_host_gets_in_but_no_foreign_page(door: web.AppRunner) -> None:
    assert await status(door, "Host: whatever", unix=True) == 200
    assert await status(door, "Host:", unix=True) == 200
    assert await status(door, "Host: whatever", "Origin: http://evil.example", unix=True) == 403


async def test_our_own_call_that_comes_back_is_a_loop_and_anothers_is_not(door: web.AppRunner) -> None:
    assert await status(door, "Host: localhost", f"{HOP_HEADER}: {HOP}") == 508
    assert await status(door, "Host: any", f"{HOP_HEADER}: {HOP}", unix=True) == 508
    assert await status(door, "Host: localhost", f"{HOP_HEADER}: another-daemon") == 200
