"""GET config: every value in force, and who says so. POST reload, for the socket's owner: read it again."""

from aiohttp import web

from pointsman.config.effective import effective
from pointsman.config.live import Live
from pointsman.errors import BadRequest, ConfigError
from pointsman.server.control.config_shapes import ConfigShape, ReloadShape, SettingShape
from pointsman.server.control.reply import reply
from pointsman.server.guard import check_change
from pointsman.server.rooms import ROOMS


async def get_config(request: web.Request) -> web.Response:
    rooms = request.app[ROOMS]
    loaded = rooms.live.loaded
    settings = [
        SettingShape(key=one.key, value=one.shown, origin=one.origin.value) for one in effective(loaded)
    ]
    return reply(
        ConfigShape(
            file=file_of(rooms.live),
            settings=settings,
            waiting=list(rooms.live.waiting),
            trouble=rooms.config_watch.trouble,
        )
    )


async def post_reload(request: web.Request) -> web.Response:
    check_change(request)
    rooms = request.app[ROOMS]
    try:
        changed = await rooms.config_watch.reload()
    except ConfigError:
        raise BadRequest(rooms.config_watch.trouble) from None
    return reply(
        ReloadShape(
            file=file_of(rooms.live),
            changed=sorted(changed),
            waiting=list(rooms.live.waiting),
            warnings=list(rooms.live.loaded.warnings),
        )
    )


def file_of(live: Live) -> str | None:
    return str(live.loaded.file) if live.loaded.file else None
