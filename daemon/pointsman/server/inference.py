"""One handler for every dialect: bytes in, a call, an answer, bytes out."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from pointsman.errors import BadRequest, BodyTooLarge, PointsmanError, UpstreamError
from pointsman.execution.attempts import Answer
from pointsman.money import to_dollars
from pointsman.router import Journey
from pointsman.server.rooms import ROOMS
from pointsman.types import tier_word
from pointsman.wire.formats import FORMATS, Format

LARGEST_BODY = 32 * 1024 * 1024  # bytes


def inference(format_name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of one dialect's endpoint."""
    form = FORMATS[format_name]

    async def handle(request: web.Request) -> web.StreamResponse:
        router = request.app[ROOMS].router
        journey: Journey | None = None
        try:
            call = form.decode(await read_body(request), request.headers)
            journey = router.begin(call)
            async with router.answer(journey) as answer:
                if answer.whole is not None:
                    return web.Response(
                        body=answer.whole.body,
                        content_type="application/json",
                        headers=_headers(journey, answer),
                    )
                return await _stream(request, form, journey, answer)
        except PointsmanError as error:
            return refuse(form, error, journey)

    return handle


async def read_body(request: web.Request) -> bytes:
    """Raises BodyTooLarge, before reading when the length is announced, or BadRequest."""
    size = request.content_length or 0
    if size > LARGEST_BODY:
        raise BodyTooLarge(f"the body is {size:,} bytes; at most {LARGEST_BODY >> 20} MiB are taken")
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise BodyTooLarge(f"the body is larger than the {LARGEST_BODY >> 20} MiB that are taken") from None
    except web.RequestPayloadError:
        encoding = request.headers.get("Content-Encoding", "")[:40]
        said = f"; it is said to be {encoding}" if encoding else ""
        raise BadRequest(f"the body can't be read: it is broken or not what its headers say{said}") from None


def refuse(form: Format, error: PointsmanError, journey: Journey | None = None) -> web.Response:
    """An error of our own in the client's dialect; the SDKs obey `x-should-retry`."""
    headers = {"x-should-retry": "false"}
    if journey is not None:
        headers |= {"X-Pointsman-Decision": journey.id, "X-Pointsman-Attempts": str(len(journey.attempts))}
    return web.Response(
        status=error.status, body=form.error_body(error), content_type="application/json", headers=headers
    )


async def _stream(request: web.Request, form: Format, journey: Journey, answer: Answer) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-cache",
            "X-Accel-Buffering": "no",
            **_headers(journey, answer),
        }
    )
    try:
        await response.prepare(request)
        async for frame in answer.frames():
            if frame.raw:
                await response.write(frame.raw)
        await response.write_eof()
    except UpstreamError as error:
        journey.error = error.message
        await _break_off(request, response, form.error_event(error))
    except ConnectionResetError:
        journey.abandon()
    return response


async def _break_off(request: web.Request, response: web.StreamResponse, event: bytes) -> None:
    """Tells the client, and hangs up without an end: nobody may take what came for a whole answer."""
    with suppress(ConnectionResetError):
        await response.write(event)
    if request.transport is not None:
        request.transport.close()


def _headers(journey: Journey, answer: Answer) -> dict[str, str]:
    candidate = answer.candidate
    cost = "X-Pointsman-Cost" if answer.whole is not None else "X-Pointsman-Cost-Max"
    return {
        "X-Pointsman-Model": candidate.model.id,
        "X-Pointsman-Tier": tier_word(candidate.model.tier),
        "X-Pointsman-Reason": candidate.reason + (" degraded" if candidate.degraded else ""),
        "X-Pointsman-Attempts": str(len(journey.attempts)),
        "X-Pointsman-Decision": journey.id,
        cost: _dollars(answer.attempt.cost if answer.whole is not None else answer.cost_max()),
    }


def _dollars(nano: int | None) -> str:
    """US dollars, exact; `unknown` where a price is."""
    return "unknown" if nano is None else to_dollars(nano)
