"""The way to the daemon: found where it published itself, tried in turn, told apart from others."""

import asyncio
import json
import os
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from aiohttp import web

from pointsman.cli.address import Address, DaemonAway, find_addresses
from pointsman.cli.client import Client, CutShort, DaemonRefused, Event
from pointsman.paths import Paths
from tests.cli.stub import Stub, refuse


def paths_in(state: Path) -> Paths:
    return Paths(state / "config.toml", state, state / "named.sock")


def client_of(stub: Stub, warnings: list[str] | None = None) -> Client:
    told: list[str] = [] if warnings is None else warnings
    return Client(find_addresses(paths_in(stub.state)), told.append)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def test_the_unix_socket_is_tried_first(stub: Stub) -> None:
    stub.answers["GET /control/v0/status"] = {"fine": True}
    assert client_of(stub).get("/status") == {"fine": True}
    assert [asked.through for asked in stub.asked] == ["unix"]


def test_a_socket_that_is_gone_leaves_tcp(stub: Stub) -> None:
    stub.answers["GET /control/v0/status"] = {}
    stub.publish(socket=stub.state / "gone.sock", url=f"http://127.0.0.1:{stub.port}")
    client_of(stub).get("/status")
    assert [asked.through for asked in stub.asked] == ["tcp"]


def test_nothing_published_means_no_daemon_and_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(DaemonAway, match=r"daemon\.json\); start it with: pointsman serve"):
        find_addresses(paths_in(tmp_path))


@pytest.mark.parametrize("text", ["", "[]", "not json", "\0"])
def test_a_spoilt_publication_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "daemon.json").write_text(text, encoding="utf-8")
    with pytest.raises(DaemonAway, match=r"daemon\.json"):
        find_addresses(paths_in(tmp_path))


