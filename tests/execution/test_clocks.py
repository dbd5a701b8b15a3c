"""How long is waited for what: by where the model is, what is asked of it, and what the user says."""

from dataclasses import astuple, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Call, CallKind, Candidate
from pointsman.config.schema import Config
from pointsman.execution.clocks import Clocks, clocks_for
from pointsman.execution.pace import Pace
from pointsman.types import Ability, Model, Tier
from tests.routing.house import model, task

USUAL = Config()
CALL = Call(CallKind.CHAT, "openai.chat", "auto", {}, 0, stream=True)
PLAIN = replace(CALL, stream=False)
THINKS = Ability.THINKING

HERE = model("engine/big", parameters=8_000_000_000, size_bytes=5_000_000_000)
AWAY = model("cloud/big", tier=Tier.PAID)


def clocks(of: Model, call: Call = CALL, config: Config = USUAL, *, tokens: int = 0) -> Clocks:
    return clocks_for(Candidate(of, "named"), call, task(prompt_tokens=tokens), config, Pace())


def configured(**timeouts: object) -> Config:
    return Config.model_validate(timeouts)


def test_a_local_model_is_given_time_to_load() -> None:
    usual = Clocks(connect=5, headers=300, first_content=300, idle=120, total=600, client=55)
    assert clocks(HERE) == usual


@pytest.mark.parametrize("tier", [Tier.FREE, Tier.PAID, None])
def test_a_model_elsewhere_is_given_less(tier: Tier | None) -> None:
    usual = Clocks(connect=5, headers=30, first_content=60, idle=30, total=600, client=55)
    assert clocks(replace(AWAY, tier=tier)) == usual
    assert clocks(replace(AWAY, tier=tier), tokens=100_000) == usual


def test_a_model_that_thinks_is_given_time_for_it() -> None:
    assert clocks(replace(AWAY, has=THINKS)).first_content == 180


def test_so_is_one_that_is_asked_to_think_unless_it_is_known_not_to() -> None:
    asked = replace(CALL, thinks=True)
    assert clocks(AWAY, asked).first_content == 180
    assert clocks(replace(AWAY, lacks=THINKS), asked).first_content == 60


def test_a_local_model_has_three_times_as_long_as_its_prompt_takes_to_read() -> None:
    found = clocks(HERE, tokens=1_000)  # 20 tokens a second of a model of this size
    assert (found.headers, found.first_content) == (300 + 3 * 50, 300 + 3 * 50)


def test_the_head_of_a_plain_answer_comes_when_all_of_it_is_ready() -> None:
    assert clocks(AWAY, PLAIN, tokens=1_000).headers == 300
    brief = replace(PLAIN, max_tokens=100)  # 5 tokens a second
    assert clocks(HERE, brief, tokens=1_000).headers == 300 + 3 * 50 + 20


def test_a_plain_answer_without_a_limit_may_be_long() -> None:
    assert clocks(replace(HERE, size_bytes=1_250_000_000), PLAIN).headers == 300 + 2_000 / 20


@pytest.mark.parametrize("of", [HERE, AWAY, replace(AWAY, has=THINKS)])
def test_what_the_user_sets_holds_for_every_model(of: Model) -> None:
    timeouts = {
        "connect": 1,
        "headers": 2,
        "plain": 3,
        "first_content": 4,
        "idle": 5,
        "total": 6,
        "client": 1,
    }
    config = configured(timeouts=timeouts)
    found = clocks(of, config=config, tokens=10_000)
    assert (found.connect, found.first_content, found.idle, found.total, found.client) == (1, 4, 5, 6, 1)
    assert clocks(of, PLAIN, config, tokens=10_000).headers == 3


def test_a_short_wait_for_the_first_content_does_not_shorten_a_plain_answer() -> None:
    assert (
        clocks(HERE, replace(PLAIN, max_tokens=10), configured(timeouts={"first_content": 1})).headers == 300
    )


def test_a_provider_has_clocks_of_its_own_and_the_rest_is_as_for_all() -> None:
    own = {"timeouts": {"first_content": 7, "total": 90}}
    config = configured(timeouts={"first_content": 9, "idle": 3}, providers={"cloud": own, "other": {}})
    found = clocks(AWAY, config=config)
    assert (found.first_content, found.total, found.idle, found.connect) == (7, 90, 3, 5)
    for other in (HERE, model("other/x", tier=Tier.PAID)):
        assert (clocks(other, config=config).first_content, clocks(other, config=config).total) == (9, 600)


calls = st.builds(
    lambda stream, thinks, most, choices: replace(
        CALL, stream=stream, thinks=thinks, max_tokens=most, choices=choices
    ),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(1, 10**9),
    st.integers(1, 100),
)
models = st.builds(
    lambda tier, has, size, parameters: replace(
        HERE, tier=tier, has=has, size_bytes=size, parameters=parameters
    ),
    st.none() | st.sampled_from(Tier),
    st.sampled_from((THINKS, Ability.NONE)),
    st.none() | st.integers(0, 10**400),
    st.none() | st.integers(0, 10**400),
)
configs = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("connect", "headers", "idle", "client", "total"), st.floats(0.001, 10_000))
).map(lambda timeouts: configured(timeouts=timeouts, providers={"engine": {"timeouts": timeouts}}))


@given(models, calls, configs, st.integers(0, 10**9), st.integers(0, 10**9))
def test_no_clock_is_longer_than_the_total_and_more_prompt_never_has_less_time(
    of: Model, call: Call, config: Config, tokens: int, more: int
) -> None:
    found, longer = clocks(of, call, config, tokens=tokens), clocks(of, call, config, tokens=tokens + more)
    assert 0 < min(astuple(found)) <= max(astuple(found)) == found.total
    assert all(one <= other for one, other in zip(astuple(found), astuple(longer), strict=True))
