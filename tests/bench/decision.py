"""How long deciding takes among many models, and reading what a request is about.

A third of the models run here, a third cost nothing, a third cost money, which there is. Half of them were
seen at work, and some are now.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from statistics import median
from time import perf_counter

from pointsman.calls import Call, Candidate, Outlook, Speed
from pointsman.dates import Window
from pointsman.funds import Budget, Purse, Stand
from pointsman.money import NANO, Price
from pointsman.routing.classify import classify
from pointsman.routing.names import Names
from pointsman.routing.policy import decide
from pointsman.routing.resolve import resolve
from pointsman.types import Endpoint, FoundBy, Grade, Model, Place, Snapshot, Tier
from pointsman.wire.formats import FORMATS
from tests.bench.rounds import PROMPT

ENDPOINTS = 10
REPEATS = 40  # for each round
BUDGET = Budget("month", Window.MONTH, 20 * NANO)


def milliseconds(rounds: int, models: int) -> float:
    """The median of many decisions about one task, up to the first candidate."""
    call = _call(PROMPT)
    snapshot = _known(models)
    wanted, task, outlook = resolve(call.model, Names(), snapshot), classify(call), _outlook(snapshot)

    def chosen() -> Candidate:
        fresh = replace(outlook, purse=Purse(outlook.purse.stands))  # as each request has its own
        return decide("bench", wanted, task, snapshot, fresh).candidates[0]

    return _median(rounds, chosen)


def milliseconds_to_classify(rounds: int, characters: int) -> float:
    call = _call((PROMPT * (characters // len(PROMPT) + 1))[:characters])
    return _median(rounds, lambda: classify(call))


def _median(rounds: int, deed: Callable[[], object]) -> float:
    taken = []
    for _ in range(rounds * REPEATS):
        started = perf_counter()
        deed()
        taken.append(perf_counter() - started)
    return median(taken) * 1000


def _call(prompt: str) -> Call:
    body = {"model": "auto", "messages": [{"role": "user", "content": prompt}], "max_tokens": 256}
    return FORMATS["openai.chat"].decode(json.dumps(body).encode(), {})


def _known(models: int) -> Snapshot:
    endpoints = tuple(_endpoint(number) for number in range(ENDPOINTS))
    numbers = range(models // ENDPOINTS)
    known = tuple(_model(endpoint, number) for endpoint, number in product(endpoints, numbers))
    return Snapshot(version=1, endpoints=endpoints, models=known, swept_at=0.0)


def _outlook(snapshot: Snapshot) -> Outlook:
    return Outlook(
        in_flight={model.id: 1 for model in snapshot.models[::100]},
        purse=Purse((Stand(BUDGET, NANO),)),
        paces={model.id: Speed(0.001, 0.02, 5.0) for model in snapshot.models[::2]},
    )


def _endpoint(number: int) -> Endpoint:
    place = Place(f"http://127.0.0.1:{9000 + number}/v1")
    return Endpoint(f"e{number}", "bench", place, FoundBy.CONFIG, tier=tuple(Tier)[number % len(Tier)])


def _model(endpoint: Endpoint, number: int) -> Model:
    name = f"model-{number}"
    return Model(
        id=f"{endpoint.id}/{name}",
        name=name,
        served_as=name,
        endpoint=endpoint,
        tier=endpoint.tier,
        context=(4_096, 32_768, 131_072)[number % 3],
        grade=tuple(Grade)[number % len(Grade)],
        parameters=number * 1_000_000_000,
        price=Price(NANO // 10 + number, NANO + number) if endpoint.tier is Tier.PAID else None,
    )
