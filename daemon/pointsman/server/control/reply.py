"""A control answer: JSON that is spelt out, never an object turned inside out."""

import msgspec
from aiohttp import web

_json = msgspec.json.Encoder()


def reply(shape: object) -> web.Response:
    """`shape` is one of `shapes`. `no-store`: what the daemon knows is true now, not later."""
    return web.Response(
        body=_json.encode(shape), content_type="application/json", headers={"Cache-Control": "no-store"}
    )
