"""GET aliases: names that stand for others. POST and DELETE aliases/NAME, for the socket's owner."""

import msgspec
from aiohttp import web

from pointsman.routing.names import FAMILIES
from pointsman.server.choices import ALIASES
from pointsman.server.control.bodies import read_change
from pointsman.server.control.choice_shapes import AliasesShape, AliasShape
from pointsman.server.control.reply import reply
from pointsman.server.guard import check_change
from pointsman.server.rooms import ROOMS, Rooms

BODY = 'the body must be {"model": ...}, with the name that the alias stands for'


class SetAlias(msgspec.Struct, forbid_unknown_fields=True):
    model: str


async def get_aliases(request: web.Request) -> web.Response:
    return reply(_shape(request.app[ROOMS]))


async def post_alias(request: web.Request) -> web.Response:
    """What it means may be served later; `missing` says that nobody does now."""
    model = (await read_change(request, SetAlias, BODY)).model
    rooms = request.app[ROOMS]
    rooms.choices.set_alias(request.match_info["name"], model)
    return reply(_shape(rooms))


async def delete_alias(request: web.Request) -> web.Response:
    check_change(request)
    rooms = request.app[ROOMS]
    rooms.choices.undo(ALIASES, request.match_info["name"])
    return reply(_shape(rooms))


def _shape(rooms: Rooms) -> AliasesShape:
    """The user's own, then those that are built in."""
    own = rooms.choices.names().aliases
    built_in = {name: pattern for name, pattern in FAMILIES.items() if name not in own}
    return AliasesShape(aliases=[_alias(*one, rooms) for one in (*own.items(), *built_in.items())])


def _alias(name: str, model: str, rooms: Rooms) -> AliasShape:
    means = rooms.choices.means(name, rooms.registry.snapshot)
    return AliasShape(
        name=name, model=model, means=means, missing=not means, origin=rooms.choices.origin(ALIASES, name)
    )
