"""GET mode: which is in force. POST mode, for the socket's owner: another is, and after a restart too."""

import msgspec
from aiohttp import web

from pointsman.errors import BadRequest
from pointsman.modes import Mode
from pointsman.server.control.reply import reply
from pointsman.server.control.shapes import ModeShape
from pointsman.server.guard import check_change
from pointsman.server.inference import read_body
from pointsman.server.modes import Modes
from pointsman.server.rooms import ROOMS

BODY = f'the body must be {{"mode": ...}}, with {", ".join(Mode)}, or null for what the configuration says'


class SetMode(msgspec.Struct, forbid_unknown_fields=True):
    mode: Mode | None


async def get_mode(request: web.Request) -> web.Response:
    return reply(shape(request.app[ROOMS].modes))


async def post_mode(request: web.Request) -> web.Response:
    """It holds from the next attempt on, whatever was decided before."""
    check_change(request)
    wanted, modes = _read(await read_body(request)), request.app[ROOMS].modes
    if wanted is None:
        modes.undo()
    else:
        modes.set(wanted)
    return reply(shape(modes))


def shape(modes: Modes) -> ModeShape:
    return ModeShape(mode=modes.mode().value, origin="command" if modes.is_set else "configuration")


def _read(body: bytes) -> Mode | None:
    try:
        return msgspec.json.decode(body, type=SetMode).mode
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest(BODY, param="mode") from None
