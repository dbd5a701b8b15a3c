"""When somebody who is shut may be asked again, as those who wait for it are told."""

from pointsman.calls import Outcome
from pointsman.errors import Shuts, UpstreamError
from pointsman.limits.gate import Gate, Recovery
from pointsman.types import Account, Tier
from tests.routing.house import endpoint, model

CLOUD = model("cloud/one", endpoint=endpoint("cloud", account=Account("a", "sk-secret")), tier=Tier.PAID)
LIMITED = UpstreamError("it answered 429", shuts=Shuts.ACCOUNT, wait=30.0, limited=True)
BROKEN = UpstreamError("it answered 503", shuts=Shuts.MODEL)


def test_who_is_broken_too_is_not_kept_by_limits_alone() -> None:
    gate = Gate()
    first, second = gate.admit(CLOUD, 0.0), gate.admit(CLOUD, 0.0)
    first.settle(Outcome.FAILED, 0.0, LIMITED)
    second.settle(Outcome.FAILED, 0.0, BROKEN)
    assert gate.recovery([CLOUD], 1.0) == Recovery(29.0, limited=False)
    assert gate.recovery([CLOUD], 3.0) == Recovery(27.0, limited=True)


def test_who_waits_for_a_probe_asks_again_in_a_while_and_not_at_once() -> None:
    gate = Gate()
    gate.admit(CLOUD, 0.0).settle(Outcome.FAILED, 0.0, LIMITED)
    gate.admit(CLOUD, 40.0)
    assert gate.recovery([CLOUD], 41.0) == Recovery(1.0, limited=True)
