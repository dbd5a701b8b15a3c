"""GET limits: what is left alone for now, what is known of limits. POST limits/reset: it is asked again."""

from collections.abc import Iterator

from aiohttp import web

from pointsman.limits.ceilings import Told
from pointsman.limits.circuit import Shut
from pointsman.router import Router
from pointsman.server.control.reply import reply
from pointsman.server.control.shapes import CeilingShape, LimitShape, LimitsShape
from pointsman.server.rooms import ROOMS


async def get_limits(request: web.Request) -> web.Response:
    return reply(_limits(request.app[ROOMS].router))


async def post_reset(request: web.Request) -> web.Response:
    """Answers with what was shut until now."""
    router = request.app[ROOMS].router
    were = _limits(router)
    router.reset_limits()
    return reply(were)


def shut(router: Router) -> list[LimitShape]:
    return [_shape(one) for one in router.limits()]


def _limits(router: Router) -> LimitsShape:
    ceilings = [ceiling for told in router.ceilings() for ceiling in _ceilings(told)]
    return LimitsShape(limits=shut(router), ceilings=ceilings)


def _shape(one: Shut) -> LimitShape:
    return LimitShape(
        kind=one.key.shuts.value,
        id=one.key.id,
        seconds=round(one.seconds, 1),
        failures=one.failures,
        limited=one.limited,
        reason=one.reason,
    )


def _ceilings(told: Told) -> Iterator[CeilingShape]:
    for one in told.ceilings:
        yield CeilingShape(
            model=told.key.id,
            budget=one.words,
            limit=one.limit,
            remaining=one.remaining,
            seconds=None if one.seconds is None else round(one.seconds, 1),
        )
