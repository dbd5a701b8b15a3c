"""Endpoints and models as JSON. Field by field: an endpoint holds an account, an account holds a key."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pointsman.catalogue.grades import cost_class
from pointsman.catalogue.providers import provider
from pointsman.discovery.sweep import Sweeper
from pointsman.funds import EMPTY, Purse
from pointsman.money import Price, to_dollars
from pointsman.routing.degrade import objection
from pointsman.routing.policy import few_words
from pointsman.server.control.shapes import AdvancedShape, EndpointShape, JobShape, ModelShape, PriceShape
from pointsman.types import (
    Ability,
    Endpoint,
    Health,
    Model,
    ModelState,
    Snapshot,
    Tier,
    flag_names,
    tier_word,
)

COULD_NOT_LOAD = "its engine could not load it: the engine's log says why"


def endpoints(snapshot: Snapshot) -> list[EndpointShape]:
    tiers: dict[str, list[Tier | None]] = {}
    for one in snapshot.models:
        tiers.setdefault(one.endpoint.id, []).append(one.tier)
    return [_endpoint(endpoint, tiers.get(endpoint.id, ())) for endpoint in snapshot.endpoints]


def count_by_tier(snapshot: Snapshot) -> dict[str, int]:
    """Every tier has its figure, none left out."""
    models = Counter(tier_word(model.tier) for model in snapshot.models)
    return {word: models[word] for word in map(tier_word, (*Tier, None))}


def count_by_state(snapshot: Snapshot) -> dict[str, dict[str, int]]:
    """By tier, then by state. A model is no better than the place it lives in."""
    models = Counter((tier_word(model.tier), _state(model)) for model in snapshot.models)
    counted: dict[str, dict[str, int]] = {}
    for (tier, state), number in models.items():
        counted.setdefault(tier, {})[state] = number
    return counted


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of models beside what they say themselves, by id."""

    waits: Mapping[str, float]  # seconds that a new request would wait
    speeds: Mapping[str, float]  # tokens a second that it writes
    purse: Purse = EMPTY


def model(of: Model, measured: Measured, *, advanced: bool) -> ModelShape:
    return ModelShape(
        id=of.id,
        name=of.name,
        endpoint=of.endpoint.id,
        health=of.endpoint.health.value,
        tier=tier_word(of.tier),
        trains=of.trains,
        state=of.state.value,
        wait=measured.waits.get(of.id),
        note=_note(of, measured.purse),
        runs_at=of.runs_at,
        context=of.context,
        context_most=of.stretch.most if of.stretch else None,
        max_output=of.max_output,
        abilities={str(ability.name).lower(): _known(of, ability) for ability in Ability},
        modalities=None if of.reads is None else flag_names(of.reads),
        price=None if of.price is None else _price(of.price),
        aliases=list(of.aliases),
        advanced=_advanced(of, measured.speeds.get(of.id)) if advanced else None,
    )


def troubles(sweeper: Sweeper) -> list[JobShape]:
    """The sources whose last look failed."""
    return [
        JobShape(name=f"looking for {one.name}", failures=one.failures, error=one.error)
        for one in sweeper.troubles
    ]


def _endpoint(endpoint: Endpoint, tiers: Sequence[Tier | None]) -> EndpointShape:
    row = provider(endpoint.provider)
    return EndpointShape(
        id=endpoint.id,
        provider=endpoint.provider,
        title=row.title if row else endpoint.provider,
        place=str(endpoint.place),
        tier=tier_word(endpoint.tier),
        tiers=[tier_word(one) for one in (*Tier, None) if one in tiers],
        health=endpoint.health.value,
        note=endpoint.note,
        build=endpoint.build,
        models=len(tiers),
        found_by=endpoint.found_by.value,
    )


def _state(of: Model) -> str:
    return "away" if of.endpoint.health is Health.AWAY else of.state.value


def _note(of: Model, purse: Purse) -> str:
    if of.endpoint.health is not Health.UP:
        return of.endpoint.note
    if of.state is ModelState.FAILED:
        return COULD_NOT_LOAD
    _, why = objection(of, few_words(), purse.funds(of), chosen=False) or ("", "")
    return why


def _known(of: Model, ability: Ability) -> bool | None:
    if ability in of.has:
        return True
    return False if ability in of.lacks else None


def _price(price: Price) -> PriceShape:
    return PriceShape(
        input=_dollars(price.input),
        output=_dollars(price.output),
        cache_read=_dollars(price.cache_read),
        cache_write=_dollars(price.cache_write),
        cache_write_hour=_dollars(price.cache_write_hour),
        request=to_dollars(price.request),
    )


def _dollars(nano: int | None) -> str | None:
    return None if nano is None else to_dollars(nano)


def _advanced(of: Model, speed: float | None) -> AdvancedShape:
    return AdvancedShape(
        grade=of.grade.name.lower(),
        source=of.grade_source,
        cost=cost_class(of.price),
        listed_by=of.source,
        price_source=of.price_source,
        size_bytes=of.size_bytes,
        quantisation=of.quantisation,
        parameters=of.parameters,
        speed=speed,
        slots=of.slots,
        provider=of.endpoint.provider,
        found_by=of.endpoint.found_by.value,
        seen_at=of.endpoint.seen_at or None,
    )
