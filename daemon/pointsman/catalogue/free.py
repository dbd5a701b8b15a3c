"""How what costs nothing is counted, as the rows know it."""

from pointsman.catalogue.providers import provider
from pointsman.catalogue.row import FreeLimit
from pointsman.types import Model, Tier


def free_limits(model: Model) -> tuple[FreeLimit, ...]:
    """The limits by which a model's provider counts it; none for what costs money or runs here."""
    row = provider(model.endpoint.provider) if model.tier is Tier.FREE else None
    return row.free.limits if row and row.free else ()
