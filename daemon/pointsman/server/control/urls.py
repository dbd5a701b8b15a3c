"""GET urls: where lists of models are had. POST urls/NAME, for the socket's owner: another page is read."""

from collections import Counter

import msgspec
from aiohttp import web
from pydantic_core import PydanticCustomError

from pointsman.catalogue.providers import PROVIDERS, provider
from pointsman.catalogue.row import Provider
from pointsman.config.readers import nearest, read_url
from pointsman.discovery.catalogues import Sync
from pointsman.discovery.written import Written
from pointsman.errors import BadRequest, NotFound
from pointsman.server.control.reply import reply
from pointsman.server.control.shapes import UrlShape, UrlsShape
from pointsman.server.guard import check_change
from pointsman.server.inference import read_body
from pointsman.server.rooms import ROOMS, Rooms

WEB = ("http://", "https://")
BODY = 'the body must be {"url": ...}, with the address of a page, or null for the one that is known'


class SetUrl(msgspec.Struct, forbid_unknown_fields=True):
    url: str | None


async def get_urls(request: web.Request) -> web.Response:
    return reply(_shape(request.app[ROOMS]))


async def post_url(request: web.Request) -> web.Response:
    """Reads it at once, where the provider has no list."""
    check_change(request)
    rooms, row = request.app[ROOMS], _row(request.match_info["name"])
    url = _read(await read_body(request))
    if url is None:
        rooms.live.change({}, [_key(row)])
    else:
        rooms.live.change({_key(row): _page(url)})
    return reply(_shape(rooms))


def _key(row: Provider) -> str:
    """In the configuration."""
    return f"urls.{row.id}"


def _read(body: bytes) -> str | None:
    try:
        return msgspec.json.decode(body, type=SetUrl).url
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest(BODY, param="url") from None


def _row(name: str) -> Provider:
    row = provider(name)
    if row is None or not row.id_pattern:
        known = [row.id for row in PROVIDERS if row.id_pattern]
        raise NotFound(f"no page is read for {name[:80]!r}: {nearest(name, known) or ', '.join(known)}")
    return row


def _page(given: str) -> str:
    try:
        url = read_url(given)
    except PydanticCustomError as error:
        raise BadRequest(f"url {error.message()}", param="url") from None
    if not url.startswith(WEB):
        raise BadRequest("url must be the http:// or https:// address of a page", param="url")
    return url


def _shape(rooms: Rooms) -> UrlsShape:
    """Each place elsewhere, and each cloud that is none yet."""
    there = rooms.sweeper.elsewhere
    counted = Counter(model.endpoint.id for model in rooms.registry.snapshot.models)
    others = (row for row in PROVIDERS if row.base_url and row.id not in {place.id for place in there})
    return UrlsShape(
        urls=[
            *(_of(place.row, rooms, place, counted[place.id]) for place in there),
            *(_of(row, rooms) for row in others),
        ]
    )


def _of(row: Provider, rooms: Rooms, place: Written | None = None, models: int = 0) -> UrlShape:
    sync = rooms.catalogues.sync(place) if place else Sync("")
    docs = rooms.catalogues.page(row)
    origin = "known" if docs == row.docs_url else "configuration"
    return UrlShape(
        name=place.id if place else row.id,
        title=row.title,
        list=f"{place.place}/models" if place else "",
        docs=docs,
        docs_origin="command" if _key(row) in rooms.live.commands else origin,
        source=sync.source,
        synced_at=sync.at,
        models=models,
        error=sync.error,
    )
