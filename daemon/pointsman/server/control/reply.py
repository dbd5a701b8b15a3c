"""A control answer: JSON that is spelt out, never an object turned inside out."""

import msgspec
from aiohttp import web


def reply(shape: object) -> web.Response:
    """`shape` is one of `shapes`. `no-store`: what the daemon knows is true now, not later."""
    body = msgspec.json.encode(shape)
    return web.Response(body=body, content_type="application/json", headers={"Cache-Control": "no-store"})
