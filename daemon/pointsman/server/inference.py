"""One handler for every dialect: bytes in, a call, an answer, bytes out."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from math import ceil

from aiohttp import web

from pointsman.errors import BadRequest, BodyTooLarge, BodyTooSlow, NoRoute, PointsmanError
from pointsman.execution.answer import Answer
from pointsman.router import Journey
from pointsman.server.headers import headers_of
from pointsman.server.rooms import ROOMS
from pointsman.server.streams import Signs, read_by, stream
from pointsman.wire.formats import FORMATS, Format

LARGEST_BODY = 32 * 1024 * 1024  # bytes
SLOWEST_BODY = 120.0  # seconds that a client may take to send it


def inference(format_name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of one dialect's endpoint."""
    form = FORMATS[format_name]

    async def handle(request: web.Request) -> web.StreamResponse:
        rooms = request.app[ROOMS]
        journey: Journey | None = None
        try:
            call = form.decode(await read_body(request), request.headers)
            journey = rooms.router.begin(call, rooms.callers.user_of(request))
            answering = rooms.router.answer(journey)
            if call.stream:
                return await stream(
                    request, form, journey, answering, Signs(rooms.live.config.streams.patience)
                )
            async with answering as answer:
                response = _plain(journey, answer)
            with suppress(ConnectionResetError), read_by(answer.deadline, request, late=lambda: None):
                await response.prepare(request)
                await response.write_eof()
            return response
        except PointsmanError as error:
            return refuse(form, error, journey)

    return handle


async def read_body(request: web.Request) -> bytes:
    """Raises BodyTooLarge, before reading when the length is announced, BodyTooSlow or BadRequest."""
    size = request.content_length or 0
    if size > LARGEST_BODY:
        raise BodyTooLarge(f"the body is {size:,} bytes; at most {LARGEST_BODY >> 20} MiB are taken")
    try:
        async with asyncio.timeout(SLOWEST_BODY):
            return await request.read()
    except TimeoutError:
        raise BodyTooSlow(f"the body was not there after {SLOWEST_BODY:.0f} s: send it faster") from None
    except web.HTTPRequestEntityTooLarge:
        raise BodyTooLarge(f"the body is larger than the {LARGEST_BODY >> 20} MiB that are taken") from None
    except web.RequestPayloadError:
        encoding = request.headers.get("Content-Encoding", "")[:40]
        said = f"; it is said to be {encoding}" if encoding else ""
        raise BadRequest(f"the body can't be read: it is broken or not what its headers say{said}") from None


def _plain(journey: Journey, answer: Answer) -> web.Response:
    if answer.whole is None:
        raise RuntimeError("a plain answer is there as a whole")
    return web.Response(
        body=answer.whole.body, content_type="application/json", headers=headers_of(journey, answer)
    )


def refuse(form: Format, error: PointsmanError, journey: Journey | None = None) -> web.Response:
    """An error of our own in the client's dialect; the SDKs obey `x-should-retry`."""
    headers = _retrying(error)
    if journey is not None:
        headers |= {"X-Pointsman-Decision": journey.id, "X-Pointsman-Attempts": str(len(journey.attempts))}
    return web.Response(
        status=error.status, body=form.error_body(error), content_type="application/json", headers=headers
    )


def _retrying(error: PointsmanError) -> dict[str, str]:
    """Whether, and when, the same request is worth another try."""
    if not isinstance(error, NoRoute) or error.retry_after is None:
        return {"x-should-retry": "false"}
    retry = "true" if error.is_soon_over else "false"
    return {"Retry-After": str(ceil(error.retry_after)), "x-should-retry": retry}
