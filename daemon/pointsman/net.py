"""The only maker of HTTP sessions: what a library takes for granted and a proxy must not.

No time-out of the library's own (execution has its clocks), no cap on connections, no cookies, no
proxy for loopback. Redirects are refused where requests are made (`allow_redirects=False`). The
library is not told to trust the environment: with its proxies it would take passwords out of ~/.netrc.
"""

import asyncio
import ipaddress
import re
import resource
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass
from weakref import WeakSet

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

from pointsman.types import Account, Auth, Place
from pointsman.version import VERSION

USER_AGENT = f"pointsman/{VERSION}"
HOP_HEADER = "X-Pointsman-Hop"
VERSION_HEADER = "X-Pointsman-Version"  # in every answer of ours
LONGEST_HEADER = 32 * 1024  # bytes of one header line that an engine may send
READ_BUFFER = 256 * 1024  # bytes read ahead of a slow client before the engine is slowed down
KEEP_ALIVE = 4.0  # seconds; below llama-server's five, so that we hang up first and meet no reset
OPEN_FILES = (65_536, 10_240)  # plenty; as many as macOS lets a process have, whatever else it says
ESCAPE = re.compile(rb"\\(?:/|u00)")  # in which characters of a key may be written
KEY_WORDS = b"(the key)"
AT_ONCE = 1.0  # seconds in which it shows that a server had hung up; later it was at work on the request


class _Pool(aiohttp.BaseConnector):
    """Keeps connections for later calls. One that turns out to be closed by its server is replaced.

    A server may hang up while a call is on its way to it: that says nothing of the server, and is no
    answer. Such a call is made once more, as middleware of the session, over a connection of its own.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._used: WeakSet[ResponseHandler] = WeakSet()
        self._over_used: WeakSet[aiohttp.ClientRequest] = WeakSet()

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        while connection.protocol in self._used and req in self._over_used:
            connection.close()
            connection = await super().connect(req, traces, timeout)
        if connection.protocol in self._used:
            self._over_used.add(req)
        elif connection.protocol is not None:
            self._used.add(connection.protocol)
        return connection

    async def redial(
        self, request: aiohttp.ClientRequest, call: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        now = asyncio.get_running_loop().time
        began = now()
        try:
            return await call(request)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            if request not in self._over_used or now() - began > AT_ONCE:
                raise
        await request.close()
        return await call(request)


class _TCPPool(_Pool, aiohttp.TCPConnector):
    pass


class _UnixPool(_Pool, aiohttp.UnixConnector):
    pass


class Sessions:
    """One session for each Unix socket, and for TCP one by each proxy; made when first asked for.

    `middlewares` see each request, and its answer.
    """

    def __init__(self, hop_id: str = "", middlewares: Sequence[aiohttp.ClientMiddlewareType] = ()) -> None:
        self._middlewares = tuple(middlewares)
        self._headers = MappingProxyType(
            {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
            | ({HOP_HEADER: hop_id} if hop_id else {})
        )
        self._sessions: dict[tuple[str | None, str | None], aiohttp.ClientSession] = {}
        self._of: dict[Place, aiohttp.ClientSession] = {}
        self._old: set[aiohttp.ClientSession] = set()  # from before a renewal
        self._ending: asyncio.Task[None] | None = None  # kept, since a loop keeps no tasks

    def session(self, place: Place) -> aiohttp.ClientSession:
        if (known := self._of.get(place)) is not None:
            return known
        key = (place.socket, None if place.socket else proxy_for(place.url))
        if key not in self._sessions:
            self._sessions[key] = self._make(*key)
        self._of[place] = self._sessions[key]
        return self._of[place]

    def _make(self, socket: str | None, proxy: str | None) -> aiohttp.ClientSession:
        common = {"limit": 0, "keepalive_timeout": KEEP_ALIVE}
        pool = _UnixPool(path=socket, **common) if socket else _TCPPool(**common)
        return aiohttp.ClientSession(
            connector=pool,
            middlewares=(*self._middlewares, pool.redial),
            headers=self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            proxy=proxy,
            auto_decompress=True,
            read_bufsize=READ_BUFFER,
            max_line_size=LONGEST_HEADER,
            max_field_size=LONGEST_HEADER,
        )

    def renew(self, after: float) -> None:
        """New calls get connections and addresses of their own: those that are kept may lead nowhere.

        What is under way goes on, for at most `after` seconds.
        """
        self._retire(self._forget(), after)

    def keep(self, places: Collection[Place], after: float) -> None:
        """Nobody else is asked any more. What is under way at others goes on, for at most `after` seconds."""
        self._of = {place: session for place, session in self._of.items() if place in places}
        there = {place.socket for place in places}
        gone = [key for key in self._sessions if key[0] and key[0] not in there]
        if gone:
            self._retire([self._sessions.pop(key) for key in gone], after)

    def _retire(self, old: Sequence[aiohttp.ClientSession], after: float) -> None:
        self._old.update(old)
        asyncio.get_running_loop().call_later(after, self._end, old)

    async def close(self) -> None:
        await _close([*self._old, *self._forget()])
        self._old.clear()

    def _forget(self) -> list[aiohttp.ClientSession]:
        known = list(self._sessions.values())
        self._sessions.clear()
        self._of.clear()
        return known

    def _end(self, sessions: Sequence[aiohttp.ClientSession]) -> None:
        self._ending = asyncio.create_task(_close(sessions))
        self._old.difference_update(sessions)


async def _close(sessions: Sequence[aiohttp.ClientSession]) -> None:
    for session in sessions:
        await session.close()


def allow_connections() -> None:
    """Takes two open files for each stream at once; systems give 256 or 1,024 at first, and more if asked."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in OPEN_FILES:
        enough = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        if now == resource.RLIM_INFINITY or now >= enough:
            return
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (enough, most))
            return


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for a place elsewhere; for this machine there is none."""
    parts = urlsplit(url)
    if is_loopback(url) or proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)


def auth_headers(account: Account | None) -> Mapping[str, str]:
    """The account's key where its provider wants it."""
    if account is None or account.auth is Auth.NONE:
        return {}
    return {account.auth.value: f"Bearer {account.key}" if account.auth is Auth.BEARER else account.key}


def without_key(said: bytes, account: Account | None) -> bytes:
    """What a provider says, without the key: some repeat it, and what they say is shown and kept."""
    if account is None or not account.key:
        return said
    plain = said.replace(account.key.encode(), KEY_WORDS)
    return re.sub(_spelt(account.key), KEY_WORDS, plain) if ESCAPE.search(plain) else plain


def _spelt(key: str) -> bytes:
    """However JSON may write it, texts within texts too: each character as it is, escaped, or by number."""
    return b"".join(rb"(?:\\*%b|\\+u00(?i:%02x))" % (re.escape(c.encode()), ord(c)) for c in key)


def is_loopback(url: str) -> bool:
    """Whether the url names this machine."""
    return is_loopback_host(urlsplit(url).hostname or "")


def is_loopback_host(host: str) -> bool:
    """Whether it is localhost, a name below it, or a loopback address. Names are not looked up."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
