import pytest

from pointsman.config.schema import TimeoutsConfig
from pointsman.execution.clocks import Clocks, clocks_for
from pointsman.types import Call, CallKind, Candidate, Tier
from tests.routing.house import model

USUAL = TimeoutsConfig()


def clocks(tier: Tier | None, timeouts: TimeoutsConfig = USUAL, *, stream: bool = True) -> Clocks:
    call = Call(CallKind.CHAT, "openai.chat", "auto", {}, 0, stream=stream)
    return clocks_for(Candidate(model(tier=tier), "named"), call, timeouts)


def test_a_local_model_is_given_time_to_load_and_to_read() -> None:
    assert clocks(Tier.LOCAL) == Clocks(connect=5, headers=300, first_content=300, idle=120, total=600)


@pytest.mark.parametrize("tier", [Tier.FREE, Tier.PAID, None])
def test_a_model_elsewhere_is_given_less(tier: Tier | None) -> None:
    assert clocks(tier) == Clocks(connect=5, headers=30, first_content=60, idle=30, total=600)


@pytest.mark.parametrize("tier", [Tier.LOCAL, Tier.FREE])
def test_the_head_of_a_plain_answer_comes_when_all_of_it_is_ready(tier: Tier) -> None:
    assert clocks(tier, stream=False).headers == 300


@pytest.mark.parametrize("tier", [Tier.LOCAL, Tier.FREE])
def test_what_the_user_sets_holds_for_every_tier(tier: Tier) -> None:
    timeouts = TimeoutsConfig(connect=1, headers=2, plain=3, first_content=4, idle=5, total=6)
    found = clocks(tier, timeouts)
    assert (found.connect, found.first_content, found.idle, found.total) == (1, 4, 5, 6)
    assert clocks(tier, timeouts, stream=False).headers == 3
