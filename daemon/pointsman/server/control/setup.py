"""POST setup/preset, for the socket's owner: several settings at once, by one name."""

import msgspec
from aiohttp import web

from pointsman.errors import BadRequest
from pointsman.server.control.bodies import read_change
from pointsman.server.control.choice_shapes import PresetShape
from pointsman.server.control.reply import reply
from pointsman.server.presets import PRESETS, Preset, Presets
from pointsman.server.rooms import ROOMS

BODY = f'the body must be {{"preset": ...}}, with {", ".join(PRESETS)}'


class SetPreset(msgspec.Struct, forbid_unknown_fields=True):
    preset: str


async def post_preset(request: web.Request) -> web.Response:
    preset = _preset((await read_change(request, SetPreset, BODY)).preset)
    rooms = request.app[ROOMS]
    setter = Presets(rooms.modes, rooms.budget_settings, rooms.choices)
    done = setter.set(preset, rooms.callers.user_of(request))
    return reply(
        PresetShape(preset=preset.name, set=[one.what for one in done], undo=[one.undo for one in done])
    )


def _preset(name: str) -> Preset:
    if (preset := PRESETS.get(name)) is None:
        raise BadRequest(BODY, param="preset")
    return preset
