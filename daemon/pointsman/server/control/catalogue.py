"""Endpoints and models as JSON. Field by field: an endpoint holds an account, an account holds a key."""

from collections import Counter

from pointsman.catalogue.providers import provider
from pointsman.discovery.sweep import Sweeper
from pointsman.money import Price, to_dollars
from pointsman.server.control.shapes import EndpointShape, GradeShape, JobShape, ModelShape, PriceShape
from pointsman.types import Ability, Endpoint, Model, Snapshot, Tier, flag_names, tier_word


def endpoints(snapshot: Snapshot) -> list[EndpointShape]:
    models = Counter(model.endpoint.id for model in snapshot.models)
    return [_endpoint(endpoint, models[endpoint.id]) for endpoint in snapshot.endpoints]


def count_by_tier(snapshot: Snapshot) -> dict[str, int]:
    """Every tier has its figure, none left out."""
    models = Counter(tier_word(model.tier) for model in snapshot.models)
    return {word: models[word] for word in map(tier_word, (*Tier, None))}


def model(of: Model, *, advanced: bool) -> ModelShape:
    return ModelShape(
        id=of.id,
        name=of.name,
        endpoint=of.endpoint.id,
        health=of.endpoint.health.value,
        tier=tier_word(of.tier),
        state=of.state.value,
        context=of.context,
        max_output=of.max_output,
        abilities={str(ability.name).lower(): _known(of, ability) for ability in Ability},
        modalities=None if of.reads is None else flag_names(of.reads),
        price=None if of.price is None else _price(of.price),
        aliases=list(of.aliases),
        advanced=_grade(of) if advanced else None,
    )


def troubles(sweeper: Sweeper) -> list[JobShape]:
    """The sources whose last look failed."""
    return [
        JobShape(name=f"looking for {one.name}", failures=one.failures, error=one.error)
        for one in sweeper.troubles
    ]


def _endpoint(endpoint: Endpoint, models: int) -> EndpointShape:
    row = provider(endpoint.provider)
    return EndpointShape(
        id=endpoint.id,
        provider=endpoint.provider,
        title=row.title if row else endpoint.provider,
        place=str(endpoint.place),
        tier=tier_word(endpoint.tier),
        health=endpoint.health.value,
        note=endpoint.note,
        build=endpoint.build,
        models=models,
        found_by=endpoint.found_by.value,
    )


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
        request=to_dollars(price.request),
    )


def _dollars(nano: int | None) -> str | None:
    return None if nano is None else to_dollars(nano)


def _grade(of: Model) -> GradeShape:
    return GradeShape(
        grade=of.grade.name.lower(),
        source=of.grade_source,
        size_bytes=of.size_bytes,
        quantisation=of.quantisation,
        parameters=of.parameters,
    )
