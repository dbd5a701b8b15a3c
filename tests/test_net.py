import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from pointsman.net import HOP_HEADER, USER_AGENT, Sessions, auth_headers, is_loopback, without_key
from pointsman.types import Account, Auth, Place

PATIENCE = 10.0  # seconds after which a test that waits is broken
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Server:
    """Answers everything, and keeps what it was asked: path and headers."""

    def __init__(self, answer: Callable[[], web.Response] = web.Response) -> None:
        self.seen: list[tuple[str, Mapping[str, str]]] = []
        self._answer = answer

    async def handle(self, request: web.BaseRequest) -> web.Response:
        self.seen.append((str(request.rel_url), request.headers))
        return self._answer()

    @asynccontextmanager
    async def listening(self, socket: Path | None = None) -> AsyncIterator[Place]:
        runner = web.ServerRunner(web.Server(self.handle))
        await runner.setup()
        site = web.UnixSite(runner, socket) if socket else web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield Place("http://engine/v1", str(socket)) if socket else Place(_url(runner))
        finally:
            await runner.cleanup()


def _url(runner: web.ServerRunner) -> str:
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
async def sessions() -> AsyncIterator[Sessions]:
    sessions = Sessions("abc123")
    yield sessions
    await sessions.close()


async def get(sessions: Sessions, place: Place, path: str = "/x", **more: str) -> aiohttp.ClientResponse:
    response = await sessions.session(place).get(place.url + path, headers=more, allow_redirects=False)
    await response.read()
    return response


async def test_we_say_who_we_are_want_no_encoding_and_mark_our_calls(sessions: Sessions) -> None:
    server = Server()
    async with server.listening() as place:
        await get(sessions, place)
    headers = server.seen[0][1]
    assert headers["User-Agent"] == USER_AGENT
    assert headers["Accept-Encoding"] == "identity"
    assert headers[HOP_HEADER] == "abc123"


async def test_cookies_are_neither_kept_nor_sent(sessions: Sessions) -> None:
    server = Server(lambda: web.Response(headers={"Set-Cookie": "who=you; Path=/"}))
    async with server.listening() as place:
        await get(sessions, place)
        await get(sessions, place)
    assert len(server.seen) == 2
    assert all("Cookie" not in headers for _, headers in server.seen)


async def test_a_redirect_is_an_answer_like_any_other(sessions: Sessions) -> None:
    server = Server(lambda: web.Response(status=307, headers={"Location": "/elsewhere"}))
    async with server.listening() as place:
        assert (await get(sessions, place)).status == 307
    assert [path for path, _ in server.seen] == ["/x"]


