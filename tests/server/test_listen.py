import asyncio
import socket
import stat
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import pytest
from aiohttp import web

from pointsman.errors import StartError
from pointsman.paths import LONGEST_SOCKET_PATH
from pointsman.server.listen import (
    BACKLOG,
    DEFAULT_PORT,
    PORTS_TRIED,
    bind_first,
    bind_tcp,
    bind_unix,
    serving,
)


def port_of(sock: socket.socket) -> int:
    port: int = sock.getsockname()[1]
    return port


def knock(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_any_port_is_a_free_one() -> None:
    with bind_tcp("127.0.0.1", 0) as one, bind_tcp("127.0.0.1", 0) as two:
        assert 0 != port_of(one) != port_of(two) != 0


def test_a_chosen_port_that_is_taken_fails_and_says_what_to_do() -> None:
    with bind_tcp("127.0.0.1", 0) as taken:
        port = port_of(taken)
        with pytest.raises(StartError, match=f"port {port} of 127.0.0.1 is taken.*--port"):
            bind_tcp("127.0.0.1", port)


async def test_a_chosen_port_that_another_pointsman_has_names_it() -> None:
    async def healthy(_request: web.Request) -> web.Response:
        return web.Response(headers={"X-Pointsman-Version": "1.2.3"})

    app = web.Application()
    app.router.add_get("/healthz", healthy)
    with bind_tcp("127.0.0.1", 0) as taken:
        port = port_of(taken)
        async with serving(app, [taken], drain=0.1):
            with pytest.raises(StartError, match=rf"Pointsman \(1\.2\.3\), at http://127\.0\.0\.1:{port}: "):
                await asyncio.to_thread(bind_tcp, "127.0.0.1", port)


def test_the_default_port_moves_on_when_it_is_taken() -> None:
    with bind_tcp("127.0.0.1", None) as one, bind_tcp("127.0.0.1", None) as two:
        assert DEFAULT_PORT <= port_of(one) < port_of(two) < DEFAULT_PORT + PORTS_TRIED


def test_a_port_is_free_again_at_once_after_a_daemon_with_a_connection_is_gone() -> None:
    with bind_tcp("127.0.0.1", 0) as sock:
        port = port_of(sock)
        client = socket.create_connection(("127.0.0.1", port))
        server, _ = sock.accept()
    server.close()  # it hangs up first, so that the address lingers on this side
    client.close()
    bind_tcp("127.0.0.1", port).close()


def test_the_other_loopback_can_be_had_too() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with bind_tcp("::1", 0) as sock:
        assert sock.getsockname()[0] == "::1"


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.2", "10.0.0.7", "example.com", "", "localhost.evil.example", "127.1"]
)
def test_another_address_than_loopback_is_refused_before_it_is_bound(host: str) -> None:
    with pytest.raises(StartError, match=r"is not a loopback address.*Use 127\.0\.0\.1"):
        bind_tcp(host, 0)


def test_a_socket_is_its_owners_alone_and_so_is_the_folder_made_for_it(tmp_path: Path) -> None:
    path = tmp_path / "run" / "p.sock"
    with bind_unix(path):
        knock(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_socket_that_nobody_answers_at_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "p.sock"
    bind_unix(path).close()
    assert path.is_socket()
    with bind_unix(path):
        knock(path)


def test_a_socket_that_somebody_answers_at_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "p.sock"
    with bind_unix(path):
        with pytest.raises(StartError, match=r"another program listens on .*p\.sock: .*--socket"):
            bind_unix(path)
        knock(path)


def test_what_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "p.sock"
    path.write_text("somebody's file")
    with pytest.raises(StartError, match="is in the way and is no socket"):
        bind_unix(path)
    assert path.read_text() == "somebody's file"


def test_a_path_as_long_as_systems_allow_is_taken_and_a_longer_one_refused() -> None:
    with TemporaryDirectory() as folder:  # pytest's own are long by themselves on some systems
        longest = Path(folder) / ("s" * (LONGEST_SOCKET_PATH - len(folder) - 1))
        with bind_unix(longest):
            knock(longest)
        with pytest.raises(StartError, match=r"longer than the 103 bytes.*--socket"):
            bind_unix(longest.with_name(longest.name + "s"))


def test_of_places_that_nobody_chose_the_first_that_can_be_had_is_taken(tmp_path: Path) -> None:
    gone, good = tmp_path / "gone" / "pointsman" / "p.sock", tmp_path / "p.sock"
    unix, path = bind_first([gone, good])
    with unix:
        assert path == good
        knock(good)
    assert not (tmp_path / "gone").exists()


def test_a_place_that_can_not_be_looked_at_leaves_it_to_the_next(tmp_path: Path) -> None:
    closed = tmp_path / ("x" * 300)  # longer than any name may be, which root can't look at either
    unix, path = bind_first([closed / "pointsman" / "p.sock", tmp_path / "p.sock"])
    with unix:
        assert path == tmp_path / "p.sock"


def test_where_no_place_can_be_had_each_says_why(tmp_path: Path) -> None:
    gone, long = tmp_path / "gone" / "pointsman" / "p.sock", tmp_path / ("s" * LONGEST_SOCKET_PATH)
    with pytest.raises(StartError, match=r"gone can't be used: No such file.*; .*longer than"):
        bind_first([gone, long])


def test_a_path_is_measured_in_bytes(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="longer than"):
        bind_unix(tmp_path / ("ж" * (LONGEST_SOCKET_PATH // 2 + 1)))


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="can't listen on"):
        bind_unix(tmp_path / "file" / "p.sock")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how long the queue may be")
async def test_while_it_serves_as_many_may_wait_as_when_it_was_bound() -> None:
    with bind_tcp("127.0.0.1", 0) as tcp:
        async with serving(web.Application(), [tcp], drain=0.1):
            facts = tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 32)
            assert int.from_bytes(facts[28:32], sys.byteorder) == BACKLOG  # tcpi_sacked, of one that listens


async def test_what_is_bound_is_served_on_all_its_sockets(tmp_path: Path) -> None:
    async def greet(_request: web.Request) -> web.Response:
        return web.Response(text="here")

    app = web.Application()
    app.router.add_get("/", greet)
    path = tmp_path / "p.sock"
    with bind_tcp("127.0.0.1", 0) as tcp, bind_unix(path) as unix:
        async with serving(app, [tcp, unix], drain=0.1):
            for connector, url in (
                (aiohttp.TCPConnector(), f"http://127.0.0.1:{port_of(tcp)}"),
                (aiohttp.UnixConnector(str(path)), "http://pointsman"),
            ):
                async with aiohttp.ClientSession(connector=connector) as session, session.get(url) as answer:
                    assert await answer.text() == "here"
