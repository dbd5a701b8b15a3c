"""POST explain: who would answer a request, in which order, and why nobody else. Nobody is asked."""

from aiohttp import web

from pointsman.ledger.decisions import describe
from pointsman.server.control.reply import reply
from pointsman.server.inference import read_body
from pointsman.server.rooms import ROOMS
from pointsman.wire.formats import FORMATS

DIALECT = "openai.chat"  # of the body


async def post_explain(request: web.Request) -> web.Response:
    """The headers count as they would with the request itself: `X-Pointsman-Privacy` and the like."""
    call = FORMATS[DIALECT].decode(await read_body(request), request.headers)
    rooms = request.app[ROOMS]
    return reply(describe(rooms.router.explain(call, rooms.callers.user_of(request))))
