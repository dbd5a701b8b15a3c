"""GET spend: what it all cost, by whatever; where providers disagree with our prices; what was saved."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import cast, get_args

from aiohttp import web

from pointsman.dates import Window, days_of
from pointsman.errors import BadRequest
from pointsman.ledger.spending import By, Sum
from pointsman.money import Price, Usage
from pointsman.server.control.decisions import up_to_date
from pointsman.server.control.reply import reply
from pointsman.server.control.shapes import DriftShape, SavingsShape, SpendRowShape, SpendShape
from pointsman.server.control.words import chats
from pointsman.server.rooms import ROOMS, Rooms
from pointsman.types import Model, Snapshot, Tier

DRIFT = 2  # per cent that a provider may be off our prices without a word
FIRST_DAY = date.min.toordinal()


WORDS = ("today", "week", "month", "year", "all")  # since when


async def get_spend(request: web.Request) -> web.Response:
    rooms = request.app[ROOMS]
    by, since = _by(request.query.get("by", "model")), request.query.get("since", "month")
    first = first_day(since, rooms.budgets.today())
    await up_to_date(request)
    return reply(await asyncio.to_thread(_spend, rooms, by, first))


def first_day(since: str, today: int) -> int:
    """As ordinals. Raises BadRequest."""
    match since:
        case "today":
            return today
        case "week" | "month":
            return days_of(Window(since), today)[0]
        case "year":
            return date.fromordinal(today).replace(month=1, day=1).toordinal()
        case "all":
            return FIRST_DAY
        case _:
            return _written(since, today)


def _written(since: str, today: int) -> int:
    try:
        day = date.fromisoformat(since).toordinal()
    except ValueError:
        choices = f"a date such as 2026-11-01, or one of {', '.join(WORDS)}"
        raise BadRequest(f"since is {choices}, not {since[:20]!r}", param="since") from None
    if day > today:
        raise BadRequest(f"since {since} nothing was spent: that day is yet to come", param="since")
    return day


def _by(text: str) -> By:
    if text not in get_args(By):
        raise BadRequest(f"by is one of {', '.join(get_args(By))}, not {text[:20]!r}", param="by")
    return cast("By", text)


def _spend(rooms: Rooms, by: By, first: int) -> SpendShape:
    ledger = rooms.reader
    sums = ledger.spent(by, first)
    total = _row("", sums)
    return SpendShape(
        by=by,
        since=None if first == FIRST_DAY else date.fromordinal(first).isoformat(),
        rows=[_row(one.key, (one,)) for one in sums],
        total=total,
        drift=[_drift(one) for one in ledger.spent("provider", first) if drifts(one)],
        savings=_savings(total, best_paid(rooms.registry.snapshot)),
    )


def _row(key: str, sums: Sequence[Sum]) -> SpendRowShape:
    return SpendRowShape(
        key=key,
        requests=sum(one.requests for one in sums),
        attempts=sum(one.attempts for one in sums),
        input_tokens=sum(one.input_tokens for one in sums),
        output_tokens=sum(one.output_tokens for one in sums),
        cache_read=sum(one.cache_read for one in sums),
        cost=sum(one.cost for one in sums),
        reserved=sum(one.reserved for one in sums),
        unpriced=sum(one.unpriced for one in sums),
    )


def drifts(one: Sum) -> bool:
    return abs(one.told - one.told_priced) * 100 > DRIFT * one.told_priced


def _drift(one: Sum) -> DriftShape:
    return DriftShape(provider=one.key, told=one.told, priced=one.told_priced)


def best_paid(snapshot: Snapshot) -> Model | None:
    """The cheapest of the highest grade, as far as prices are known."""
    paid = (model for model in snapshot.models if model.tier is Tier.PAID and chats(model))
    priced = [(cost, model) for model in paid if model.price and (cost := model.price.usual) is not None]
    best = min(priced, key=lambda one: (-one[1].grade, one[0], one[1].id), default=None)
    return best[1] if best else None


def _savings(total: SpendRowShape, best: Model | None) -> SavingsShape | None:
    if best is None or best.price is None:
        return None
    cost = _would_cost(total, best.price)
    if cost is None:
        return None
    saved = None if total["unpriced"] else cost - total["cost"] - total["reserved"]
    return SavingsShape(model=best.id, would_cost=cost, saved=saved)


def _would_cost(total: SpendRowShape, price: Price) -> int | None:
    """Of many requests at once, each at the price of a short prompt."""
    usage = Usage(total["input_tokens"], total["output_tokens"], total["cache_read"])
    tokens = usage.cost(replace(price, tiers=(), request=0), wall=0.0)
    return None if tokens is None else tokens + price.request * total["requests"]
