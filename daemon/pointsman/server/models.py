"""`GET /v1/models`: the names a request may ask for, from memory."""

from aiohttp import web

from pointsman.errors import UnknownModel
from pointsman.server.rooms import ROOMS, Rooms
from pointsman.wire.openai import model_entry, model_list


async def get_models(request: web.Request) -> web.Response:
    rooms = request.app[ROOMS]
    return web.Response(body=model_list(_entries(rooms)), content_type="application/json")


async def get_model(request: web.Request) -> web.Response:
    rooms = request.app[ROOMS]
    name = request.match_info["id"]
    for entry in _entries(rooms):
        if entry[0] == name:
            return web.Response(body=model_entry(*entry), content_type="application/json")
    raise UnknownModel(f"no model is called {name[:200]!r}; GET /v1/models lists them")


def _entries(rooms: Rooms) -> list[tuple[str, str, int]]:
    """(id, owner, created): what chooses first, then what the user named, then the models themselves."""
    since = int(rooms.info.started_at)
    chosen = [(name, "pointsman", since) for name in rooms.router.names()]
    return chosen + [(model.id, model.endpoint.provider, since) for model in rooms.router.routable()]
