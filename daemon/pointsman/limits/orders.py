"""What one attempt may cost at the most, and how long an answer some money pays for. Pure."""

from dataclasses import dataclass, replace
from math import ceil

from pointsman.calls import Task
from pointsman.errors import Unaffordable
from pointsman.funds import NOBODY, Caller, Funds, Stand
from pointsman.money import Usage, in_dollars
from pointsman.types import Model

LEAST = 256  # tokens: what is left pays for a shorter answer only, and nobody asks for that
SLACK = 4  # times what an answer of its kind is expected to be long
TOKENS_PER_BYTE = 0.5  # of text in any vocabulary, until one is known to take more
MARGIN = 1.2  # over the most that a model was seen to take
MEASURED = 400  # bytes of a prompt, below which it tells nothing of that
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


def cost_most(order: Order, tokens: int) -> int | None:
    """Nano-dollars, if the answer has so many tokens; None: not known."""
    price = order.model.price
    if price is None or order.unpriced:
        return None
    plain = Usage(order.prompt, tokens * order.choices)
    if (cost := plain.cost_most(price)) is None:
        return None
    dearer = []
    if order.caches:
        hour = order.prompt if order.caches_for_hour else 0
        dearer.append(replace(plain, cache_write=order.prompt, cache_write_hour=hour))
    if order.listens:
        dearer.append(replace(plain, audio=order.prompt))
    if order.speaks:
        dearer = [replace(one, audio_output=one.output) for one in (plain, *dearer)] + dearer
    return max([cost, *(one for usage in dearer if (one := usage.cost_most(price)) is not None)])


def affordable(order: Order, room: int) -> int:
    """The tokens of the longest answer, at most `order.most`, that so many nano-dollars pay for; 0: none."""
    low, high = 0, order.most
    while low < high:
        middle = (low + high + 1) // 2
        cost = cost_most(order, middle)
        low, high = (middle, high) if cost is not None and cost <= room else (low, middle - 1)
    return low


def amount_of(order: Order, funds: Funds) -> tuple[int | None, int | None]:
    """What to set aside, and the ceiling that its answer is given for that. Raises Unaffordable."""
    if cost_most(order, 0) is None:
        if funds.unpriced:
            return None, None
        raise Unaffordable(not_priced(order.model, order.unpriced))
    if funds.tightest is None or funds.room is None:
        return cost_most(order, order.max_tokens or order.most), None
    tokens = affordable(order, funds.room) if order.max_tokens is None else order.max_tokens
    enough = order.max_tokens is not None or tokens >= min(LEAST, order.most)
    amount = cost_most(order, tokens if enough else min(LEAST, order.most))
    if amount is None or amount > funds.room:
        raise Unaffordable(too_dear(funds.tightest, amount))
    return amount, tokens or None


def too_dear(stand: Stand, amount: int | None) -> str:
    cost = "it may cost more" if amount is None else f"this request may cost {in_dollars(amount)}"
    return f"{stand.words()}, and {cost}{how_to_raise(stand)}"


def how_to_raise(stand: Stand) -> str:
    budget = stand.budget
    if budget.window is None:
        return ": add credit at its provider"
    return f": `pointsman budget set {budget.window} AMOUNT` sets another one"


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
        if task.text_bytes >= MEASURED:
            seen = max(0, tokens - task.extra_tokens) / task.text_bytes
            self._most[model] = max(seen, self._most.get(model, 0.0) * (1 - FADES) + seen * FADES)

    def ceiling(self, model: str, task: Task) -> int:
        """The most tokens that a prompt may come to."""
        ratio = max(TOKENS_PER_BYTE, self._most.get(model, 0.0) * MARGIN)
        return task.extra_tokens + ceil(task.text_bytes * ratio)
