"""GET events: the bus as server-sent events, until the client goes or the daemon stops."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import MappingProxyType

import msgspec
from aiohttp import hdrs, web

from pointsman.errors import BadRequest
from pointsman.events import Happening, Watcher
from pointsman.server.rooms import ROOMS

QUIET = 15.0  # seconds of silence after which a comment shows that the line still stands
MODELS = MappingProxyType({"shown": True, "hidden": False})  # what `?models=` may say
STOPPING = "daemon.stopping"  # the last thing that happens: streams end after it


async def get_events(request: web.Request) -> web.StreamResponse:
    """`?models=hidden`: whoever watches shows no list of models, and none has to be kept fresh for it."""
    if (models := request.query.get("models", "shown")) not in MODELS:
        raise BadRequest(f"models is shown or hidden, not {models[:20]!r}", param="models")
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    with request.app[ROOMS].bus.watch(shows_models=MODELS[models]) as watcher:
        await response.prepare(request)
        if request.method != hdrs.METH_HEAD:
            with suppress(ConnectionResetError):  # the client went away, which is how this usually ends
                await response.write(b": watching\n\n")
                await relay(watcher, response.write)
    return response


async def relay(watcher: Watcher, write: Callable[[bytes], Awaitable[None]], quiet: float = QUIET) -> None:
    """Each happening as an event; `lost` tells a slow reader how many it missed before the next one."""
    told = 0
    while True:
        happening = await watcher.next(timeout=quiet)
        if watcher.lost > told:
            await write(_event("lost", {"count": watcher.lost - told}))
            told = watcher.lost
        await write(b": quiet\n\n" if happening is None else _told(happening))
        if happening and happening.kind == STOPPING:
            return


def _told(happening: Happening) -> bytes:
    return _event(happening.kind, {"at": happening.at, **happening.data})


def _event(kind: str, data: dict[str, object]) -> bytes:
    """JSON has no raw line break, so that no data can pass for another event."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), msgspec.json.encode(data))
