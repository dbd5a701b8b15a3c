"""The engines on this machine, and whether there is anybody at all who may answer."""

from collections.abc import Iterator

from pointsman.catalogue.providers import provider
from pointsman.cli.doctor.case import Case
from pointsman.cli.doctor.finding import Finding, fail, note, ok, warn
from pointsman.cli.show import count
from pointsman.server.control.hints import WAYS_ON, Scene, hints
from pointsman.server.control.words import models_of
from pointsman.types import Endpoint, Health, Snapshot

TOPIC = "engines"
ANSWERS = frozenset({Health.UP, Health.LOADING})


def engines(case: Case) -> Iterator[Finding]:
    here = _here(case)
    there = [endpoint for endpoint in here.endpoints if endpoint.health in ANSWERS]
    for endpoint in there:
        yield ok(TOPIC, _title(endpoint), count(len(models_of(endpoint, here)), "model"))
    if not there:
        yield _nobody(case)
    if here.endpoints:
        for hint in hints(Scene(here, None, {})):
            what, _, to_do = hint.partition(": ")
            yield warn(TOPIC, what, "", to_do)
    for trouble in case.look.troubles:
        yield warn(TOPIC, "a way to look for them failed", trouble, case.by_daemon("pointsman discover"))


def _here(case: Case) -> Snapshot:
    elsewhere = {place.id for place in case.look.elsewhere}
    seen = case.look.snapshot
    return Snapshot(
        endpoints=tuple(one for one in seen.endpoints if one.id not in elsewhere),
        models=tuple(one for one in seen.models if one.endpoint.id not in elsewhere),
        swept_at=seen.swept_at,
    )


def _nobody(case: Case) -> Finding:
    looked_for = "; ".join(case.look.looked_for) or "nothing, discovery is switched off"
    may = [one for one in case.look.snapshot.models if one.endpoint.health is Health.UP]
    if may:
        what = f"none on this machine; {count(len(may), 'model')} elsewhere may answer"
        return note(TOPIC, what, "", "start one, for example: llama-server -m model.gguf")
    return fail(TOPIC, "no engine was found, and nobody else may answer", f"looked for {looked_for}", WAYS_ON)


def _title(endpoint: Endpoint) -> str:
    row = provider(endpoint.provider)
    return f"{row.title if row else endpoint.id} at {endpoint.place}"