def test_what_a_dead_daemon_left_behind_names_each_way_that_was_tried(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    Stub(tmp_path).publish(socket=tmp_path / "p.sock", url=url)
    client = Client(find_addresses(paths_in(tmp_path)), print)
    with pytest.raises(DaemonAway, match=f"unix:{tmp_path}/p.sock: .*; {url}: Connection refused"):
        client.get("/status")


def test_a_daemon_that_lives_and_does_not_answer_is_not_said_to_be_gone(tmp_path: Path) -> None:
    facts = {"pid": os.getpid(), "url": f"http://127.0.0.1:{closed_port()}", "socket": None}
    (tmp_path / "daemon.json").write_text(json.dumps(facts), encoding="utf-8")
    client = Client(find_addresses(paths_in(tmp_path)), print)
    with pytest.raises(DaemonAway, match=f"process {os.getpid()} is starting or stopping"):
        client.get("/status")


def test_where_the_publication_was_removed_the_lock_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(
        '{"pid": 1, "url": "http://127.0.0.1:2", "socket": null}', encoding="utf-8"
    )
    assert find_addresses(paths_in(tmp_path)) == (Address("http://127.0.0.1:2"),)


def test_a_socket_that_was_named_is_the_only_one(tmp_path: Path) -> None:
    assert find_addresses(paths_in(tmp_path), only_socket=True) == (
        Address(socket=str(tmp_path / "named.sock")),
    )


def test_an_address_of_ip_version_six_is_understood(tmp_path: Path) -> None:
    Stub(tmp_path).publish(socket=None, url="http://[::1]:11711")
    assert find_addresses(paths_in(tmp_path)) == (Address("http://[::1]:11711"),)


def test_a_stranger_on_the_port_is_not_taken_for_the_daemon(stub: Stub) -> None:
    stub.headers = {}
    stub.answers["GET /control/v0/status"] = {"hello": "world"}
    with pytest.raises(DaemonAway, match="is not Pointsman"):
        client_of(stub).get("/status")


def test_another_version_is_noticed_once(stub: Stub) -> None:
    stub.headers = {"X-Pointsman-Version": "0.0.1"}
    stub.answers["GET /control/v0/status"] = {}
    warnings: list[str] = []
    client = client_of(stub, warnings)
    client.get("/status")
    client.get("/status")
    assert len(warnings) == 1
    assert "the running daemon 0.0.1: restart the daemon" in warnings[0]


def test_a_refusal_is_told_in_the_daemons_words(stub: Stub) -> None:
    async def no(_request: web.Request) -> web.Response:
        return refuse(404, "no request begins with 'zz'")

    stub.answers["GET /control/v0/decisions/zz"] = no
    with pytest.raises(DaemonRefused, match="no request begins with 'zz'") as caught:
        client_of(stub).get("/decisions/zz")
    assert caught.value.http_status == 404


def test_an_error_that_is_no_json_is_quoted(stub: Stub) -> None:
    async def fail(_request: web.Request) -> web.Response:
        return web.Response(status=500, text="out of order")

    stub.answers["GET /control/v0/status"] = fail
    with pytest.raises(DaemonRefused, match="answered 500: out of order"):
        client_of(stub).get("/status")


def test_an_answer_that_is_no_json_is_refused(stub: Stub) -> None:
    async def talk(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    stub.answers["GET /control/v0/status"] = talk
    with pytest.raises(DaemonRefused, match="no JSON"):
        client_of(stub).get("/status")


def test_an_answer_that_is_cut_is_not_taken_for_whole(stub: Stub) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"{}")
        assert request.transport
        request.transport.close()
        return response

    stub.answers["GET /control/v0/status"] = cut
    with pytest.raises(CutShort, match="cut short"):
        client_of(stub).get("/status")


def test_hanging_up_without_a_word_is_said(stub: Stub) -> None:
    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport
        request.transport.abort()
        return web.Response()

    stub.answers["GET /control/v0/status"] = hang_up
    with pytest.raises(CutShort, match="hung up without an answer"):
        client_of(stub).get("/status")


def test_a_daemon_that_says_nothing_is_left_after_the_patience(stub: Stub) -> None:
    async def sulk(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    stub.answers["POST /control/v0/discover"] = sulk
    with pytest.raises(CutShort, match="did not answer in time"):
        client_of(stub).post("/discover", patience=0.05)


def test_lines_come_as_they_are_sent_and_a_cut_is_noticed(stub: Stub) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"one\ntw")
        await response.write(b"o\n")
        assert request.transport
        request.transport.abort()
        return response

    stub.answers["POST /v1/x"] = drip
    heard: list[bytes] = []
    with client_of(stub).stream("POST", "/v1/x", {"a": 1}) as stream, pytest.raises(CutShort):
        heard.extend(stream.lines)
    assert stub.asked[0].body == {"a": 1}
    assert stub.asked[0].headers["Content-Type"] == "application/json"


def test_queries_are_quoted(stub: Stub) -> None:
    stub.answers["GET /control/v0/decisions"] = {}
    client_of(stub).get("/decisions", limit=5, before="a b")
    assert stub.asked[0].path == "/control/v0/decisions?limit=5&before=a+b"


def test_the_publication_is_read_as_the_daemon_writes_it(tmp_path: Path) -> None:
    facts = {"pid": 1, "version": "1", "url": "http://127.0.0.1:11712", "socket": None}
    (tmp_path / "daemon.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
    assert find_addresses(paths_in(tmp_path)) == (Address("http://127.0.0.1:11712"),)


async def _events(request: web.Request) -> web.StreamResponse:
    """An event, a comment between its lines, an event in pieces, and the end of the connection."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b': watching\n\nevent: a.b\n: quiet\ndata: {"at": 1}\n\n')
    await response.write(b"event: c\nda")
    await response.write(b'ta: {"at": 2}\n\n')
    assert request.transport
    request.transport.abort()
    return response


def test_events_come_one_by_one_and_a_lost_connection_is_told(stub: Stub) -> None:
    stub.answers["GET /control/v0/events"] = _events
    heard: list[Event] = []
    with client_of(stub).events() as events, pytest.raises(CutShort):
        heard.extend(events)
    assert heard == [Event("a.b", {"at": 1}), Event("c", {"at": 2})]


def test_events_of_a_daemon_that_is_gone_are_refused_at_once(tmp_path: Path) -> None:
    client = Client((Address(f"http://127.0.0.1:{closed_port()}"),), print)
    with pytest.raises(DaemonAway), client.events():
        pytest.fail("nobody is there")


def test_where_nothing_is_published_a_socket_may_wake_the_daemon_for_who_wants_that(tmp_path: Path) -> None:
    with TemporaryDirectory(prefix="pm-") as folder, socket.socket(socket.AF_UNIX) as held:
        paths = paths_in(Path(folder))
        held.bind(str(paths.socket))
        with pytest.raises(DaemonAway):
            find_addresses(paths)
        assert find_addresses(paths, wakes=True) == (Address(socket=str(paths.socket)),)
