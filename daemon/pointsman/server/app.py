"""The aiohttp application: what is served where, behind the guard, errors in the clients' own form."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

from pointsman.errors import BadRequest, NotFound, PointsmanError, WrongMethod
from pointsman.net import USER_AGENT, VERSION_HEADER
from pointsman.server.control.routes import ROUTES as CONTROL
from pointsman.server.guard import check
from pointsman.server.inference import LARGEST_BODY, inference, refuse
from pointsman.server.models import get_model, get_models
from pointsman.server.openapi import describe
from pointsman.server.rooms import ROOMS, Rooms
from pointsman.server.routes import Row
from pointsman.wire.formats import FORMATS, Format, asks_in

log = logging.getLogger(__name__)


async def get_health(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def get_root(request: web.Request) -> web.Response:
    info = request.app[ROOMS].info
    return web.Response(text=f"Pointsman {info.version}. Point your tools at {info.url}/v1\n")


async def get_openapi(request: web.Request) -> web.Response:
    return web.json_response(describe(ROWS, request.app[ROOMS].info))


ROWS: tuple[Row, ...] = (
    Row("POST", "/v1/chat/completions", inference("openai.chat"), "A chat, plain or streamed (OpenAI)."),
    Row(
        "POST",
        "/v1/completions",
        inference("openai.completions"),
        "The continuation of a text, plain or streamed (OpenAI).",
    ),
    Row("POST", "/v1/embeddings", inference("openai.embeddings"), "A vector for each text (OpenAI)."),
    Row("POST", "/v1/messages", inference("anthropic.messages"), "A message, plain or streamed (Anthropic)."),
    Row(
        "POST",
        "/v1/messages/count_tokens",
        inference("anthropic.count"),
        "The tokens of a prompt for a model (Anthropic).",
    ),
    Row("GET", "/v1/models", get_models, "The names a request may ask for (OpenAI, Anthropic)."),
    Row("GET", "/v1/models/{id:.+}", get_model, "One of them (OpenAI, Anthropic)."),
    Row("GET", "/healthz", get_health, "200 while the daemon serves."),
    Row("GET", "/openapi.json", get_openapi, "This description."),
    Row("GET", "/", get_root, "A line that says who is here."),
    *CONTROL,
)


def make_app(rooms: Rooms, *, hop_id: str, bound_host: str) -> web.Application:
    """`hop_id` marks our own upstream calls, so that one that comes back is noticed."""
    app = web.Application(middlewares=[_door(hop_id, bound_host)], client_max_size=LARGEST_BODY)
    app[ROOMS] = rooms
    logging.getLogger("aiohttp.server").addFilter(_our_fault)
    for row in ROWS:
        app.router.add_route(row.method, row.path, row.handler)
        if row.method == "GET":
            app.router.add_route("HEAD", row.path, row.handler)
    app.on_response_prepare.append(_sign(rooms.info.version))
    return app


def _sign(version: str) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    async def sign(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = USER_AGENT
        response.headers[VERSION_HEADER] = version

    return sign


def _door(hop_id: str, bound_host: str) -> Middleware:
    """Who may not come in is told so; what goes wrong inside is told in the client's own form."""

    @web.middleware
    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            check(request, hop_id, bound_host)
            return await handler(request)
        except PointsmanError as error:
            return refuse(_form(request), error)
        except web.HTTPException as error:
            return _not_served(request, error)
        except Exception:
            log.exception("a request to %s failed", request.path)
            inside = PointsmanError("something went wrong inside Pointsman; its log says what")
            return refuse(_form(request), inside)

    return door


def _form(request: web.Request) -> Format:
    return FORMATS[asks_in(request.path, request.headers)]


def _our_fault(record: logging.LogRecord) -> bool:
    """What is no HTTP is answered below us with a 400; a log full of it would hide what matters."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | web.RequestPayloadError)


def _not_served(request: web.Request, error: web.HTTPException) -> web.Response:
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        response = refuse(
            _form(request), WrongMethod(f"{request.path} takes {allowed}, not {request.method}")
        )
        response.headers["Allow"] = allowed
        return response
    if isinstance(error, web.HTTPNotFound):
        return refuse(
            _form(request), NotFound(f"nothing is served at {request.path[:200]}; see /openapi.json")
        )
    refusal = BadRequest(f"{request.method} {request.path[:200]} is refused: {error.reason}")
    refusal.status = error.status
    return refuse(_form(request), refusal)
