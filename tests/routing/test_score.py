"""Who is asked first of those on one rung."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pointsman.calls import Outlook, Speed, Wanted
from pointsman.dates import Window
from pointsman.funds import CURVE, Budget, Purse, Stand
from pointsman.money import NANO, Price, PriceTier
from pointsman.profiles import BALANCED, PROFILES, Profile, Weights
from pointsman.routing.policy import decide
from pointsman.routing.score import SCORED, by_score, scores
from pointsman.types import Ability, Grade, Model, ModelState, Tier
from tests.routing.house import model, snapshot, task

MONTH = Budget("month", Window.MONTH, 20 * NANO)
PURSE = Purse((Stand(MONTH, 0),), curve=CURVE)


def paid(name: str, dollars: float, **facts: Any) -> Model:
    """At so much for a million tokens, read or written."""
    price = Price(round(dollars * NANO), round(dollars * NANO))
    return model(f"cloud/{name}", tier=Tier.PAID, price=price, **facts)


def order(
    *models: Model,
    profile: Profile = BALANCED,
    purse: Purse = PURSE,
    paces: Mapping[str, Speed] | None = None,
    waits: Mapping[str, float] | None = None,
    wall: float = 0.0,
    minor: bool = False,
    **facts: Any,
) -> list[str]:
    wanted = Wanted("auto", chosen=True, profile=profile, floor=Grade.SIMPLE, is_minor=minor)
    outlook = Outlook(purse=purse, paces=paces or {}, waits=waits or {}, wall=wall)
    decision = decide("d", wanted, task(**facts), snapshot(*models), outlook)
    return [candidate.model.name for candidate in decision.candidates]


def writes(**seconds: float) -> dict[str, Speed]:
    """Models elsewhere that take so many milliseconds for a token."""
    return {f"cloud/{name}": Speed(written=each / 1000) for name, each in seconds.items()}


def test_of_what_costs_money_the_cheapest_comes_first_for_this_prompt_and_this_answer() -> None:
    reader = model("cloud/reader", tier=Tier.PAID, price=Price(1 * NANO, 9 * NANO))
    writer = model("cloud/writer", tier=Tier.PAID, price=Price(3 * NANO, 4 * NANO))
    assert order(reader, writer, prompt_tokens=100_000, max_tokens=100) == ["reader", "writer"]
    assert order(reader, writer, prompt_tokens=100, max_tokens=4_000) == ["writer", "reader"]
    assert order(reader, writer, prompt_tokens=100_000, expected_output=100) == ["reader", "writer"]


def test_vectors_cost_what_is_read_alone() -> None:
    dear = model("cloud/a", tier=Tier.PAID, price=Price(2 * NANO, 0))
    cheap = model("cloud/b", tier=Tier.PAID, price=Price(1 * NANO, 99 * NANO))
    assert order(dear, cheap, needs=Ability.EMBEDDINGS) == ["b", "a"]


@given(
    st.floats(0.01, 10),
    st.floats(10, 1000),
    st.sampled_from([Grade.ROUTINE, Grade.GENERATION, Grade.REASONING]),
    st.floats(1, 50),
)
def test_ten_times_the_price_is_not_paid_for_a_better_grade_or_size_nor_for_fifty_times_the_speed(
    dollars: float, times: float, grade: Grade, quicker: float
) -> None:
    cheap = paid("cheap", dollars, parameters=10**9)
    dear = paid("dear", dollars * times, grade=grade, parameters=10**12)
    assert order(cheap, dear, paces=writes(cheap=10 * quicker, dear=10))[0] == "cheap"


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=30, unique_by=lambda each: round(each, 3)))
def test_where_nothing_else_is_known_the_cheapest_wins(prices: list[float]) -> None:
    known = [paid(f"m{number}", dollars) for number, dollars in enumerate(prices)]
    assert order(*known)[0] == f"m{prices.index(min(prices))}"


def test_of_what_costs_nearly_the_same_the_much_quicker_comes_first() -> None:
    known = paid("slow", 1.0), paid("quick", 1.2)
    assert order(*known, paces=writes(slow=60, quick=10)) == ["quick", "slow"]
    assert order(*known, paces=writes(slow=11, quick=10)) == ["slow", "quick"]
    assert order(*known, paces=writes(slow=60, quick=10), profile=PROFILES["eco"]) == ["slow", "quick"]


def test_nobody_is_passed_by_for_a_guess() -> None:
    known = paid("new", 1.0), paid("seen", 1.1)
    assert order(*known, paces=writes(seen=1)) == ["new", "seen"]


def test_a_price_that_nobody_knows_is_the_dearest() -> None:
    purse = Purse((Stand(replace(MONTH, unpriced=True), 0),))
    unknown = model("cloud/a", tier=Tier.PAID)
    assert order(unknown, paid("b", 50), purse=purse) == ["b", "a"]


def test_premium_does_not_look_at_the_price_until_money_runs_short() -> None:
    known = paid("cheap", 1.0), paid("dear", 40.0)
    quick = writes(cheap=60, dear=10)
    short = Purse((Stand(MONTH, 17 * NANO),), curve=CURVE)
    assert order(*known, paces=quick, profile=PROFILES["premium"]) == ["dear", "cheap"]
    assert order(*known, paces=quick, profile=PROFILES["premium"], purse=short) == ["cheap", "dear"]


def test_a_grade_that_is_missing_counts_as_ten_times_the_price() -> None:
    lax = Profile("lax", slack=1)
    poor = paid("poor", 1.0, grade=Grade.SIMPLE)
    assert order(poor, paid("good", 8.0), profile=lax) == ["good", "poor"]
    assert order(poor, paid("good", 12.0), profile=lax) == ["poor", "good"]


@pytest.mark.parametrize(("slower", "first"), [(1, "large"), (3, "large"), (9, "large"), (25, "small")])
def test_of_two_here_the_larger_comes_first_unless_it_is_far_slower_than_its_size_explains(
    slower: int, first: str
) -> None:
    large, small = model("a/large", parameters=8 * 10**9), model("b/small", parameters=2 * 10**9)
    paces = {"a/large": Speed(written=0.02 * slower), "b/small": Speed(written=0.02)}
    assert order(large, small, paces=paces)[0] == first
    assert order(large, small, paces=paces, minor=True)[0] == "small"


def test_a_wait_counts_by_how_much_longer_all_takes() -> None:
    one, other = model("a/one", parameters=9), model("b/other", parameters=8)
    seen = {"a/one": Speed(0.001, 0.001), "b/other": Speed(0.001, 0.001)}
    assert order(one, other, paces=seen, waits={"a/one": 15.0}, max_tokens=100) == ["other", "one"]
    assert order(one, other, paces=seen, waits={"a/one": 0.1}, max_tokens=8_000) == ["one", "other"]


def test_a_load_that_was_seen_to_take_long_counts() -> None:
    facts = {"state": ModelState.UNLOADED, "parameters": 8}
    known = model("a/one", **facts), model("b/other", **facts)
    seen = {"a/one": Speed(0.001, 0.001, 60.0), "b/other": Speed(0.001, 0.001, 3.0)}
    assert order(*known, paces=seen, max_tokens=100) == ["other", "one"]


def test_who_has_no_weights_gets_the_usual_order() -> None:
    known = [paid("a", 2.0), paid("b", 1.0)]
    assert scores(known, task(), Weights(0, 0, 0), Outlook()) == [0, 0]
    assert list(by_score(iter(known), task(), Weights(0, 0, 0), Outlook())) == known


def test_a_price_may_depend_on_the_time_of_day() -> None:
    night = Price(NANO // 10, NANO // 10)
    owl = Price(2 * NANO, 2 * NANO, tiers=(PriceTier(night, utc_start=0, utc_end=3_600),))
    known = model("cloud/owl", tier=Tier.PAID, price=owl), paid("lark", 1.0)
    assert order(*known, wall=600.0)[0] == "owl"
    assert order(*known, wall=43_200.0)[0] == "lark"


@given(st.integers(2, 3 * SCORED), st.randoms(use_true_random=False))
def test_all_of_a_rung_are_there_once_and_beyond_the_first_in_their_usual_order(
    many: int, shuffled: Any
) -> None:
    known = [paid(f"m{number:03}", 1 + number / 100) for number in range(many)]
    paces = {one.id: Speed(written=shuffled.random()) for one in known}
    names = order(*shuffled.sample(known, many), paces=paces)
    assert sorted(names) == [one.name for one in known]
    assert names[SCORED:] == [one.name for one in known[SCORED:]]


@given(st.floats(0.001, 1000), st.floats(0.001, 1000))
def test_a_mark_is_finite_and_the_best_has_none(one: float, other: float) -> None:
    assume(one != other)
    marks = scores([paid("a", one), paid("b", other)], task(), Weights(), Outlook())
    assert min(marks) == 0
    assert max(marks) < 10
