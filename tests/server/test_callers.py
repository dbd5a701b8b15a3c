"""Whose account a request comes from, over real connections."""

import asyncio
import os
import pwd
import socket
import sys
import tempfile
from asyncio import BaseTransport
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from pointsman.server.callers import Callers, user_at

ME = pwd.getpwuid(os.getuid()).pw_name
NOBODY, NAMELESS = 65_534, 54_321

linux = pytest.mark.skipif(sys.platform != "linux", reason="nobody tells of TCP elsewhere")
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may ask as somebody else")


@dataclass
class Server:
    """Answers with whom it takes its client to be."""

    looks: list[str] = field(default_factory=list)
    port: int = 0
    port_of_6: int = 0
    path: str = ""

    def look(self, transport: BaseTransport) -> str:
        self.looks.append(user_at(transport))
        return self.looks[-1]


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """Its name is short: a socket's path holds a hundred bytes."""
    mask = os.umask(0)
    with tempfile.TemporaryDirectory(prefix="pm-") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)
    os.umask(mask)


@pytest.fixture
async def server(open_to_all: Path) -> AsyncIterator[Server]:
    made = Server()
    callers = Callers(made.look)

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=callers.user_of(request))

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.UnixSite(runner, str(open_to_all / "p.sock")).start()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await web.TCPSite(runner, "::1", 0).start()
    made.path, (_, made.port), (_, made.port_of_6, *_) = runner.addresses
    yield made
    await runner.cleanup()


def connect(family: int, address: Any, uid: int | None = None) -> socket.socket:
    """As another account, if one is named: a socket belongs to who made it, and to who connected it."""
    own = os.geteuid()
    try:
        if uid is not None:
            os.seteuid(uid)
        made = socket.socket(family)
        made.connect(address)
    finally:
        os.seteuid(own)
    made.setblocking(False)
    return made


async def asked(connection: socket.socket, times: int = 1) -> str:
    """The last of some answers over one connection."""
    reader, writer = await asyncio.open_connection(sock=connection)
    for _ in range(times):
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.startswith(b"Content-Length: "))
        body = await reader.readexactly(int(length.partition(b": ")[2]))
    writer.close()
    await writer.wait_closed()
    return body.decode()


async def test_a_unix_socket_tells_who_connected(server: Server) -> None:
    assert await asked(connect(socket.AF_UNIX, server.path)) == ME


@linux
async def test_loopback_tells_whose_socket_it_is(server: Server) -> None:
    assert await asked(connect(socket.AF_INET, ("127.0.0.1", server.port))) == ME
    assert await asked(connect(socket.AF_INET6, ("::1", server.port_of_6))) == ME
    assert await asked(connect(socket.AF_INET6, ("::ffff:127.0.0.1", server.port))) == ME


@linux
@root
@pytest.mark.parametrize(("uid", "name"), [(NOBODY, "nobody"), (NAMELESS, str(NAMELESS))])
async def test_another_account_is_told_by_its_name_or_its_number(server: Server, uid: int, name: str) -> None:
    assert await asked(connect(socket.AF_UNIX, server.path, uid)) == name
    assert await asked(connect(socket.AF_INET, ("127.0.0.1", server.port), uid)) == name
    assert await asked(connect(socket.AF_INET6, ("::1", server.port_of_6), uid)) == name


async def test_it_is_looked_for_once_for_each_connection(server: Server) -> None:
    await asked(connect(socket.AF_UNIX, server.path), times=3)
    await asked(connect(socket.AF_UNIX, server.path))
    assert server.looks == [ME, ME]


class Told(BaseTransport):
    """A connection of which that is known that a test says."""

    def __init__(self, **extra: object) -> None:
        super().__init__(extra)


@pytest.mark.parametrize("peer", [None, "", ("192.0.2.1", 1), ("127.0.0.1", 1), ("::1", 1, 0, 0)])
def test_of_whom_nothing_is_known_nothing_is_told(peer: object) -> None:
    with socket.socket() as closed:
        assert user_at(Told()) == ""
        assert user_at(Told(socket=closed, peername=peer, sockname=("127.0.0.1", 2))) == ""
    assert user_at(Told(socket=closed, peername=peer, sockname=None)) == ""


def test_a_unix_socket_that_is_closed_tells_of_nobody() -> None:
    with socket.socket(socket.AF_UNIX) as gone:
        pass
    assert user_at(Told(socket=gone, peername="", sockname="")) == ""
