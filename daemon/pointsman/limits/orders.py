"""What one attempt may cost at the most, and how long an answer some money pays for. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from shlex import quote
from typing import NamedTuple

from pointsman.calls import Task
from pointsman.errors import Unaffordable
from pointsman.funds import DEFAULT, NOBODY, REQUEST, TOTAL, Budget, Caller, Funds, Stand, usual_name
from pointsman.money import MOST, Price, in_dollars
from pointsman.types import Modality, Model

MILLION = 1_000_000  # tokens, that prices are told for
LEAST = 256  # tokens: what is left pays for a shorter answer only, and nobody asks for that
SLACK = 4  # times what an answer of its kind is expected to be long
TOKENS_PER_BYTE = 0.5  # of text in any vocabulary, until one is known to take more
MOST_PER_BYTE = 1.0  # in any vocabulary: what is beyond that is no token of the prompt's own text
MARGIN = 1.2  # over the most that a model was seen to take
MEASURED = 400  # bytes of a prompt, below which it tells nothing of that
UNTOLD = Modality.FILE | Modality.VIDEO  # what these come to their bytes don't tell, nor their addresses
FADES = 0.02  # of the most that was seen, with each prompt that takes less


@dataclass(frozen=True, slots=True)
class Order:
    """An attempt that costs money. Tokens; `prompt` is the most that it can come to."""

    model: Model
    caller: Caller = NOBODY
    prompt: int = 0
    max_tokens: int | None = None  # the client's own
    most: int = 0  # of an answer whose client names no ceiling
    choices: int = 1
    caches: bool = False  # of its prompt something may be written to a cache
    caches_for_hour: bool = False
    listens: bool = False  # of its prompt something is audio
    speaks: bool = False  # of its answer something may be
    unpriced: tuple[str, ...] = ()  # what of it costs otherwise than its tokens do
    at_most: int | None = None  # nano-dollars, by the client's own word

    @property
    def answer(self) -> int:
        """Tokens that its answer may have, if nobody shortens it."""
        return self.most if self.max_tokens is None else self.max_tokens


class _Rate(NamedTuple):
    """What one price makes of an order, in millionths of a nano-dollar."""

    prompt: int  # all of it, and what each request costs
    token: int  # of the answer, or of all its choices


def _rates(order: Order) -> list[_Rate]:
    """By each price that it may be charged; none: one of them is not known."""
    price = order.model.price
    if price is None or order.unpriced:
        return []
    prices = [price, *(tier.price for tier in price.tiers if tier.above <= order.prompt)]
    rates = [rate for one in prices if (rate := _rate(one, order)) is not None]
    return rates if len(rates) == len(prices) else []


def _rate(price: Price, order: Order) -> _Rate | None:
    """As if all of its prompt were charged as dear as any of it may be."""
    if price.input is None or (price.output is None and order.answer):
        return None
    cached = price.cache_read or 0
    if order.caches:
        cached = max(cached, price.cache_write or 0)
    if order.caches_for_hour:
        cached = max(cached, price.cache_write_hour or 0)
    heard = (price.audio or 0) if order.listens else 0
    spoken = (price.audio_output or 0) if order.speaks else 0
    prompt = order.prompt * max(price.input, cached, heard) + price.request * MILLION
    return _Rate(prompt, order.choices * max(price.output or 0, spoken))


def _cost(rates: Sequence[_Rate], tokens: int) -> int:
    """Nano-dollars, if the answer has so many tokens."""
    return max(-(-(rate.prompt + tokens * rate.token) // MILLION) for rate in rates)


def _longest(rates: Sequence[_Rate], room: int, most: int) -> int:
    """The tokens of the longest answer that so many nano-dollars pay for, but LEAST even if they do not."""
    paid = min(((room * MILLION - rate.prompt) // rate.token for rate in rates if rate.token), default=most)
    return min(most, max(paid, LEAST))


def amount_of(order: Order, funds: Funds) -> tuple[int | None, int | None]:
    """What to set aside, and the ceiling that its answer is given for that. Raises Unaffordable."""
    rates, tokens = _rates(order), order.answer
    if not rates:
        if funds.unpriced:
            return None, None
        raise Unaffordable(not_priced(order.model, order.unpriced))
    amount, stand, room = _bounded(_cost(rates, tokens)), funds.tightest, funds.room
    if stand is None or room is None:
        return amount, None
    if amount > room and order.max_tokens is None:
        tokens = _longest(rates, room, order.most)
        amount = _cost(rates, tokens)
    if amount > room:
        raise Unaffordable(too_dear(stand, amount))
    return amount, tokens or None


def _bounded(amount: int) -> int:
    """Raises Unaffordable for what the ledger could not hold."""
    if amount > MOST:
        most = f"{in_dollars(MOST)}, which is the most that is set aside for one answer"
        raise Unaffordable(f"this request may cost more than {most}: let it ask for fewer tokens")
    return amount


def too_dear(stand: Stand, amount: int) -> str:
    cost = f"this request may cost {in_dollars(amount)}"
    return f"{stand.words()}, and {cost}: {how_to_raise(stand.budget)}"


def how_to_raise(budget: Budget) -> str:
    """The command that sets the very budget anew."""
    if budget.scope.kind == REQUEST:
        return "name a higher X-Pointsman-Max-Cost"
    if budget.window is None:
        return "add credit at its provider"
    whose = "" if budget.scope.kind == TOTAL else f" --scope {quote(str(budget.scope))}"
    is_usual = budget is DEFAULT or budget.name == usual_name(budget.window, str(budget.scope))
    name = "" if is_usual else f" --name {quote(budget.name)}"
    unpriced = " --unpriced" if budget.unpriced else ""
    return f"`pointsman budget set {budget.window} AMOUNT{whose}{name}{unpriced}` sets another one"


def not_priced(model: Model, words: tuple[str, ...] = ()) -> str:
    what = f"what {' and '.join(words)} costs" if words else "its price"
    return (
        f"{what} is not known, and a budget is to be kept: say what it costs under "
        f'[prices."{model.id}"], or let the budget have `unpriced = true`'
    )


class Ratios:
    """How many tokens a byte of text takes: the most that each model was seen to."""

    def __init__(self) -> None:
        self._most: dict[str, float] = {}

    def learn(self, model: str, task: Task, tokens: int) -> None:
        """A prompt turned out to have so many."""
        if task.text_bytes >= MEASURED and not task.reads & UNTOLD:
            seen = min(max(0, tokens - task.extra_tokens) / task.text_bytes, MOST_PER_BYTE)
            self._most[model] = max(seen, self._most.get(model, 0.0) * (1 - FADES) + seen * FADES)

    def ceiling(self, model: str, task: Task) -> int:
        """The most tokens that a prompt may come to."""
        ratio = max(TOKENS_PER_BYTE, self._most.get(model, 0.0) * MARGIN)
        return task.extra_tokens + ceil(task.text_bytes * ratio)
