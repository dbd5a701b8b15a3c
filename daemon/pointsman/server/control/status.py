"""GET status: the whole daemon on one page."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from pointsman.config.live import Live
from pointsman.dates import Calendar
from pointsman.errors import LedgerError
from pointsman.jobs import Report
from pointsman.ledger.queries import Decided, Line, Reader
from pointsman.ledger.spending import Sum
from pointsman.routing.policy import CONTEXT
from pointsman.server.control import advice, budgets, catalogue, contexts, limits, mode
from pointsman.server.control.config import file_of
from pointsman.server.control.hints import Scene, hints
from pointsman.server.control.reply import reply
from pointsman.server.control.shapes import (
    GoneShape,
    JobShape,
    LastRequestShape,
    LedgerShape,
    SpentShape,
    StatusShape,
)
from pointsman.server.rooms import ROOMS, Rooms
from pointsman.types import Tier
from pointsman.watch.border import Gone
from pointsman.watch.config import ConfigWatch
from pointsman.wire.formats import FORMATS

TYPICAL = b'{"model":"auto","messages":[{"role":"user","content":"Hello"}]}'


async def get_status(request: web.Request) -> web.Response:
    rooms, now = request.app[ROOMS], time.time()
    past = await asyncio.to_thread(read_past, rooms.reader, rooms.budgets.calendar, now)
    return reply(_status(rooms, past, now, time.monotonic()))


@dataclass(frozen=True, slots=True)
class Past:
    """What the ledger says, or why it says nothing: a status does not fail with its ledger."""

    last: Line | None = None
    today: tuple[Sum, ...] = ()
    too_long: tuple[Decided, ...] = ()
    trouble: str = ""


def read_past(reader: Reader, calendar: Calendar, now: float) -> Past:
    today = calendar.day(now)
    try:
        return Past(
            last=reader.last(),
            today=reader.spent("tier", today, today + 1),
            too_long=reader.left_out(CONTEXT, calendar.midnight(today)),
        )
    except LedgerError as error:
        return Past(trouble=error.message)


def _status(rooms: Rooms, past: Past, now: float, monotonic: float) -> StatusShape:
    """`now` is wall-clock time; `monotonic` the clock of the sweeps."""
    info, snapshot = rooms.info, rooms.registry.snapshot
    decision = rooms.router.explain(FORMATS["openai.chat"].decode(TYPICAL, {}))
    return StatusShape(
        summary=advice.summary(snapshot, decision),
        version=info.version,
        pid=info.pid,
        uptime=now - info.started_at,
        url=info.url,
        socket=info.socket,
        config_file=file_of(rooms.live),
        state_dir=info.state_dir,
        endpoints=catalogue.endpoints(snapshot),
        models=catalogue.count_by_tier(snapshot),
        states=catalogue.count_by_state(snapshot),
        looked_for=list(rooms.sweeper.looked_for),
        swept_ago=None if snapshot.swept_at is None else monotonic - snapshot.swept_at,
        last_request=_last(past.last) if past.last else None,
        today={one.key: _spent(one) for one in sorted(past.today, key=_rung)},
        mode=mode.shape(rooms.modes),
        budgets=budgets.shapes(rooms),
        gone=[_gone(one) for one in rooms.border.gone()],
        limits=limits.left_alone(rooms.router),
        hints=[
            *filter(None, [_trouble(rooms.config_watch), _waiting(rooms.live), rooms.keys.trouble]),
            *hints(Scene(snapshot, decision, contexts.turned_away(snapshot, past.too_long))),
        ],
        failed_jobs=_failed(rooms.jobs.reports) + catalogue.troubles(rooms.sweeper),
        ledger=LedgerShape(trouble=rooms.writer.trouble or past.trouble, lost=rooms.writer.lost),
    )


def _trouble(watch: ConfigWatch) -> str:
    """All that is wrong with the file, as one of the things to mend."""
    return "; ".join(watch.trouble.splitlines())


def _waiting(live: Live) -> str:
    """Restart needed, and what for; empty: not."""
    keys = ", ".join(live.waiting)
    return f"{keys}: changed in the configuration, restart needed" if keys else ""


def _gone(one: Gone) -> GoneShape:
    return GoneShape(to=one.to, programs=one.programs, first=one.first, at=one.at)


def _last(line: Line) -> LastRequestShape:
    return LastRequestShape(
        id=line.id, at=line.at, app=line.app, model=line.answered_by, tier=line.tier, status=line.status
    )


def _rung(tier: Sum) -> int:
    """Local, free, paid, then what nobody answered."""
    ladder = [tier.word for tier in Tier]
    return ladder.index(tier.key) if tier.key in ladder else len(ladder)


def _spent(one: Sum) -> SpentShape:
    return SpentShape(
        requests=one.requests,
        input_tokens=one.input_tokens,
        output_tokens=one.output_tokens,
        cost=one.cost,
        unpriced=one.unpriced,
    )


def _failed(reports: Sequence[Report]) -> list[JobShape]:
    return [
        JobShape(name=one.name, failures=one.failures, error=one.error) for one in reports if one.failures
    ]
