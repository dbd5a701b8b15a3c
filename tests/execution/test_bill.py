"""What an attempt may cost at the most, and what it is charged."""

from dataclasses import replace

import pytest

from pointsman.calls import Call, CallKind, Candidate, Decision, Wanted
from pointsman.errors import Shuts, UpstreamError
from pointsman.execution.bill import Bill, bill, is_charged, order, with_ceiling
from pointsman.limits.orders import Ratios
from pointsman.money import NANO, Price, Usage
from pointsman.types import Modality, Tier
from tests.routing.house import endpoint, model, task

PAID = model("cloud/big", tier=Tier.PAID, price=Price(3 * NANO, 15 * NANO, request=7))
ROUTER = replace(PAID, endpoint=endpoint("openrouter"))
SET_ASIDE = 1_000_000


def charged(usage: Usage | None, *, whole: bool = True, reserved: int | None = SET_ASIDE) -> Bill:
    return bill(PAID, usage, wall=0.0, whole=whole, reserved=reserved)


def test_a_whole_answer_of_which_nothing_can_be_counted_costs_what_was_set_aside() -> None:
    assert charged(None) == Bill(SET_ASIDE, 0)


def test_figures_that_come_to_more_than_any_answer_costs_are_not_believed() -> None:
    dear = replace(PAID, price=Price(10**15, 10**15))
    usage = Usage(10**9, 10**9)
    assert bill(dear, usage, wall=0.0, whole=True, reserved=5) == Bill(5, None)
    assert charged(usage) == Bill(18_000 * NANO + 7, 18_000 * NANO + 7)


@pytest.mark.parametrize(("told", "cost"), [(SET_ASIDE + 1, SET_ASIDE + 1), (5, SET_ASIDE)])
def test_of_an_answer_that_broke_off_whatever_is_the_most_counts(told: int, cost: int) -> None:
    usage = Usage(1, 1, told=told)
    assert bill(ROUTER, usage, wall=0.0, whole=False, reserved=SET_ASIDE).cost == cost


def test_to_count_tokens_costs_nothing_whatever_the_price() -> None:
    call = Call(CallKind.COUNT, "anthropic.count", "", {}, 0)
    decision = Decision("r1", Wanted("auto", chosen=True), task(), (), ())
    for price in (PAID.price, None):
        asked = order(call, decision, Candidate(replace(PAID, price=price), "named"), Ratios())
        assert asked.model.price is not None
        assert Usage().cost(asked.model.price, 0.0) == 0


def test_where_a_servers_word_is_not_known_a_clients_own_ceiling_stays_as_it_is() -> None:
    call = Call(CallKind.CHAT, "openai.chat", "", {}, 0, max_tokens=77)
    assert with_ceiling(call, PAID, 77) is call
    assert with_ceiling(call, ROUTER, 77).fields.keys() == {"max_tokens"}


def broke(cause: Exception | None, shuts: Shuts = Shuts.MODEL) -> UpstreamError:
    error = UpstreamError("it hung up", shuts=shuts)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "seconds", "charged"),
    [
        (broke(TimeoutError()), 0.1, True),
        (broke(OSError()), 0.1, False),
        (broke(OSError()), 60.0, True),
        (broke(OSError(), Shuts.ENDPOINT), 60.0, False),
        (broke(None), 60.0, False),
    ],
    ids=["silent", "hung up at once", "hung up later", "never reached", "refused"],
)
def test_who_hangs_up_after_a_while_may_have_been_at_work(
    error: UpstreamError, seconds: float, charged: bool
) -> None:
    assert is_charged(error, answered=False, spoke=False, seconds=seconds) is charged


@pytest.mark.parametrize("beyond", [Modality.FILE, Modality.VIDEO])
def test_a_file_may_fill_the_context(beyond: Modality) -> None:
    asked = task(reads=Modality.TEXT | beyond, text_bytes=500)
    call = Call(CallKind.CHAT, "openai.chat", "", {}, 0)
    decision = Decision("r1", Wanted("auto", chosen=True), asked, (), ())
    ratios = Ratios()
    ratios.learn(PAID.id, asked, 200_000)
    sized, unsized = replace(PAID, context=200_000), PAID
    prompts = [order(call, decision, Candidate(one, "named"), ratios).prompt for one in (sized, unsized)]
    assert prompts == [200_000, 250]
