"""`GET /v1/models`: the names a request may ask for, from memory, as OpenAI or Anthropic lists them."""

import json
from collections.abc import Iterable
from typing import Protocol

from aiohttp import web

from pointsman.errors import UnknownModel
from pointsman.server.rooms import ROOMS, Rooms
from pointsman.wire import anthropic_models, openai
from pointsman.wire.formats import FORMATS, asks_in

Entry = tuple[str, str, int]  # id, owner, created

CHOSEN = "pointsman"  # who owns a name that is no model's


class Lists(Protocol):
    """A dialect's way to list models."""

    def model_list(self, entries: Iterable[Entry], /) -> bytes: ...
    def model_entry(self, name: str, owner: str, created: int, /) -> bytes: ...


async def get_models(request: web.Request) -> web.Response:
    form = asks_in(request.path, request.headers)
    listed = _entries(request.app[ROOMS], form)
    return web.Response(body=_lists(form).model_list(listed), content_type="application/json")


async def get_model(request: web.Request) -> web.Response:
    """Any name that a request may ask for, listed or not: a bare name, one that fits a pattern."""
    rooms, name = request.app[ROOMS], request.match_info["id"]
    form = asks_in(request.path, request.headers)
    owner = next((entry[1] for entry in _entries(rooms, form) if entry[0] == name), "") or _owner(rooms, name)
    entry = _lists(form).model_entry(name, owner, int(rooms.info.started_at))
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


def _lists(form: str) -> Lists:
    return anthropic_models if form == "anthropic.messages" else openai


def _entries(rooms: Rooms, form: str) -> list[Entry]:
    """(id, owner, created): what chooses first, then what the user named, then the models themselves."""
    since = int(rooms.info.started_at)
    chosen = [(name, CHOSEN, since) for name in rooms.router.names()]
    return chosen + [(model.id, model.endpoint.provider, since) for model in rooms.router.routable(form)]
