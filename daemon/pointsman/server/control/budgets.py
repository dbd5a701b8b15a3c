"""GET budgets: how they stand. POST and DELETE, for the socket's owner: others hold, over restarts too."""

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec
from aiohttp import web
from pydantic import ValidationError

from pointsman.config.money import BudgetConfig
from pointsman.config.problems import problems_of
from pointsman.config.schema import Config
from pointsman.dates import Window, days_of
from pointsman.errors import BadRequest, LedgerError
from pointsman.funds import TOTAL, Purse, Stand
from pointsman.ledger.spending import Sum
from pointsman.server.budgets import RESERVED, BudgetSettings
from pointsman.server.control.decisions import up_to_date
from pointsman.server.control.reply import reply
from pointsman.server.control.shapes import AmountShape, BudgetShape, BudgetsShape, TurnShape
from pointsman.server.guard import check_change
from pointsman.server.inference import read_body
from pointsman.server.rooms import ROOMS, Rooms
from pointsman.types import FoundBy, Snapshot, Tier

BODY = (
    'the body must be {"window": "day", "limit": 1.00, "hard": true, "scope": "total", "unpriced": false}, '
    "of which only window and limit are needed"
)


async def get_budgets(request: web.Request) -> web.Response:
    await up_to_date(request)
    return reply(await _shape(request.app[ROOMS]))


async def post_budget(request: web.Request) -> web.Response:
    check_change(request)
    name, rooms = request.match_info["name"], request.app[ROOMS]
    rooms.budget_settings.set(name, _read(name, await read_body(request)))
    return reply(await _shape(rooms))


async def delete_budget(request: web.Request) -> web.Response:
    check_change(request)
    rooms = request.app[ROOMS]
    rooms.budget_settings.remove(request.match_info["name"])
    return reply(await _shape(rooms))


async def post_none(request: web.Request) -> web.Response:
    """Answers with what is held back all the same. A body that means a budget of that name is refused."""
    check_change(request)
    if (await read_body(request)).strip() not in (b"", b"{}"):
        raise BadRequest(RESERVED, param="name")
    rooms = request.app[ROOMS]
    return reply(await _shape(rooms, rooms.budget_settings.none()))


def shapes(rooms: Rooms) -> list[BudgetShape]:
    """The budgets in their order, what providers told of, and what holds for want of a budget for all."""
    purse = rooms.budgets.purse()
    stands = [*purse.stands, *_default(purse, rooms.registry.snapshot)]
    return [_budget(stand, purse, rooms.budget_settings) for stand in stands]


def _default(purse: Purse, snapshot: Snapshot) -> Iterable[Stand]:
    """It is none where there is nobody whom it could hold back."""
    if purse.default is None or any(stand.budget.scope.kind == TOTAL for stand in purse.stands):
        return ()
    paid = (model.endpoint for model in snapshot.models if model.tier is Tier.PAID)
    return (purse.default,) if any(one.found_by is FoundBy.CONFIG for one in paid) else ()


def _read(name: str, body: bytes) -> BudgetConfig:
    """Raises BadRequest, in the words of the configuration."""
    try:
        said: Any = msgspec.json.decode(body)
        return Config.model_validate({"budgets": {name: said}}).budgets[name]
    except ValidationError as error:
        problems = "; ".join(problem.message for problem in problems_of(error))
        raise BadRequest(problems, param="body") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest(BODY, param="body") from None


async def _shape(rooms: Rooms, notes: Iterable[str] = ()) -> BudgetsShape:
    today, month = await asyncio.to_thread(_spent, rooms)
    return BudgetsShape(
        budgets=shapes(rooms),
        curve=[TurnShape(share=turn.share, step=turn.step.value) for turn in rooms.budgets.purse().curve],
        today=today,
        month=month,
        notes=list(notes),
    )


def _spent(rooms: Rooms) -> tuple[AmountShape | None, AmountShape | None]:
    """Of this day and of this month; None where the ledger can't say."""
    ledger, day = rooms.reader, rooms.budgets.today()
    first, after = days_of(Window.MONTH, day)
    try:
        return _amount(ledger.spent("tier", day, day + 1)), _amount(ledger.spent("tier", first, after))
    except LedgerError:
        return None, None


def _amount(sums: Iterable[Sum]) -> AmountShape:
    sums = tuple(sums)
    return AmountShape(
        cost=sum(one.cost for one in sums),
        reserved=sum(one.reserved for one in sums),
        unpriced=sum(one.unpriced for one in sums),
    )


def _budget(stand: Stand, purse: Purse, settings: BudgetSettings) -> BudgetShape:
    budget = stand.budget
    return BudgetShape(
        name=budget.name,
        window=budget.window.value if budget.window else None,
        scope=str(budget.scope),
        limit=budget.limit,
        hard=budget.hard,
        unpriced=budget.unpriced,
        spent=stand.spent,
        reserved=stand.reserved,
        left=stand.room,
        share=stand.share,
        step=stand.step(purse.curve).value,
        ends=stand.ends,
        origin=_origin(stand, purse, settings),
    )


def _origin(stand: Stand, purse: Purse, settings: BudgetSettings) -> str:
    if stand is purse.default:
        return "default"
    if stand.budget.window is None:
        return "provider"
    return "command" if settings.is_set(stand.budget.name) else "configuration"
