"""POST discover: look for models now. It changes nothing but what is known, so no token is asked."""

import time

from aiohttp import web

from pointsman.server.control import catalogue
from pointsman.server.control.reply import reply
from pointsman.server.control.shapes import DiscoveredShape
from pointsman.server.rooms import ROOMS, Rooms
from pointsman.types import Snapshot


async def post_discover(request: web.Request) -> web.Response:
    """Answers when a sweep is over that began no earlier than this."""
    rooms = request.app[ROOMS]
    before, begun = rooms.registry.snapshot, time.monotonic()
    await rooms.keys.refresh(rooms.sweeper.rewrite)
    await rooms.sweeper.sweep("discover", everything=True, anew=True)
    return reply(_discovered(rooms, before, time.monotonic() - begun))


def _discovered(rooms: Rooms, before: Snapshot, seconds: float) -> DiscoveredShape:
    now = rooms.registry.snapshot
    known = {endpoint.id for endpoint in before.endpoints}
    return DiscoveredShape(
        seconds=round(seconds, 3),
        new=[endpoint.id for endpoint in now.endpoints if endpoint.id not in known],
        endpoints=catalogue.endpoints(now),
        models=catalogue.count_by_tier(now),
        looked_for=list(rooms.sweeper.looked_for),
        failed=catalogue.troubles(rooms.sweeper),
    )
