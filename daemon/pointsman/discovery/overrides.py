"""The user's own word on models, which wins over what anybody else tells of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pointsman.money import Price
from pointsman.types import Grade


def nothing_known(_api: str, _name: str) -> Price | None:
    return None


@dataclass(frozen=True, slots=True)
class Overrides:
    """The user's own word on models, by `endpoint/name`; and whom to ask where nobody says what one costs.

    `library`: the price of a model at the API with that URL.
    """

    prices: Mapping[str, Price] = field(default_factory=dict)
    grades: Mapping[str, Grade] = field(default_factory=dict)
    trains: Mapping[str, bool] = field(default_factory=dict)  # of all models of an endpoint, by its id
    library: Callable[[str, str], Price | None] = nothing_known
