"""How long deciding takes among a thousand models: classification, the meaning of the name, rules, order."""

import json
from itertools import product
from statistics import median
from time import perf_counter

from pointsman.calls import Outlook
from pointsman.routing.classify import classify
from pointsman.routing.names import Names
from pointsman.routing.policy import decide
from pointsman.routing.resolve import resolve
from pointsman.types import Endpoint, FoundBy, Grade, Model, Place, Snapshot, Tier
from pointsman.wire.formats import FORMATS
from tests.bench.rounds import PROMPT

ENDPOINTS, MODELS = 10, 100  # of each endpoint
REPEATS = 40  # for each round


def milliseconds(rounds: int) -> float:
    """The median of many decisions about one call, the reading of its bytes not counted."""
    body = {"model": "auto", "messages": [{"role": "user", "content": PROMPT}], "max_tokens": 256}
    call = FORMATS["openai.chat"].decode(json.dumps(body).encode(), {})
    snapshot, names, outlook = _known(), Names(), Outlook()
    taken = []
    for number in range(rounds * REPEATS):
        started = perf_counter()
        decision = decide(
            str(number), resolve(call.model, names, snapshot), classify(call), snapshot, outlook
        )
        assert decision.candidates[0]
        taken.append(perf_counter() - started)
    return median(taken) * 1000


def _known() -> Snapshot:
    endpoints = tuple(_endpoint(number) for number in range(ENDPOINTS))
    models = tuple(_model(endpoint, number) for endpoint, number in product(endpoints, range(MODELS)))
    return Snapshot(version=1, endpoints=endpoints, models=models, swept_at=0.0)


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
    )
