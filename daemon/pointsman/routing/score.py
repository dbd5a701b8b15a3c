"""Who is asked first of those on one rung of the ladder: by expected cost, time and quality. Pure.

Each is told as how far a model is behind the best beside it, in powers of ten, and not as its share of
what lies between the best and the worst: a tenth of a cent stays little, however alike the others are.
Twice the price is never outweighed by a hair's breadth of anything else, and ten times the price by
nothing but a hundred times the speed.

- Cost: of this prompt and of the answer that is expected. Only what is paid for has one.
- Time: the wait, a load, reading and writing, at the pace that was learned. Who was not seen yet is taken
  to be as quick as those beside it are as a rule, so that nobody is passed by for a guess. It counts half
  of what cost does, and in steps: what was measured a hair slower is not slower.
- Quality: a grade that is missing counts as ten times the price; one more than is needed is no merit. Of
  what costs nothing the larger is the better. It loses to a smaller one only if it is slower than by the
  square of what it is larger by; by its size alone it would be slower in proportion. What is paid for is
  compared by its grade, as its price tells of its size already.

Only the first of a rung are scored, of a thousand in their usual order (`types.rank`): the cheapest, or the
largest. The rest follow in that order; who is so far behind has nothing to win it by.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from math import log10

from pointsman.calls import Outlook, Speed, Task
from pointsman.money import Usage
from pointsman.profiles import Weights
from pointsman.types import Ability, Model, ModelState, Tier

SCORED = 12  # of each rung
LEAST_COST = 1_000  # nano-dollars: what costs less costs that
HALF = 0.5  # what ten times the time counts, where ten times the price counts 1
UNSEEN_HERE = Speed(read=0.02, written=0.1, load=10.0)  # seconds; where none of a rung was seen
UNSEEN_ELSEWHERE = Speed(read=0.0005, written=0.02, load=0.0)


def by_score(models: Iterator[Model], task: Task, weights: Weights, outlook: Outlook) -> Iterator[Model]:
    """The models of a rung, which come in their usual order; that decides between equals, too."""
    first = list(islice(models, SCORED))
    if len(first) > 1:
        marks = scores(first, task, weights, outlook)
        first = [first[place] for place in sorted(range(len(first)), key=marks.__getitem__)]
    yield from first
    yield from models


def scores(models: Sequence[Model], task: Task, weights: Weights, outlook: Outlook) -> list[float]:
    """The lower, the better; comparable only among those given."""
    terms = ((weights.cost, _costs), (weights.time, _times), (weights.quality, _faults))
    columns = [
        [weight * mark for mark in term(models, task, outlook)] for weight, term in terms if weight > 0
    ]
    return [sum(marks) for _, *marks in zip(models, *columns, strict=True)]


def _costs(models: Sequence[Model], task: Task, outlook: Outlook) -> list[float]:
    """Whose price is not known counts as the dearest that is."""
    usage = Usage(task.prompt_tokens, _answer(task))
    costs = [_cost(model, usage, outlook.wall) for model in models]
    dearest = max((cost for cost in costs if cost is not None), default=LEAST_COST)
    return _behind([max(dearest if cost is None else cost, LEAST_COST) for cost in costs])


def _cost(model: Model, usage: Usage, wall: float) -> int | None:
    if model.tier is not Tier.PAID:
        return 0
    return usage.cost(model.price, wall) if model.price else None


def _times(models: Sequence[Model], task: Task, outlook: Outlook) -> list[float]:
    seen = [outlook.paces.get(model.id, Speed()) for model in models]
    if not outlook.waits and not any(map(any, seen)):
        return [0.0] * len(models)
    usual = _usual(seen, UNSEEN_HERE if models[0].tier is Tier.LOCAL else UNSEEN_ELSEWHERE)
    prompt, answer = task.prompt_tokens, _answer(task)
    times = []
    for model, speed in zip(models, seen, strict=True):
        read, written, load = (one or 0.0 for one in _filled(speed, usual))
        loading = 0.0 if model.state is ModelState.LOADED else load
        times.append(outlook.waits.get(model.id, 0.0) + loading + prompt * read + answer * written)
    return [round(HALF * mark, 1) for mark in _behind(times)]


def _usual(seen: Sequence[Speed], unseen: Speed) -> Speed:
    """The middle one of those that are known."""
    columns = ([one for one in column if one is not None] for column in zip(*seen, strict=True))
    middles = (sorted(known)[len(known) // 2] if known else None for known in columns)
    return _filled(Speed(*middles), unseen)


def _filled(speed: Speed, usual: Speed) -> Speed:
    return speed if None not in speed else Speed(*map(_known, speed, usual))


def _known(one: float | None, usual: float | None) -> float | None:
    return usual if one is None else one


def _faults(models: Sequence[Model], task: Task, _outlook: Outlook) -> list[float]:
    """Whose size is not known counts as the smallest that is."""
    missing = [float(max(0, task.grade - model.grade)) for model in models]
    if models[0].tier is Tier.PAID:
        return missing
    smallest = min((model.parameters for model in models if model.parameters), default=1)
    sizes = _behind([1 / (model.parameters or smallest) for model in models])
    return [fault + size for fault, size in zip(missing, sizes, strict=True)]


def _answer(task: Task) -> int:
    """Tokens that are expected of it. Vectors have none."""
    if task.needs is Ability.EMBEDDINGS:
        return 0
    return min(task.max_tokens or task.expected_output, task.expected_output)


def _behind(values: Sequence[float]) -> list[float]:
    """How many powers of ten each is above the least."""
    least = min(values)
    return [log10(value / least) if value > least > 0 else 0.0 for value in values]
