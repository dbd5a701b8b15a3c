"""What a daemon says of itself, as the tray asks it."""

from typing import Any

from pointsman.server.control.choice_shapes import ProfileShape, ProfilesShape, WeightsShape
from pointsman.server.control.shapes import BudgetShape, EndpointShape, ModeShape, RequestShape, StatusShape
from pointsman_tray.menu import Glance
from tests.cli.samples import ENDPOINT, RECORD, STATUS


def profile(name: str) -> ProfileShape:
    weights = WeightsShape(cost=1.0, time=1.0, quality=1.0)
    return ProfileShape(
        name=name, ladder=["local"], slack=0, best_first=False, weights=weights, origin="built-in"
    )


PROFILES = ProfilesShape(
    active="balanced", origin="built-in", profiles=[profile("balanced"), profile("eco"), profile("premium")]
)


def status(mode: str = "normal", **changes: Any) -> StatusShape:
    return {**STATUS, "mode": ModeShape(mode=mode, origin="command"), **changes}  # type: ignore[typeddict-item]


def endpoint(**changes: Any) -> EndpointShape:
    return {**ENDPOINT, **changes}  # type: ignore[typeddict-item]


def last(**changes: Any) -> RequestShape:
    """The last request, with changes to its line."""
    return {**RECORD, "request": {**RECORD["request"], **changes}}  # type: ignore[typeddict-item]


def budget(name: str = "day", **changes: Any) -> BudgetShape:
    base = BudgetShape(
        name=name,
        window="day",
        scope="total",
        limit=1_000_000_000,
        hard=True,
        unpriced=False,
        spent=420_000_000,
        reserved=0,
        left=580_000_000,
        share=0.42,
        step="normal",
        ends=None,
        origin="command",
    )
    return {**base, **changes}  # type: ignore[typeddict-item]


def glance(**changes: Any) -> Glance:
    return Glance(**({"status": status(), "profiles": PROFILES, "last": last()} | changes))
