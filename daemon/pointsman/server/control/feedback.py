"""POST feedback: how good an answer was. GET analytics: how requests were understood, and how they went."""

import asyncio
import time

import msgspec
from aiohttp import web

from pointsman.errors import BadRequest
from pointsman.ledger.record import FeedbackRecord
from pointsman.server.control.decisions import NEWEST, up_to_date
from pointsman.server.control.judged import AnalyticsShape, FeedbackShape
from pointsman.server.control.reply import reply
from pointsman.server.control.spend import first_day
from pointsman.server.guard import check_change
from pointsman.server.inference import read_body
from pointsman.server.rooms import ROOMS

BODY = 'the body must be {"id": ..., "score": ...}: a request\'s id, or `last`, and a number from 0 to 1'


class _Judged(msgspec.Struct, forbid_unknown_fields=True):
    score: float
    id: str = NEWEST


async def post_feedback(request: web.Request) -> web.Response:
    check_change(request)
    judged = _read(await read_body(request))
    reader = await up_to_date(request)
    story = await asyncio.to_thread(reader.request, None if judged.id == NEWEST else judged.id)
    request.app[ROOMS].writer.enqueue(FeedbackRecord(story.line.id, time.time(), judged.score))
    return reply(FeedbackShape(id=story.line.id, model=story.line.answered_by, score=judged.score))


async def get_analytics(request: web.Request) -> web.Response:
    """`?since=` as for spend; a month without it."""
    budgets = request.app[ROOMS].budgets
    first = first_day(request.query.get("since", "month"), budgets.today())
    since = budgets.calendar.midnight(first) if first > 1 else 0.0
    found = await asyncio.to_thread((await up_to_date(request)).analytics, since)
    return reply(
        AnalyticsShape(
            requests=found.requests,
            answered=found.answered,
            fell_back=found.fell_back,
            degraded=found.degraded,
            revised=found.revised,
            judged=found.judged,
            bad=found.bad,
            by={name: dict(numbers) for name, numbers in found.by.items()},
        )
    )


def _read(body: bytes) -> _Judged:
    try:
        judged = msgspec.json.decode(body, type=_Judged)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest(BODY, param="score") from None
    if not 0 <= judged.score <= 1:
        raise BadRequest(
            f"score is {judged.score:g}: it must be from 0 (useless) to 1 (just right)", param="score"
        )
    return judged
