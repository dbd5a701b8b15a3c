"""What a change is told in: a small JSON object of a known form."""

from typing import TypeVar

import msgspec
from aiohttp import web

from pointsman.errors import BadRequest
from pointsman.server.guard import check_change
from pointsman.server.inference import read_body

T = TypeVar("T")


async def read_change(request: web.Request, form: type[T], words: str) -> T:
    """Raises BadRequest with `words` for what is not of that form; NotOurs and NotJson as the guard does."""
    check_change(request)
    try:
        return msgspec.json.decode(await read_body(request), type=form)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest(words, param="body") from None
