"""Spots: where on this machine a look is worth while. What tells them asks no server."""

import ipaddress
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol
from urllib.parse import urlsplit

from pointsman.catalogue.row import Provider
from pointsman.net import is_loopback_host
from pointsman.types import FoundBy, Place

ANYWHERE = frozenset({"", "*", "0.0.0.0", "::"})  # listening there is listening on loopback too  # noqa: S104
LOOPBACK = ("127.0.0.1", "::1")  # in the order in which they are tried
PORTS = range(1, 65536)
SCHEMES = MappingProxyType({"http": 80, "https": 443})

Key = tuple[str, str, int]  # scheme, host, port; of a Unix socket: "unix", its path, 0


@dataclass(frozen=True, slots=True)
class Spot:
    """`row`: the engine that is expected. `inner`: a part of another engine, never looked at.

    `proven`: the system says that this engine's own process listens there.
    """

    place: Place
    found_by: FoundBy
    row: Provider | None = None
    inner: bool = False
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Goal:
    """A place that is to be looked at once, whoever told of it, and whom to expect, the likeliest first.

    `proven`: who listens there, by its process; on IPv6 that may be another one than on IPv4.
    """

    place: Place
    found_by: FoundBy
    rows: tuple[Provider, ...]
    proven: Mapping[Place, Provider]


class Finder(Protocol):
    """A way to learn of spots. Its failure is its own: `spots` may raise, and the others go on."""

    @property
    def looked_for(self) -> tuple[str, ...]:
        """In plain words, for `status` and errors."""
        ...

    async def spots(self) -> Sequence[Spot]: ...


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server was told to listen; `socket` where that is a Unix socket's path."""

    host: str = ""
    port: int = 0
    scheme: str = "http"
    socket: str = ""

    def __str__(self) -> str:
        return self.socket or f"{self.scheme}://{_bracketed(self.host)}:{self.port}"

    @property
    def place(self) -> Place | None:
        """Where it is reached from this machine. None: not over loopback, and so not by itself."""
        if self.socket:
            return Place("http://localhost/v1", self.socket)
        host = _reached_at(self.host)
        if host is None or self.port not in PORTS:
            return None
        return Place(f"{self.scheme}://{_bracketed(host)}:{self.port}/v1")


def merged(spots: Iterable[Spot], skip: Iterable[Key]) -> Iterator[Goal]:
    """One goal for each place, in the places' own order; the first spot says how it was found.

    That a tunnel begins somewhere is no reason to look there.
    """
    told: dict[Key, list[Spot]] = {}
    for spot in spots:
        told.setdefault(key(spot.place), []).append(spot)
    left_out = frozenset(skip)
    for where in sorted(told):
        here = told[where]
        worth_it = any(not (spot.row and spot.row.relays) for spot in here)
        if worth_it and where not in left_out and not any(spot.inner for spot in here):
            likely = sorted(here, key=lambda spot: spot.found_by is FoundBy.PORT)
            rows = dict.fromkeys(spot.row for spot in likely if spot.row)
            proven = {spot.place: spot.row for spot in here if spot.proven and spot.row}
            yield Goal(here[0].place, here[0].found_by, tuple(rows), proven)


def key(place: Place) -> Key:
    """The same for all names of one place: loopback's three, and a socket's links."""
    if place.socket:
        return "unix", os.path.realpath(place.socket), 0
    parts = urlsplit(place.url)
    host = parts.hostname or ""
    port = parts.port or SCHEMES.get(parts.scheme, 0)
    return parts.scheme, "localhost" if host in LOOPBACK or host in ANYWHERE else host, port


def read_address(text: str, port: int) -> Address | None:
    """An address as engines take it: a host, `host:port`, `:port`, a URL, a socket's path.

    `port` stands where none is given. None: nobody can tell what it means.
    """
    text = text.strip().strip("'\"").strip()
    if text.startswith("unix:"):
        return Address(socket=text.removeprefix("unix:").removeprefix("//"))
    if text.endswith(".sock") or text.startswith("/"):
        return Address(socket=text)
    scheme, has_scheme, rest = text.rpartition("://")
    scheme = scheme.lower() or "http"
    if scheme not in SCHEMES:
        return None
    return _host_and_port(rest.partition("/")[0], SCHEMES[scheme] if has_scheme else port, scheme)


def read_port(text: str) -> int:
    """0: it is none."""
    port = int(text) if re.fullmatch(r"\d{1,5}", text, re.ASCII) else 0
    return port if port in PORTS else 0


def _host_and_port(text: str, port: int, scheme: str) -> Address | None:
    if _is_ip(text.strip("[]")):
        return Address(text.strip("[]"), port, scheme)
    if not (parts := re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]\s@:]*)(?::(\d{1,5}))?", text, re.ASCII)):
        return None
    host, given = parts.groups()
    address = Address(host.strip("[]"), int(given) if given else port, scheme)
    return address if address.port in PORTS else None


def _reached_at(host: str) -> str | None:
    if host in ANYWHERE or host == "localhost":
        return LOOPBACK[0]
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return host if is_loopback_host(host) else None
    mapped = getattr(ip, "ipv4_mapped", None) or ip
    if mapped.is_unspecified:
        return LOOPBACK[0]
    return str(mapped) if mapped.is_loopback else None


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
