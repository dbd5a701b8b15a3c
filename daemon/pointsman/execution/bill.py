"""What an attempt may cost, and what it came to."""

from dataclasses import replace
from typing import NamedTuple

from pointsman.calls import Call, CallKind, Candidate, Decision, Task
from pointsman.catalogue.providers import provider
from pointsman.errors import Shuts, UpstreamError
from pointsman.limits.orders import SLACK, UNTOLD, Order, Ratios
from pointsman.money import MOST, NOTHING_TO_PAY, Price, Usage, unpriced_for
from pointsman.net import AT_ONCE
from pointsman.types import Modality, Model, Tier
from pointsman.wire.formats import capped


class Bill(NamedTuple):
    """Nano-dollars; None: unknown."""

    cost: int | None  # what counts
    priced: int | None  # by its price
    is_told: bool = False  # what counts is its provider's own word


def order(call: Call, decision: Decision, candidate: Candidate, ratios: Ratios) -> Order:
    """The attempt as the budgets look at it, at the most. To count tokens costs nothing anywhere."""
    model, task = candidate.model, decision.task
    if call.kind is CallKind.COUNT:
        return Order(replace(model, price=NOTHING_TO_PAY), task.caller)
    return Order(
        model=model,
        caller=task.caller,
        at_most=task.at_most,
        prompt=_prompt(model, task, ratios),
        max_tokens=call.max_tokens,
        most=_most(call, model, task.expected_output),
        choices=call.choices,
        caches=call.caches,
        caches_for_hour=call.caches_for_hour,
        listens=Modality.AUDIO in task.reads,
        speaks="audio" in call.extras,
        unpriced=unpriced_for(model.price, task.extras) if model.price else (),
    )


def _prompt(model: Model, task: Task, ratios: Ratios) -> int:
    """Tokens at the most. A file may be as long as the context, whatever its size, or that of its address."""
    told = ratios.ceiling(model.id, task)
    return max(told, model.context or 0) if task.reads & UNTOLD else told


def _most(call: Call, model: Model, expected: int) -> int:
    """Tokens of an answer whose client names no ceiling."""
    if call.kind is CallKind.EMBEDDING:
        return 0
    return min(limit for limit in (SLACK * expected, model.max_output, model.context) if limit)


def with_ceiling(call: Call, model: Model, tokens: int | None) -> Call:
    """The call with the most tokens that its answer may have, by the name that its provider has for that.

    Where that is not known, the client may know it.
    """
    row = provider(model.endpoint.provider)
    if not tokens or (row is None and call.max_tokens is not None):
        return call
    return capped(call, tokens, row.cap_field if row else "max_tokens")


def bill(model: Model, usage: Usage | None, *, wall: float, whole: bool, reserved: int | None) -> Bill:
    """What an attempt came to that its provider takes money for.

    `whole`: the usage is of all of it. Else its provider may have gone on when nobody listened, or brought
    what can't be counted: what was set aside for it counts, or what was heard of it, if that is more.
    """
    priced = _priced(model.price, usage, wall)
    told = usage.told if usage is not None and _tells(model) else None
    if whole and told is not None:
        return Bill(told, priced, is_told=True)
    if model.tier is not Tier.PAID or (whole and usage is not None and priced is not None):
        return Bill(priced, priced)
    known = [amount for amount in (priced, told, reserved) if amount is not None]
    return Bill(max(known, default=None), priced)


def _priced(price: Price | None, usage: Usage | None, wall: float) -> int | None:
    """None: unknown. Figures that come to more than any answer costs tell nothing."""
    if price is None:
        return None
    cost = usage.cost(price, wall) if usage else 0
    return None if cost is None or cost > MOST else cost


def is_charged(error: UpstreamError | None, *, answered: bool, spoke: bool, seconds: float) -> bool:
    """Whether a provider takes money for an attempt that did not end well, though it went out.

    Not for what it refused, nor for what never reached it. Silence is no refusal, and who hangs up after
    some of that may have been at work. `answered`: its head came, and was none of an error. `spoke`: there
    was content. `seconds`: how long it took.
    """
    if error is None or spoke:
        return True
    if answered:
        return not error.said
    if error.__cause__ is None or error.shuts is Shuts.ENDPOINT:
        return False
    return isinstance(error.__cause__, TimeoutError) or seconds > AT_ONCE


def _tells(model: Model) -> bool:
    """Whether what its provider says that it cost is in dollars."""
    row = provider(model.endpoint.provider)
    return row is not None and row.tells_cost and model.tier is not Tier.LOCAL
