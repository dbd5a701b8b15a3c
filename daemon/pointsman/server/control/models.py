"""GET models: what is known of each model, from memory."""

from aiohttp import web

from pointsman.server.control import catalogue
from pointsman.server.control.reply import reply
from pointsman.server.control.shapes import ModelsShape
from pointsman.server.rooms import ROOMS


async def get_models(request: web.Request) -> web.Response:
    snapshot = request.app[ROOMS].registry.snapshot
    advanced = request.query.get("advanced", "0") not in ("0", "false")
    return reply(ModelsShape(models=[catalogue.model(of, advanced=advanced) for of in snapshot.models]))
