"""The engines on this machine, and whether there is anybody at all who may answer."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pointsman.catalogue.providers import provider
from pointsman.cli.doctor.case import Case
from pointsman.cli.doctor.finding import Finding, fail, note, ok, warn
from pointsman.cli.show import count
from pointsman.server.control.hints import WAYS_ON, Scene, hints
from pointsman.server.control.words import models_of
from pointsman.types import Endpoint, FoundBy, Health, Snapshot

TOPIC = "engines"
GIVE_IT_ONE = "load a model there; for one that tells no list: models = [NAME, ...] in its [providers.NAME]"
SWITCH_ON = "set discovery.local = true in the configuration, or name a server there under [providers]"
ANSWERS = frozenset({Health.UP, Health.LOADING})


def engines(case: Case) -> Iterator[Finding]:
    here = _here(case)
    there = [endpoint for endpoint in here.endpoints if endpoint.health in ANSWERS]
    for endpoint in there:
        yield _answers(endpoint, len(models_of(endpoint, here)))
    if not any(models_of(one, here) or one.health is Health.LOADING for one in there):
        yield _nobody(case, there)
    away = [endpoint for endpoint in here.endpoints if _is_missed(endpoint)]
    yield from map(_away, away)
    yield from _hints(replace(here, endpoints=tuple(one for one in here.endpoints if one not in away)))
    for trouble in case.look.troubles:
        yield warn(TOPIC, "a way to look for them failed", trouble, case.by_daemon("pointsman discover"))


def _answers(endpoint: Endpoint, models: int) -> Finding:
    if models or endpoint.health is Health.LOADING:
        return ok(TOPIC, _title(endpoint), count(models, "model"))
    why = endpoint.note or "its list is empty"
    return warn(TOPIC, f"{_title(endpoint)} has no model that may answer", why, GIVE_IT_ONE)


def _is_missed(endpoint: Endpoint) -> bool:
    return endpoint.health is Health.AWAY and endpoint.found_by in {FoundBy.CONFIG, FoundBy.KEY}


def _away(endpoint: Endpoint) -> Finding:
    why = endpoint.note or f"nothing answers at {endpoint.place}"
    return warn(TOPIC, f"{endpoint.id} is away", why, f"start it, or look at [providers.{endpoint.id}]")


def _hints(here: Snapshot) -> Iterator[Finding]:
    for hint in hints(Scene(here, None, {})) if here.endpoints else ():
        what, _, to_do = hint.partition(": ")
        yield warn(TOPIC, what, "", to_do)


def _here(case: Case) -> Snapshot:
    elsewhere = {place.id for place in case.look.elsewhere}
    seen = case.look.snapshot
    return Snapshot(
        endpoints=tuple(one for one in seen.endpoints if one.id not in elsewhere),
        models=tuple(one for one in seen.models if one.endpoint.id not in elsewhere),
        swept_at=seen.swept_at,
    )


def _nobody(case: Case, there: Sequence[Endpoint]) -> Finding:
    none = "no engine here has a model" if there else "no engine was found"
    may = [one for one in case.look.snapshot.models if one.endpoint.health is Health.UP]
    if may:
        what = f"{none}; {count(len(may), 'model')} elsewhere may answer"
        return note(TOPIC, what, "", "start one, for example: llama-server -m model.gguf")
    looked_for = "; ".join(case.look.looked_for) or "nothing, discovery is switched off"
    to_do = WAYS_ON if case.config.discovery.local else SWITCH_ON
    return fail(TOPIC, f"{none}, and nobody else may answer", f"looked for {looked_for}", to_do)


def _title(endpoint: Endpoint) -> str:
    row = provider(endpoint.provider)
    return f"{row.title if row else endpoint.id} at {endpoint.place}"
