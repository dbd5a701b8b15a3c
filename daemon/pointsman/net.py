"""The only maker of HTTP sessions: what a library takes for granted and a proxy must not.

No time-out of the library's own (execution has its clocks), no cap on connections, no cookies, no
proxy for loopback. Redirects are refused where requests are made (`allow_redirects=False`). The
library is not told to trust the environment: with its proxies it would take passwords out of ~/.netrc.
"""

import ipaddress
from collections.abc import Mapping
from importlib.metadata import version
from types import MappingProxyType
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from pointsman.types import Account, Auth, Place

USER_AGENT = f"pointsman/{version('pointsman')}"
HOP_HEADER = "X-Pointsman-Hop"
VERSION_HEADER = "X-Pointsman-Version"  # in every answer of ours
LONGEST_HEADER = 32 * 1024  # bytes of one header line that an engine may send
READ_BUFFER = 256 * 1024  # bytes read ahead of a slow client before the engine is slowed down
KEEP_ALIVE = 4.0  # seconds; below llama-server's five, so that we hang up first and meet no reset


class Sessions:
    """One session for each Unix socket, and for TCP one by each proxy; made when first asked for."""

    def __init__(self, hop_id: str = "") -> None:
        self._headers = MappingProxyType(
            {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
            | ({HOP_HEADER: hop_id} if hop_id else {})
        )
        self._sessions: dict[tuple[str | None, str | None], aiohttp.ClientSession] = {}
        self._of: dict[Place, aiohttp.ClientSession] = {}

    def session(self, place: Place) -> aiohttp.ClientSession:
        if (known := self._of.get(place)) is not None:
            return known
        key = (place.socket, None if place.socket else proxy_for(place.url))
        if key not in self._sessions:
            self._sessions[key] = self._make(*key)
        self._of[place] = self._sessions[key]
        return self._of[place]

    def _make(self, socket: str | None, proxy: str | None) -> aiohttp.ClientSession:
        connector: aiohttp.BaseConnector = (
            aiohttp.UnixConnector(path=socket, limit=0, keepalive_timeout=KEEP_ALIVE)
            if socket
            else aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE)
        )
        return aiohttp.ClientSession(
            connector=connector,
            headers=self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            proxy=proxy,
            auto_decompress=True,
            read_bufsize=READ_BUFFER,
            max_line_size=LONGEST_HEADER,
            max_field_size=LONGEST_HEADER,
        )

    async def close(self) -> None:
        self._of.clear()
        while self._sessions:
            _, session = self._sessions.popitem()
            await session.close()


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
