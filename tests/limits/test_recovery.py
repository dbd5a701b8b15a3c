"""When somebody who is shut may be asked again, as those who wait for it are told."""

from pointsman.calls import Outcome
from pointsman.errors import Shuts, UpstreamError
from pointsman.limits.circuit import Key
from pointsman.limits.gate import Gate, Recovery
from pointsman.limits.orders import Order
from pointsman.types import Account, Tier
from tests.routing.house import endpoint, model

WALL = 1_800_000_000.0
CLOUD = model("cloud/one", endpoint=endpoint("cloud", account=Account("a", "sk-secret")), tier=Tier.PAID)
LIMITED = UpstreamError("it answered 429", shuts=Shuts.ACCOUNT, wait=30.0, limited=True)
REFUSED = UpstreamError("it answered 401", shuts=Shuts.ACCOUNT)
BROKEN = UpstreamError("it answered 503", shuts=Shuts.MODEL)


def test_who_is_broken_too_is_not_kept_by_limits_alone() -> None:
    gate = Gate()
    first, second = gate.admit(Order(CLOUD), 0.0), gate.admit(Order(CLOUD), 0.0)
    first.settle(Outcome.FAILED, 0.0, LIMITED)
    second.settle(Outcome.FAILED, 0.0, BROKEN)
    assert gate.recovery([CLOUD], 1.0) == Recovery(29.0, limited=False)
    assert gate.recovery([CLOUD], 3.0) == Recovery(27.0, limited=True)


def test_who_waits_for_a_probe_asks_again_in_a_while_and_not_at_once() -> None:
    gate = Gate()
    gate.admit(Order(CLOUD), 0.0).settle(Outcome.FAILED, 0.0, LIMITED)
    gate.admit(Order(CLOUD), 40.0)
    assert gate.recovery([CLOUD], 41.0) == Recovery(1.0, limited=True)


def test_a_key_that_was_tried_and_works_opens_its_account_but_no_limit_of_it() -> None:
    gate = Gate()
    gate.admit(Order(CLOUD), 0.0).settle(Outcome.FAILED, 0.0, REFUSED)
    gate.circuits.works(Key(Shuts.ACCOUNT, "a"))
    assert gate.recovery([CLOUD], 1.0) is None
    gate.admit(Order(CLOUD), 1.0).settle(Outcome.FAILED, 1.0, LIMITED)
    gate.circuits.works(Key(Shuts.ACCOUNT, "a"))
    assert gate.recovery([CLOUD], 1.0) == Recovery(30.0, limited=True)


def test_of_an_account_that_nobody_has_any_more_nothing_is_left() -> None:
    gate, other = Gate(), endpoint("cloud", account=Account("b", "sk-secret"))
    models = [CLOUD, model("cloud/one", endpoint=other, tier=Tier.PAID)]
    orders = [Order(one) for one in (*models, *models)]
    tickets = [gate.admit(one, 0.0) for one in orders]
    for ticket, error in zip(tickets, (BROKEN, BROKEN, REFUSED, REFUSED), strict=True):
        ticket.told({"x-ratelimit-limit-requests": "9", "x-ratelimit-remaining-requests": "3"}, 0.0, WALL)
        ticket.settle(Outcome.FAILED, 0.0, error)
    gate.forget("a")
    assert [shut.key.account or shut.key.id for shut in gate.circuits.report(1.0)] == ["b", "b"]
    assert [told.key.account for told in gate.ceilings.report(1.0)] == ["b"]