async def test_this_machine_is_never_asked_through_a_proxy(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = Server(), Server()
    async with proxy.listening() as at, server.listening() as place:
        monkeypatch.setenv("HTTP_PROXY", at.url)
        monkeypatch.setenv("http_proxy", at.url)
        await get(sessions, place)
    assert (len(proxy.seen), len(server.seen)) == (0, 1)


async def test_a_place_elsewhere_is_asked_through_the_proxy_of_the_environment(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Server()
    async with proxy.listening() as at:
        monkeypatch.setenv("http_proxy", at.url)
        await get(sessions, Place("http://models.invalid/v1"))
    assert [(path, headers["Host"]) for path, headers in proxy.seen] == [("/v1/x", "models.invalid")]


async def test_what_the_environment_excepts_is_not_asked_through_the_proxy(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = Server(), Server()
    async with proxy.listening() as at, server.listening() as place:
        monkeypatch.setenv("http_proxy", at.url)
        monkeypatch.setenv("no_proxy", "0.0.0.0")
        elsewhere = place.url.replace("127.0.0.1", "0.0.0.0")  # not known for this machine's, and yet it is
        await get(sessions, Place(elsewhere))
    assert (len(proxy.seen), len(server.seen)) == (0, 1)


async def test_no_password_is_taken_out_of_a_netrc_file(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    proxy = Server()
    async with proxy.listening() as at:
        monkeypatch.setenv("http_proxy", at.url)
        elsewhere = Place("http://models.invalid/v1")
        await get(sessions, elsewhere)
        await get(sessions, elsewhere, Authorization="Bearer key")
    assert [headers.get("Authorization") for _, headers in proxy.seen] == [None, "Bearer key"]


async def test_each_unix_socket_is_a_place_of_its_own(
    sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, proxy = Server(), Server(), Server()
    async with (
        one.listening(tmp_path / "1.sock") as first,
        two.listening(tmp_path / "2.sock") as second,
        proxy.listening() as at,
    ):
        monkeypatch.setenv("http_proxy", at.url)
        await get(sessions, first, "/1")
        await get(sessions, second, "/2")
    assert [path for path, _ in one.seen] == ["/v1/1"]
    assert [path for path, _ in two.seen] == ["/v1/2"]
    assert proxy.seen == []


async def test_more_calls_at_once_than_the_librarys_hundred_are_all_under_way(sessions: Sessions) -> None:
    count, all_there = 130, asyncio.Event()
    waiting = 0

    async def wait_for_all(_request: web.BaseRequest) -> web.Response:
        nonlocal waiting
        waiting += 1
        if waiting == count:
            all_there.set()
        await all_there.wait()
        return web.Response()

    runner = web.ServerRunner(web.Server(wait_for_all))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=count).start()
    try:
        place = Place(_url(runner))
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(get(sessions, place) for _ in range(count)))
    finally:
        all_there.set()
        await runner.cleanup()


async def test_a_long_header_of_an_engine_is_taken(sessions: Sessions) -> None:
    server = Server(lambda: web.Response(headers={"X-Long": "x" * 20_000}))
    async with server.listening() as place:
        assert len((await get(sessions, place)).headers["X-Long"]) == 20_000


async def test_places_that_are_reached_alike_share_a_session_and_closing_forgets_it() -> None:
    sessions = Sessions()
    first = sessions.session(Place("http://127.0.0.1:1"))
    assert sessions.session(Place("http://[::1]:2/v1")) is first
    assert sessions.session(Place("http://x", "/run/x.sock")) is not first
    await sessions.close()
    assert first.closed
    assert sessions.session(Place("http://127.0.0.1:1")) is not first
    await sessions.close()


class Leaver:
    """A server that takes some requests on each connection, and is gone when another one comes.

    Nobody is answered before `together` requests are there, each on a connection of its own.
    """

    def __init__(self, *, together: int = 1, takes: int = 1) -> None:
        self.takes = takes  # requests on each connection
        self.bodies: list[bytes] = []
        self.asked = asyncio.Event()
        self.connections = 0
        self._together = together
        self._writers: list[asyncio.StreamWriter] = []
        self._all_there = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            for _ in range(self.takes):
                self.bodies.append(await _body(reader))
                self.asked.set()
                if len(self.bodies) % self._together == 0:
                    self._all_there.set()
                await self._all_there.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await reader.read(1)
        writer.transport.abort()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Place]:
        async with await asyncio.start_server(self.serve, "127.0.0.1", 0) as server:
            yield Place(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        for writer in self._writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def _body(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    return await reader.readexactly(int(length.partition(b":")[2]))


async def post(sessions: Sessions, place: Place, body: bytes = b"{}") -> bytes:
    async with asyncio.timeout(PATIENCE), sessions.session(place).post(place.url, data=body) as response:
        return await response.read()


@pytest.mark.parametrize("size", [2, 1_000_000], ids=["small", "large"])
async def test_calls_over_connections_that_their_server_has_left_are_made_anew(
    sessions: Sessions, size: int
) -> None:
    server, body = Leaver(together=5), b"x" * size
    async with server.listening() as place:
        for _ in range(2):
            told = await asyncio.gather(*(post(sessions, place, body) for _ in range(5)))
            assert told == [b"ok"] * 5
    assert server.bodies == [body] * 10
    assert server.connections == 10


async def test_a_call_over_a_connection_of_its_own_is_not_made_anew(sessions: Sessions) -> None:
    server = Leaver(takes=0)
    async with server.listening() as place:
        with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
            await post(sessions, place)
    assert server.connections == 1


async def test_a_call_is_made_anew_once(sessions: Sessions) -> None:
    server = Leaver()
    async with server.listening() as place:
        await post(sessions, place)
        server.takes = 0
        with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
            await post(sessions, place)
    assert server.connections == 2


async def test_connections_that_were_kept_are_not_used_after_they_were_renewed(sessions: Sessions) -> None:
    server = Leaver(takes=10)
    async with server.listening() as place:
        await post(sessions, place)
        await post(sessions, place)
        assert server.connections == 1
        sessions.renew(after=PATIENCE)
        await post(sessions, place)
    assert server.connections == 2


async def test_what_is_under_way_when_connections_are_renewed_goes_on(sessions: Sessions) -> None:
    server = Leaver(together=2)
    async with server.listening() as place:
        under_way = asyncio.create_task(post(sessions, place))
        await server.asked.wait()
        sessions.renew(after=PATIENCE)
        assert [await post(sessions, place), await under_way] == [b"ok", b"ok"]


async def test_what_goes_on_for_too_long_after_connections_were_renewed_is_ended(sessions: Sessions) -> None:
    server = Leaver(together=2)
    async with server.listening() as place:
        under_way = asyncio.create_task(post(sessions, place))
        await server.asked.wait()
        sessions.renew(after=0.001)
        with pytest.raises(aiohttp.ClientError):
            await under_way


async def test_a_socket_that_nobody_is_asked_at_any_more_keeps_no_connections() -> None:
    sessions = Sessions()
    here, there, gone = Place("http://127.0.0.1:1"), *(Place("http://localhost", f"/{at}") for at in "ab")
    kept = [sessions.session(place) for place in (here, there)]
    left = sessions.session(gone)
    sessions.keep({there}, after=PATIENCE)
    assert [sessions.session(place) for place in (here, there)] == kept
    assert not left.closed, "what is under way goes on"
    assert sessions.session(gone) is not left
    await sessions.close()
    assert left.closed


async def test_closing_closes_what_was_there_before_a_renewal() -> None:
    sessions = Sessions()
    first = sessions.session(Place("http://127.0.0.1:1"))
    sessions.renew(after=PATIENCE)
    assert not first.closed
    await sessions.close()
    assert first.closed


@pytest.mark.parametrize(("asked", "got"), [(64, 64), (100_000, 65_536)])
def test_as_many_open_files_are_allowed_as_may_be_and_as_are_needed(asked: int, got: int) -> None:
    script = (
        "import resource; from pointsman.net import allow_connections; "
        f"most = min({asked}, resource.getrlimit(resource.RLIMIT_NOFILE)[1]); "
        "resource.setrlimit(resource.RLIMIT_NOFILE, (32, most)); allow_connections(); "
        f"assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min({got}, most), most)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


async def test_without_a_mark_of_our_own_calls_carry_none() -> None:
    server, sessions = Server(), Sessions()
    async with server.listening() as place:
        await get(sessions, place)
    await sessions.close()
    assert HOP_HEADER not in server.seen[0][1]


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (Auth.BEARER, {"authorization": "Bearer sk-1"}),
        (Auth.X_API_KEY, {"x-api-key": "sk-1"}),
        (Auth.X_GOOG_API_KEY, {"x-goog-api-key": "sk-1"}),
        (Auth.NONE, {}),
    ],
)
def test_a_key_is_sent_where_its_provider_wants_it(auth: Auth, headers: dict[str, str]) -> None:
    assert auth_headers(Account("a", "sk-1", auth)) == headers


def test_without_an_account_no_key_is_sent() -> None:
    assert auth_headers(None) == {}


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8080/v1", True),
        ("http://127.8.8.8", True),
        ("http://localhost:1/v1", True),
        ("http://LOCALHOST", True),
        ("http://models.localhost:1", True),
        ("http://[::1]:8080", True),
        ("http://127.0.0.1.evil.example", False),
        ("http://localhost.evil.example", False),
        ("http://notlocalhost", False),
        ("http://127.0.0.1@evil.example", False),
        ("http://0.0.0.0:8080", False),
        ("http://192.168.1.2", False),
        ("http://[2001:db8::1]", False),
        ("https://api.example.com/v1?x=127.0.0.1", False),
        ("", False),
    ],
)
def test_this_machine_is_told_from_everything_else(url: str, here: bool) -> None:
    assert is_loopback(url) is here


@pytest.mark.parametrize("said", [b'{"a": "sk/1"}', rb'{"a": "sk\/1"}'])
def test_a_key_is_cut_out_of_what_is_said_however_json_writes_it(said: bytes) -> None:
    assert without_key(said, Account("a", "sk/1")) == b'{"a": "(the key)"}'
    assert without_key(said, None) == said
