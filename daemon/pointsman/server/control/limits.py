"""GET limits: what is left alone for now, and why. POST limits/reset: it is asked again."""

from aiohttp import web

from pointsman.limits.circuit import Shut
from pointsman.server.control.reply import reply
from pointsman.server.control.shapes import LimitShape, LimitsShape
from pointsman.server.rooms import ROOMS


async def get_limits(request: web.Request) -> web.Response:
    return reply(LimitsShape(limits=[_shape(one) for one in request.app[ROOMS].router.limits()]))


async def post_reset(request: web.Request) -> web.Response:
    """Answers with what was shut until now."""
    router = request.app[ROOMS].router
    were = LimitsShape(limits=[_shape(one) for one in router.limits()])
    router.reset_limits()
    return reply(were)


def _shape(one: Shut) -> LimitShape:
    return LimitShape(
        kind=one.key.shuts.value,
        id=one.key.id,
        seconds=round(one.seconds, 1),
        failures=one.failures,
        limited=one.limited,
        reason=one.reason,
    )
