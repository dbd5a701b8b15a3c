"""GET roles: what requests are for, and who plays it. POST and DELETE roles/NAME, for the socket's owner."""

from typing import Any

from aiohttp import web

from pointsman.profiles import ROLES as BUILT_IN
from pointsman.profiles import Role
from pointsman.server.choices import ROLES
from pointsman.server.control.bodies import read_change
from pointsman.server.control.choice_shapes import RoleShape, RolesShape
from pointsman.server.control.reply import reply
from pointsman.server.guard import check_change
from pointsman.server.rooms import ROOMS, Rooms
from pointsman.types import flag_names

BODY = (
    'the body must be an object with what changes, as {"model": "opus", "floor": "generation", "profile": '
    '"eco", "prefer": ["big"], "fallback": ["local"], "priority": "background"}; null takes a field back'
)


async def get_roles(request: web.Request) -> web.Response:
    return reply(_shape(request.app[ROOMS]))


async def post_role(request: web.Request) -> web.Response:
    """What it does not name stays as it is. The model may be served later, as with aliases."""
    changes: dict[str, Any] = await read_change(request, dict[str, Any], BODY)
    rooms = request.app[ROOMS]
    rooms.choices.set_roles({request.match_info["name"]: changes})
    return reply(_shape(rooms))


async def delete_role(request: web.Request) -> web.Response:
    check_change(request)
    rooms = request.app[ROOMS]
    rooms.choices.undo(ROLES, request.match_info["name"])
    return reply(_shape(rooms))


def _shape(rooms: Rooms) -> RolesShape:
    """Those that are built in, as they are now, then the user's own."""
    names = rooms.choices.names()
    roles = (names.role(name) for name in {**BUILT_IN, **names.roles})
    return RolesShape(roles=[_role(one, rooms) for one in roles if one is not None])


def _role(one: Role, rooms: Rooms) -> RoleShape:
    means = rooms.choices.means(one.name, rooms.registry.snapshot)
    return RoleShape(
        name=one.name,
        model=one.model,
        floor=one.floor.name.lower(),
        needs=flag_names(one.needs),
        profile=one.profile,
        prefer=list(one.prefer),
        fallback=list(one.fallback),
        priority=one.priority.name.lower(),
        means=means,
        missing=not means,
        origin=rooms.choices.origin(ROLES, one.name),
    )
