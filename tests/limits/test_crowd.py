"""Many models at once: each is parked by what parks it, and by what parks its whole account."""

from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Outcome
from pointsman.errors import Shuts, UpstreamError
from pointsman.limits.free import FreeTiers
from pointsman.limits.gate import Gate
from pointsman.limits.orders import Order
from pointsman.types import Account, Model, Tier
from tests.routing.house import endpoint, model


class Allowance:
    """So many requests a minute, of each model or of all together."""

    span, zone, bought, what = "minute", "UTC", 0, "free requests"

    def __init__(self, count: int, *, by_model: bool) -> None:
        self.count = count
        self.by_model = by_model


OURS = (Allowance(3, by_model=False), Allowance(2, by_model=True))
TIERS = {"local": Tier.LOCAL, "free": Tier.FREE, "paid": Tier.PAID}
CROWD = tuple(
    model(
        f"{account}/{tier}-{number}",
        tier=TIERS[tier],
        endpoint=endpoint(account, account=None if tier == "local" else Account(account, "sk")),
    )
    for account in "ab"
    for tier in TIERS
    for number in range(2)
)

asked = st.sampled_from(CROWD)
errors = st.none() | st.builds(
    lambda shuts, wait: UpstreamError("it said no", shuts=shuts, wait=wait),
    st.sampled_from((Shuts.MODEL, Shuts.ACCOUNT, Shuts.FREE, Shuts.NOTHING)),
    st.sampled_from((None, 1.0, 90.0)),
)


def parked_alone(gate: Gate, one: Model, now: float) -> float | None:
    """Until when, as the gate sees one that stands alone."""
    recovery = gate.recovery([one], now)
    return None if recovery is None else now + recovery.seconds


def ours(one: Model) -> tuple[Allowance, ...]:
    return OURS if one.tier is Tier.FREE else ()


@given(st.lists(st.tuples(asked, errors, st.sampled_from((0.0, 2.0, 40.0))), max_size=12))
def test_each_is_parked_as_it_would_be_alone(
    requests: list[tuple[Model, UpstreamError | None, float]],
) -> None:
    gate, now = Gate(free=FreeTiers(ours)), 0.0
    for one, error, later in requests:
        now += later
        if parked_alone(gate, one, now) is None:
            gate.admit(Order(one), now).settle(Outcome.FAILED if error else Outcome.OK, now, error)
        parked = gate.outlook(CROWD, now).parked
        for each in CROWD:
            until = parked[each.id].until if each.id in parked else None
            assert until == parked_alone(gate, each, now), each.id


def test_another_crowd_is_looked_at_anew() -> None:
    gate = Gate()
    gate.admit(Order(CROWD[-1]), 0.0).settle(
        Outcome.FAILED, 0.0, UpstreamError("no", shuts=Shuts.MODEL, wait=9.0)
    )
    assert [*gate.outlook(CROWD[:-1], 1.0).parked] == []
    assert [*gate.outlook(CROWD, 1.0).parked] == [CROWD[-1].id]
    assert [*gate.outlook(CROWD[-1:], 1.0).parked] == [CROWD[-1].id]
