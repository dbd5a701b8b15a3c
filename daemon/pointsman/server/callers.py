"""Whose account of this machine a request comes from, as the kernel tells of the other end of its connection.

On a Unix socket it tells whose process connected. On loopback TCP Linux is asked for the one socket that is
meant (sock_diag(7)): its tables under /proc would have to be read whole. Elsewhere nobody says.
"""

import pwd
import socket
import struct
import sys
from asyncio import BaseTransport
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from weakref import WeakKeyDictionary

from aiohttp import web

from pointsman.net import is_loopback_host

# sock_diag(7), linux/inet_diag.h: a header, then the question, or the answer.
SOCK_DIAG = 4  # of netlink's protocols
BY_FAMILY = 20
REQUEST = 1
ANY_STATE = 0xFFFFFFFF
NO_COOKIE = (ANY_STATE, ANY_STATE)
HEADER = struct.Struct("=IHHII")  # length, type, flags, number, from whom
QUESTION = struct.Struct("=BBBBI")  # family, protocol, what else is wanted, nothing, states
SOCKET_ID = struct.Struct("!HH16s16s12s")  # ports and addresses from its own side; interface and cookie
ANSWERED = struct.Struct("=4B48s4I")  # ... the socket, expires, two queues, its user
LOCAL_PEERCRED = 1  # sys/un.h of macOS, at the level 0

Address = tuple[str, int]


class Callers:
    """Looks once for each connection."""

    def __init__(self, look: Callable[[BaseTransport], str] | None = None) -> None:
        self._look = look or user_at
        self._users: WeakKeyDictionary[BaseTransport, str] = WeakKeyDictionary()

    def user_of(self, request: web.Request) -> str:
        """A name as in /etc/passwd; empty: it is not known."""
        transport = request.transport
        if transport is None:
            return ""
        if (user := self._users.get(transport)) is None:
            user = self._users[transport] = self._look(transport)
        return user


def user_at(transport: BaseTransport) -> str:
    """Who is at the other end; empty: it is not known."""
    uid = None
    with suppress(OSError, ValueError, struct.error):
        uid = _uid_at(transport)
    return "" if uid is None else _name(uid)


def _uid_at(transport: BaseTransport) -> int | None:
    connection, peer = transport.get_extra_info("socket"), transport.get_extra_info("peername")
    if connection is None:
        return None
    if connection.family == socket.AF_UNIX:
        return _uid_of_unix(connection)
    own = transport.get_extra_info("sockname")
    return _uid_of_tcp(peer[:2], own[:2]) if peer and own and is_loopback_host(peer[0]) else None


def _uid_of_unix(connection: socket.socket) -> int:
    if sys.platform == "linux":
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        uid = struct.unpack("=iII", credentials)[1]
    else:
        credentials = connection.getsockopt(0, LOCAL_PEERCRED, 76)
        uid = struct.unpack_from("=II", credentials)[1]
    return int(uid)


def _uid_of_tcp(peer: Address, own: Address) -> int | None:
    """Of the socket whose own side is `peer`."""
    if sys.platform != "linux":
        return None
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, SOCK_DIAG) as kernel:
        kernel.send(_question(peer, own))
        answer = kernel.recv(4096, socket.MSG_DONTWAIT)  # it is there as soon as it was asked for
    if HEADER.unpack_from(answer)[1] != BY_FAMILY:
        return None  # it is in another namespace, or gone
    return int(ANSWERED.unpack_from(answer, HEADER.size)[-1])


def _question(peer: Address, own: Address) -> bytes:
    source, target = ip_address(peer[0]).packed, ip_address(own[0]).packed
    family = socket.AF_INET if len(source) == 4 else socket.AF_INET6
    asked = QUESTION.pack(family, socket.IPPROTO_TCP, 0, 0, ANY_STATE)
    asked += SOCKET_ID.pack(peer[1], own[1], source, target, struct.pack("=III", 0, *NO_COOKIE))
    return HEADER.pack(HEADER.size + len(asked), BY_FAMILY, REQUEST, 0, 0) + asked


def _name(uid: int) -> str:
    """The number itself where the account has no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
