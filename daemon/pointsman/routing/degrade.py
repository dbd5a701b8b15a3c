"""What money keeps from being asked: no budget, a budget that is used up, a price that nobody knows. Pure.

As a budget is used up, spending is held back step by step, for all but critical requests first. What runs on
this machine is never held back.
"""

from pointsman.calls import Task
from pointsman.catalogue.providers import provider
from pointsman.funds import NO_BUDGET, Funds, Purse, Spender, Stand
from pointsman.limits.orders import LEAST, how_to_raise, not_priced
from pointsman.money import Usage, unpriced_for
from pointsman.steps import Step
from pointsman.types import Ability, Grade, Kind, Model, Priority, Tier

UNSET, HELD, SHORT, UNPRICED = "no budget", "budget step", "budget", "unpriced"
RULES = frozenset({UNSET, HELD, SHORT, UNPRICED})  # as decisions name them

_GENERAL = frozenset({"total", "app", "role", "user"})  # scopes that hold for whichever model is asked
_NOTHING_PAID = frozenset({Step.FREE, Step.LOCAL})
_CRITICAL_ALONE = "what is left is for critical requests (X-Pointsman-Priority: critical)"
_NO_REASONING = "models of the grade reasoning are for critical requests (X-Pointsman-Priority: critical)"


def objection(model: Model, task: Task, funds: Funds, *, chosen: bool) -> tuple[str, str] | None:
    """The rule that leaves out models of its kind, and what it says. `chosen`: by us, and not by name."""
    if model.tier is Tier.LOCAL:
        return None
    if model.tier is Tier.PAID and not funds.allowed:
        return UNSET, no_budget(model)
    if (why := _held_back(model, task, funds, chosen=chosen)) and funds.fullest:
        return HELD, f"{funds.fullest.words()}: {why}; {how_to_raise(funds.fullest.budget)}"
    if model.tier is Tier.PAID and not funds.unpriced:
        return _unpriced(model, task)
    return None


def _unpriced(model: Model, task: Task) -> tuple[str, str] | None:
    price = model.price
    writes = task.needs is not Ability.EMBEDDINGS
    if price is None or price.input is None or (price.output is None and writes):
        return UNPRICED, not_priced(model)
    words = unpriced_for(price, task.extras)
    return (UNPRICED, not_priced(model, words)) if words else None


def no_budget(model: Model) -> str:
    """Why nobody may pay for it, and what to do."""
    row = provider(model.endpoint.provider)
    if model.runs_at:
        return f"{NO_BUDGET}; it runs at {model.runs_at}, not here, and uses up a quota or money"
    if row is None or row.free is None or not row.free.on_plan:
        return NO_BUDGET
    plan = f'plan = "free" under [providers.{model.endpoint.id}]'
    return f"{NO_BUDGET}; if this key is on the free plan, say {plan}"


def _held_back(model: Model, task: Task, funds: Funds, *, chosen: bool) -> str:
    """Why, at the budget's step; empty: it is not."""
    step, critical = funds.step, task.priority is Priority.CRITICAL
    if model.tier is Tier.FREE:
        return "nothing leaves this machine" if step is Step.LOCAL else ""
    if step in _NOTHING_PAID:
        return "nothing that costs money is asked"
    if critical:
        return ""
    if step is Step.RESERVE:
        return _CRITICAL_ALONE
    if model.grade is Grade.REASONING and (step is Step.LEAN or (step is Step.THRIFTY and chosen)):
        return _NO_REASONING
    return ""


def all_affordable(kind: Kind, task: Task, funds: Funds) -> bool:
    """Whether it is known without a look at each that what is left pays for the models of a kind."""
    if funds.room is None:
        return True
    read, written = (
        task.prompt_tokens * (kind.dearest.input or 0),
        _written(task) * (kind.dearest.output or 0),
    )
    return -(-(read + written) // 1_000_000) + kind.dearest.request <= funds.room


def too_dear(kind: Kind, task: Task, room: int) -> list[str]:
    """The ids of those of which what is left does not pay for a short answer; the gate knows better."""
    least = _least(task)
    costs = ((model.id, least.cost_least(model.price)) for model in kind.models if model.price)
    return [id_ for id_, cost in costs if cost is not None and cost > room]


def what_is_left(tightest: Stand) -> str:
    """Why that is too little."""
    how = how_to_raise(tightest.budget)
    return f"{tightest.words()}: what is left does not pay for this request; {how}"


def _least(task: Task) -> Usage:
    """What it takes at the least."""
    return Usage(task.prompt_tokens, _written(task))


def _written(task: Task) -> int:
    return 0 if task.needs is Ability.EMBEDDINGS else min(task.max_tokens or LEAST, LEAST)


def holds_back(purse: Purse) -> str:
    """What a budget holds back from all that this caller asks, for people; empty: nothing."""
    anybody = Spender("", "", "", purse.caller)
    general = [
        stand
        for stand in purse.stands
        if stand.budget.hard and stand.budget.scope.kind in _GENERAL and stand.budget.scope.covers(anybody)
    ]
    fullest = max(general, key=lambda stand: stand.share, default=None)
    step = fullest.step(purse.curve) if fullest else Step.NORMAL
    return f"{fullest.words()}, step {step}" if fullest and step is not Step.NORMAL else ""
