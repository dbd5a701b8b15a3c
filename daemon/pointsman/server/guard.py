"""Who may come in. Listening on loopback is not enough: a web page can make a browser call us.

The Host header is checked on every request, because a name that an attacker rebinds to 127.0.0.1
makes the browser believe that we are the attacker's own site (DNS rebinding). Pages of any other
origin are refused; no CORS header is ever sent.
"""

import re

from aiohttp import web

from pointsman.errors import ForeignOrigin, Loop, NotJson, NotOurs, WrongHost
from pointsman.net import HOP_HEADER, is_loopback_host

_HOST = re.compile(r"(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d*)?", re.ASCII | re.IGNORECASE)


def check(request: web.Request, hop_id: str, bound_host: str) -> None:
    """Lets in only what a program on this machine would send. Raises WrongHost, ForeignOrigin or Loop."""
    headers = request.headers
    if not _through_socket(request):
        check_host(headers.get("Host", ""), bound_host)
    check_origin(headers.get("Origin"), headers.get("Host", ""))
    if headers.get(HOP_HEADER) == hop_id:
        raise Loop("this request was sent by this very Pointsman: a provider's address leads back here")


def check_change(request: web.Request) -> None:
    """Lets in only who may change what outlasts the request: the owner of the Unix socket.

    Raises NotOurs or NotJson. On TCP anybody on this machine can knock, whoever's account that is.
    """
    if not _through_socket(request):
        raise NotOurs("this is changed through the Unix socket alone: `pointsman` uses it where there is one")
    if request.method != "DELETE" and request.content_type != "application/json":
        raise NotJson("send this as application/json")


def check_host(host: str, bound_host: str) -> None:
    """Raises WrongHost. Allowed are loopback addresses, the bound address, localhost and *.localhost."""
    name = _host_name(host)
    if name == bound_host or is_loopback_host(name):
        return
    raise WrongHost(f"the Host header {host[:100]!r} is not this daemon's: use 127.0.0.1 or localhost")


def check_origin(origin: str | None, host: str) -> None:
    """Raises ForeignOrigin unless no web page asks, or one of our own (the same host and port)."""
    if origin is None:
        return
    if origin == f"http://{host}" and host:
        return
    raise ForeignOrigin(f"web pages of {origin[:100]!r} may not use this daemon")


def _through_socket(request: web.Request) -> bool:
    """A browser can't reach a Unix socket, and its clients may write any Host."""
    return request.transport is not None and not isinstance(
        request.transport.get_extra_info("peername"), tuple
    )


def _host_name(host: str) -> str:
    """The name in `name:port`; empty for whatever is more than that (`user@name`, `name/path`)."""
    found = _HOST.fullmatch(host)
    return (found[1] or found[2]).lower().rstrip(".") if found else ""
