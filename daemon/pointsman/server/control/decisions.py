"""GET decisions: what was asked, decided, tried and paid, as the ledger remembers it."""

import asyncio
from contextlib import suppress

from aiohttp import web

from pointsman.calls import Attempt
from pointsman.errors import BadRequest, LedgerError
from pointsman.ledger.queries import Line, Reader, Story
from pointsman.server.control.reply import reply
from pointsman.server.control.shapes import AttemptShape, RequestLineShape, RequestShape, RequestsShape
from pointsman.server.rooms import ROOMS

DEFAULT_LIMIT, HIGHEST_LIMIT = 50, 1_000
NEWEST = "last"


async def get_decisions(request: web.Request) -> web.Response:
    limit = _limit(request.query.get("limit"))
    lines = await asyncio.to_thread((await up_to_date(request)).log, limit)
    return reply(RequestsShape(requests=[_line(line) for line in lines]))


async def get_decision(request: web.Request) -> web.Response:
    """By the id of a request, or by how it begins."""
    name = request.match_info["id"]
    story = await asyncio.to_thread((await up_to_date(request)).request, None if name == NEWEST else name)
    return reply(_story(story))


async def up_to_date(request: web.Request) -> Reader:
    """The ledger with all that has happened in it, unless it can't be written: `status` says so then."""
    rooms = request.app[ROOMS]
    with suppress(LedgerError):
        await asyncio.wrap_future(rooms.writer.flush())
    return rooms.reader


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if text.isascii() and text.isdigit() and 1 <= int(text) <= HIGHEST_LIMIT:
        return int(text)
    raise BadRequest(f"limit is a number from 1 to {HIGHEST_LIMIT}, not {text[:20]!r}", param="limit")


def _story(story: Story) -> RequestShape:
    return RequestShape(
        request=_line(story.line),
        decision=story.decision,
        attempts=[_attempt(attempt) for attempt in story.attempts],
        score=story.score,
    )


def _line(line: Line) -> RequestLineShape:
    return RequestLineShape(
        id=line.id,
        at=line.at,
        app=line.app,
        format=line.format,
        asked=line.asked,
        stream=line.stream,
        status=line.status,
        model=line.answered_by,
        tier=line.tier,
        reason=line.reason,
        error=line.error,
        seconds=line.seconds,
        attempts=line.attempts,
        input_tokens=line.input_tokens,
        output_tokens=line.output_tokens,
        cost=line.cost,
    )


def _attempt(attempt: Attempt) -> AttemptShape:
    usage = attempt.usage
    return AttemptShape(
        model=attempt.model,
        endpoint=attempt.endpoint,
        tier=attempt.tier,
        outcome=attempt.outcome.value,
        status=attempt.status,
        error=attempt.error,
        started=attempt.started,
        first_content=attempt.first_content,
        ended=attempt.ended,
        input_tokens=usage.input if usage else None,
        output_tokens=usage.output if usage else None,
        estimated=bool(usage and usage.estimated),
        cost=attempt.cost,
        priced=attempt.priced,
        told=attempt.is_told,
        reserved=attempt.reserved,
    )
