"""How requests are counted before they are made: by what a provider is known to allow, or its user says."""

from collections.abc import Mapping

from pointsman.catalogue.providers import provider
from pointsman.catalogue.row import Allowance
from pointsman.types import Model, Tier

MINUTE = "minute"


def allowances(model: Model, most_a_minute: Mapping[str, int]) -> tuple[Allowance, ...]:
    """Of all models of a place that its user has given a limit (`rate_limit_rpm`), and of free ones by row.

    `most_a_minute`: the user's limits, by endpoint; of two limits of a minute the smaller holds.
    """
    known = _free(model)
    most = most_a_minute.get(model.endpoint.id)
    if most is None or any(most >= one.count for one in known if _is_of_a_minute(one)):
        return known
    own = Allowance(most, MINUTE, what="requests (rate_limit_rpm)")
    return (own, *(one for one in known if not _is_of_a_minute(one)))


def _free(model: Model) -> tuple[Allowance, ...]:
    """None for what is paid, runs here, or can't be asked for want of a key."""
    if model.tier is not Tier.FREE or model.endpoint.account is None:
        return ()
    row = provider(model.endpoint.provider)
    return row.free.limits if row and row.free else ()


def _is_of_a_minute(one: Allowance) -> bool:
    return one.span == MINUTE and not one.by_model
