"""GET limits: what is left alone for now, what is known and counted. POST limits/reset: it is asked again."""

from collections.abc import Iterator

from aiohttp import web

from pointsman.discovery.figures import Figures
from pointsman.limits.ceilings import Told
from pointsman.limits.circuit import Shut
from pointsman.limits.free import Used
from pointsman.router import Router
from pointsman.server.control.reply import reply
from pointsman.server.control.shapes import CeilingShape, CreditShape, FreeShape, LimitShape, LimitsShape
from pointsman.server.rooms import ROOMS, Rooms


async def get_limits(request: web.Request) -> web.Response:
    return reply(_limits(request.app[ROOMS]))


async def post_reset(request: web.Request) -> web.Response:
    """Answers with what was shut until now."""
    rooms = request.app[ROOMS]
    were = _limits(rooms) | {"limits": [_shape(one) for one in rooms.router.limits()]}
    request.app[ROOMS].router.reset_limits()
    return reply(were)


def left_alone(router: Router) -> list[LimitShape]:
    """What is shut, and what is used up that is counted here; whichever recovers first comes first."""
    found = [_shape(one) for one in router.limits()]
    known = {(one["kind"], one["id"]) for one in found}
    used_up = (_used_up(one) for one in router.free() if one.why)
    found += [one for one in used_up if (one["kind"], one["id"]) not in known]
    return sorted(found, key=lambda one: one["seconds"])


def _limits(rooms: Rooms) -> LimitsShape:
    router = rooms.router
    return LimitsShape(
        limits=left_alone(router),
        ceilings=[ceiling for told in router.ceilings() for ceiling in _ceilings(told)],
        free=[_free(one) for one in router.free()],
        credit=[_credit(*each) for each in sorted(rooms.key_watch.known.items())],
    )


def _shape(one: Shut) -> LimitShape:
    return LimitShape(
        kind=one.key.shuts.value,
        id=one.key.id,
        seconds=round(one.seconds, 1),
        failures=one.failures,
        limited=one.limited,
        reason=one.reason,
    )


def _used_up(one: Used) -> LimitShape:
    return LimitShape(
        kind="model" if one.model else "free",
        id=one.model or one.account,
        seconds=round(one.seconds, 1),
        failures=0,
        limited=True,
        reason=one.why,
    )


def _free(one: Used) -> FreeShape:
    return FreeShape(
        account=one.account,
        model=one.model,
        span=one.span,
        what=one.what,
        limit=one.most,
        used=one.used,
        seconds=round(one.seconds, 1),
    )


def _credit(account: str, told: Figures) -> CreditShape:
    return CreditShape(account=account, limit=told.limit, remaining=told.remaining, spent=told.spent)


def _ceilings(told: Told) -> Iterator[CeilingShape]:
    for one in told.ceilings:
        yield CeilingShape(
            model=told.key.id,
            budget=one.words,
            limit=one.limit,
            remaining=one.remaining,
            seconds=None if one.seconds is None else round(one.seconds, 1),
        )
