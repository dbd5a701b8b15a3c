"""What lists say of prices, in each shape, and what hostile ones say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.discovery.prices import MOST_WORDS, Tag, read_price
from pointsman.money import NOTHING_TO_PAY, Price, PriceTier

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = ("prompt", "completion", "input", "output", "hourly", "overrides", "input_tiers", "audio", "request")
NOON = 12 * 3600.0


def tag(name: str = "vendor/model", /, **pricing: object) -> Tag:
    return read_price({"id": name, "pricing": pricing}, name)


def price(**pricing: object) -> Price:
    found = tag(**pricing).price
    assert found is not None
    return found


def test_dollars_for_a_token_become_nano_dollars_for_a_million() -> None:
    told = price(
        prompt="0.000003", completion="0.000015", input_cache_read="3e-7", input_cache_write_1h="0.1"
    )
    assert (told.input, told.output, told.cache_read) == (3_000_000_000, 15_000_000_000, 300_000_000)
    assert (told.cache_write, told.cache_write_hour) == (None, 10**14)


def test_what_is_no_whole_number_of_nano_dollars_is_rounded_up() -> None:
    assert price(prompt="0.0000000208333333333333", completion="1e-30").input == 20_833_334
    assert price(prompt="0.0000000208333333333333", completion="1e-30").output == 1


WRONG = ("-1", "-0.000001", "", "abc", "NaN", "Infinity", "1e400", "9" * 50, "0x1", "1_000", "2", " 1e-6")


@pytest.mark.parametrize("wrong", [*WRONG, "\u0661"])
def test_what_is_no_price_makes_all_of_it_unknown_and_is_told(wrong: str) -> None:
    for pricing in (
        {"prompt": wrong, "completion": "0.000001"},
        {"prompt": "0.000001", "completion": wrong},
        {"input": wrong, "output": "0.000001"},
    ):
        assert tag(**pricing) == Tag(broken=True), "a half known price would be a wrong one"


@pytest.mark.parametrize(
    "pricing", [{}, {"prompt": None}, {"prompt": 0.1, "completion": 0.2}, {"image": "1"}]
)
def test_a_price_in_a_shape_that_nobody_knows_is_unknown(pricing: dict[str, object]) -> None:
    assert tag(**pricing) == Tag()


def test_free_is_what_costs_nothing_in_any_way() -> None:
    assert tag(prompt="0", completion="0.0") == Tag(NOTHING_TO_PAY, free=True)
    for more in (
        {"request": "0.01"},
        {"web_search": "0.004"},
        {"audio": "0.1"},
        {"input_cache_write": "1e-9"},
        {"video": "0.05"},
        {"unknown_fee": 0.5},
        {"unknown_fee": "by agreement"},
        {"unknown_fees": [{"cost": "0.5"}]},
        {"overrides": {"min_prompt_tokens": 5, "prompt": "0.01"}},
        {"overrides": [{"min_prompt_tokens": 5, "request": "0.01"}]},
    ):
        assert not tag(prompt="0", completion="0", **more).free
    later = [{"min_prompt_tokens": 1000, "prompt": "0.000001"}]
    assert not tag(prompt="0", completion="0", overrides=later).free


def test_nothing_that_costs_nothing_takes_a_free_model_away() -> None:
    nothings = {
        "video": "0",
        "fee": 0,
        "discount": 0.0,
        "steps": [],
        "regional": {},
        "note": "",
        "more": None,
    }
    assert tag(prompt="0", completion="0", overrides=None, **nothings).free
    assert tag(input="0", output="0", input_tiers=None, **nothings).free


def test_a_cost_that_nobody_knows_is_named_in_every_shape() -> None:
    assert price(prompt="1e-6", completion="1e-6", video="0.05").unpriced == ("video",)
    assert price(input="0", output="0", fast={"input": "1e-6"}).unpriced == ("fast",)
    assert price(hourly=2, input=0.5, output=0.5, finetune=3).unpriced == ("hourly",)
    assert not tag("a/b-free", hourly=2, input=0, output=0).free
    odd = {f"fee\n{number}": "1" for number in range(1000)} | {f"fee {number}": "1" for number in range(1000)}
    told = price(prompt="1e-6", completion="1e-6", **odd).unpriced
    assert (len(told) <= MOST_WORDS, "\n" in "".join(told)) == (True, False)


@pytest.mark.parametrize("tiers", [{"cost": "0.1"}, "0.1", [7]])
def test_tiers_that_are_none_make_the_price_unknown(tiers: object) -> None:
    assert tag(input="0", output="0", output_tiers=tiers) == Tag(broken=True)
    assert tag(prompt="0", completion="0", overrides=tiers) == Tag(broken=True)


def test_free_by_name_is_what_names_no_price() -> None:
    assert read_price({"id": "a/b:free"}, "a/b:free") == Tag(free=True)
    assert not tag("a/b:free", prompt="0.000001", completion="0").free
    assert not tag("a/b:free", prompt="-1", completion="-1").free


def test_a_zero_by_the_million_is_a_price_only_where_the_name_says_free() -> None:
    nothing = {"hourly": 0, "input": 0, "output": 0, "base": 0, "finetune": 0}
    assert tag("vendor/Model", **nothing) == Tag()
    assert tag("vendor/Model-Free", **nothing).free
    told = price(hourly=0, input=0.88, output=1.1, base=0, finetune=0)
    assert (told.input, told.output) == (880_000_000, 1_100_000_000)


def test_long_prompts_cost_otherwise_key_by_key() -> None:
    rules = [
        {"min_prompt_tokens": 1000, "prompt": "0.000002", "input_cache_read": "0.000001"},
        {"min_prompt_tokens": 2000, "prompt": "0.000003"},
    ]
    told = price(prompt="0.000001", completion="0.000005", input_cache_read="0.0000005", overrides=rules)
    costs = [(told.at(tokens, NOON).input, told.at(tokens, NOON).cache_read) for tokens in (999, 1000, 2000)]
    assert costs == [(10**9, 5 * 10**8), (2 * 10**9, 10**9), (3 * 10**9, 10**9)]
    assert told.at(2000, NOON).output == 5 * 10**9


def test_times_are_as_on_a_clock_and_may_go_past_midnight() -> None:
    rules = [{"utc_start": 1630, "utc_end": 30, "prompt": "0.000001", "completion": "0.000001"}]
    told = price(prompt="0.000002", completion="0.000002", overrides=rules)
    cheap = [told.at(1, hour * 3600).input == 10**9 for hour in (16.4, 16.5, 23, 0.4, 0.5)]
    assert cheap == [False, True, True, True, False]


@pytest.mark.parametrize(
    "rule",
    [
        7,
        {},
        {"prompt": "0.1"},
        {"utc_start": 100, "prompt": "1e-6"},
        {"utc_start": 2500, "utc_end": 100},
        {"utc_start": 160, "utc_end": 100},
        {"utc_start": "0100", "utc_end": 200},
        {"min_prompt_tokens": "many"},
        {"min_prompt_tokens": 5, "weekdays": [1, 2]},
        {"min_prompt_tokens": 5, "prompt": "-1"},
    ],
)
def test_a_condition_that_nobody_knows_makes_the_price_unknown(rule: object) -> None:
    assert tag(prompt="0.000001", completion="0.000001", overrides=[rule]) == Tag(broken=True)


def test_dearer_reasoning_makes_the_answer_dearer() -> None:
    assert price(prompt="1e-6", completion="1e-6", internal_reasoning="3e-6").output == 3 * 10**9
    assert price(prompt="1e-6", completion="5e-6", internal_reasoning="3e-6").output == 5 * 10**9


def test_what_costs_otherwise_than_as_text_is_named() -> None:
    told = price(
        prompt="1e-6", completion="2e-6", image="1e-6", image_output="3e-6", web_search="0.01", request="0.5"
    )
    assert told.unpriced == ("images", "web search"), "an image's tokens cost what the prompt's do"
    assert told.request == 500_000_000
    assert price(input="1e-6", output="2e-6", varies_by_provider=True).unpriced == (
        "another provider behind it",
    )


def test_audio_has_its_own_price() -> None:
    routed = price(prompt="1e-6", completion="2e-6", audio="3e-5", audio_output="6e-5")
    gateway = price(
        input="1e-6", output="2e-6", audio_input_token_cost="3e-5", audio_output_token_cost="6e-5"
    )
    for told in (routed, gateway):
        assert (told.audio, told.audio_output, told.unpriced) == (30 * 10**9, 60 * 10**9, ())
    assert price(prompt="1e-6", completion="2e-6").audio is None


@pytest.mark.parametrize(
    ("more", "unpriced"),
    [
        ({"audio": "3e-5", "input_audio_cache": "3e-6"}, ()),
        ({"audio": "3e-5", "input_audio_cache": "3e-5"}, ("audio",)),
        ({"input_audio_cache": "1e-7"}, ()),
        ({"input_audio_cache": "2e-7"}, ("audio",)),
    ],
)
def test_audio_that_a_cache_holds_is_priced_where_audio_covers_it(
    more: dict[str, str], unpriced: tuple[str, ...]
) -> None:
    told = price(prompt="1e-6", completion="2e-6", input_cache_read="1e-7", **more)
    assert told.unpriced == unpriced


def test_a_long_prompts_audio_costs_otherwise_too() -> None:
    rule = {"min_prompt_tokens": 1000, "prompt": "2e-6", "audio": "4e-6", "input_audio_cache": "4e-6"}
    told = price(
        prompt="1e-6", completion="1e-6", audio="3e-6", input_audio_cache="1e-6", overrides=[rule]
    ).tiers[0]
    assert (told.price.audio, told.price.unpriced) == (4 * 10**9, ())
    cached = {**rule, "input_cache_read": "1e-7"}
    told = price(prompt="1e-6", completion="1e-6", audio="3e-6", overrides=[cached]).tiers[0]
    assert told.price.unpriced == ("audio",)


def test_tiers_of_each_key_meet_at_their_beginnings() -> None:
    told = price(
        input="1e-6",
        output="2e-6",
        input_cache_read="5e-7",
        input_tiers=[{"cost": "1e-6", "min": 0, "max": 100}, {"cost": "3e-6", "min": 100}],
        output_tiers=[{"cost": "2e-6", "max": 200}, {"cost": "4e-6", "min": 200}],
    )
    assert told.tiers == (
        PriceTier(Price(3 * 10**9, 2 * 10**9, 5 * 10**8), 100),
        PriceTier(Price(3 * 10**9, 4 * 10**9, 5 * 10**8), 200),
    )


@given(st.dictionaries(st.sampled_from(KEYS), JSON), st.text(max_size=20))
def test_nothing_in_a_price_raises_or_is_free_by_accident(pricing: dict[str, object], name: str) -> None:
    found = read_price({"pricing": pricing}, name)
    if found.price is not None:
        costs = (found.price.input, found.price.output, found.price.cache_read, found.price.request)
        assert all(cost is None or 0 <= cost <= 10**15 for cost in costs)
    if found.free and pricing:
        assert found.price == NOTHING_TO_PAY
