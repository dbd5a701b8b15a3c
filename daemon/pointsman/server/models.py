"""`GET /v1/models`: the names a request may ask for, from memory."""

import json

from aiohttp import web

from pointsman.errors import UnknownModel
from pointsman.server.rooms import ROOMS, Rooms
from pointsman.wire.formats import FORMATS
from pointsman.wire.openai import model_entry, model_list

CHOSEN = "pointsman"  # who owns a name that is no model's


async def get_models(request: web.Request) -> web.Response:
    rooms = request.app[ROOMS]
    return web.Response(body=model_list(_entries(rooms)), content_type="application/json")


async def get_model(request: web.Request) -> web.Response:
    """Any name that a request may ask for, listed or not: a bare name, one that fits a pattern."""
    rooms, name = request.app[ROOMS], request.match_info["id"]
    owner = next((entry[1] for entry in _entries(rooms) if entry[0] == name), "") or _owner(rooms, name)
    entry = model_entry(name, owner, int(rooms.info.started_at))
    return web.Response(body=entry, content_type="application/json")


def _owner(rooms: Rooms, name: str) -> str:
    """Whose model a request for this name would be given. Raises UnknownModel."""
    asked = {"model": name, "messages": [{"role": "user", "content": ""}]}
    wanted = rooms.router.explain(FORMATS["openai.chat"].decode(json.dumps(asked).encode(), {})).wanted
    if wanted.chosen:
        return CHOSEN
    for model in rooms.registry.snapshot.models:
        if model.id in wanted.models:
            return model.endpoint.provider
    raise UnknownModel(f"{name[:200]!r} means {', '.join(wanted.missing)}, which nothing serves now")


def _entries(rooms: Rooms) -> list[tuple[str, str, int]]:
    """(id, owner, created): what chooses first, then what the user named, then the models themselves."""
    since = int(rooms.info.started_at)
    chosen = [(name, CHOSEN, since) for name in rooms.router.names()]
    return chosen + [(model.id, model.endpoint.provider, since) for model in rooms.router.routable()]
