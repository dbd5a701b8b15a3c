import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.catalogue.grades import FAMILIES, Told, cost_class, family_of, grade_of, named_size
from pointsman.money import NANO, NOTHING_TO_PAY, Price
from pointsman.types import Grade, Tier

SIMPLE, ROUTINE, GENERATION, REASONING = Grade


KNOWN = (
    ("claude-opus-4-1-20250805", REASONING),
    ("anthropic/claude-sonnet-4.5", GENERATION),
    ("claude-3-5-haiku-latest", ROUTINE),
    ("openai/gpt-5", REASONING),
    ("gpt-5.4-mini", ROUTINE),
    ("gpt-5-nano-2025-08-07", SIMPLE),
    ("gpt-5.6-luna", ROUTINE),
    ("gpt-5.6-terra-pro", GENERATION),
    ("gpt-4o-mini", ROUTINE),
    ("o3-mini", GENERATION),
    ("o3", REASONING),
    ("models/gemini-2.5-pro", REASONING),
    ("gemini-2.5-flash", GENERATION),
    ("google/gemini-2.5-flash-lite", ROUTINE),
    ("gemini-1.5-flash-8b", SIMPLE),
    ("moonshotai/kimi-k2", GENERATION),
    ("nvidia/nemotron-3.5-content-safety:free", SIMPLE),
    ("meta-llama/llama-guard-4-12b", SIMPLE),
    ("gpt-3.5-turbo-16k", ROUTINE),
    ("chatgpt/gpt-4.1", GENERATION),
    ("mistral-large-latest", GENERATION),
    ("mistralai/mistral-small-2603", ROUTINE),
    ("deepseek/deepseek-v4-flash", GENERATION),
    ("z-ai/glm-5.2:free", GENERATION),
)


@pytest.mark.parametrize(("name", "grade"), KNOWN)
def test_a_known_family_is_graded_by_what_it_is_for(name: str, grade: Grade) -> None:
    assert grade_of(Told(name, Tier.PAID)) == (grade, "family")


def test_no_family_is_hidden_by_one_before_it() -> None:
    assert {family_of(name, local=False) for name, _ in KNOWN} == set(FAMILIES)


def test_on_this_machine_only_open_weights_are_known_by_their_name() -> None:
    """LocalAI and its like serve small models under the names of great ones."""
    assert grade_of(Told("gpt-4o", Tier.LOCAL)) == (ROUTINE, "unknown")
    assert grade_of(Told("gpt-4o", Tier.LOCAL, parameters=10**9)) == (SIMPLE, "size")
    assert family_of("kimi-k2", local=True)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("qwen3:0.6b", 600_000_000),
        ("llama3.2:1b-instruct-q4_0", 10**9),
        ("meta-llama/llama-3.3-70b-instruct", 70 * 10**9),
        ("Nanbeige4.1-3B-Q4_K_M", 3 * 10**9),
        ("gemma-3-270m", 270_000_000),
        ("google/gemma-3n-e4b-it", 4 * 10**9),
        ("mixtral-8x22b-instruct", 176 * 10**9),
        ("qwen3-30b-a3b", 9_486_832_981),
        ("qwen3.8-2.4t-a95b", 477_493_455_453),
        ("qwen2.5-7b-instruct-1m", 7 * 10**9),
        ("gpt-4o", None),
        ("llama-3.2", None),
        ("claude-3b4", None),
        ("", None),
    ],
)
def test_a_size_is_read_from_a_name(name: str, parameters: int | None) -> None:
    assert named_size(name) == parameters


@pytest.mark.parametrize(
    ("parameters", "grade"),
    [
        (10**6, SIMPLE),
        (2 * 10**9 - 1, SIMPLE),
        (2 * 10**9, ROUTINE),
        (20 * 10**9, GENERATION),
        (10**12, GENERATION),
    ],
)
def test_without_a_family_the_size_counts(parameters: int, grade: Grade) -> None:
    assert grade_of(Told("unheard-of", Tier.LOCAL, parameters=parameters)) == (grade, "size")


def test_what_an_engine_tells_of_a_size_comes_before_the_name() -> None:
    assert grade_of(Told("merge-70b", Tier.LOCAL, parameters=10**9)) == (SIMPLE, "size")


def test_of_a_mixture_of_experts_not_all_parameters_count() -> None:
    assert grade_of(Told("qwen3-30b-a3b", Tier.LOCAL, parameters=30_500_000_000)) == (ROUTINE, "size")


@pytest.mark.parametrize(
    ("quantisation", "size_bytes", "grade"),
    [
        ("", 600_000_000, SIMPLE),
        ("", 5_000_000_000, ROUTINE),
        ("Q4_K - Medium", 5_000_000_000, ROUTINE),
        ("F16", 2_500_000_000, SIMPLE),
        ("BF16", 16_000_000_000, ROUTINE),
        ("Q8_0", 24_000_000_000, GENERATION),
    ],
)
def test_a_size_in_bytes_counts_by_the_bits_of_a_weight(
    quantisation: str, size_bytes: int, grade: Grade
) -> None:
    told = Told("unheard-of", Tier.LOCAL, size_bytes=size_bytes, quantisation=quantisation)
    assert grade_of(told) == (grade, "size")


@pytest.mark.parametrize("quantisation", ["Q2_K", "IQ2_XXS - 2.0625 bpw", "IQ1_S", "TQ1_0"])
def test_below_three_bits_a_model_counts_for_a_grade_less(quantisation: str) -> None:
    grades = [
        grade_of(Told("m", Tier.LOCAL, parameters=size, quantisation=quantisation))[0]
        for size in (10**9, 8 * 10**9, 70 * 10**9)
    ]
    assert grades == [SIMPLE, SIMPLE, ROUTINE]
    assert grade_of(Told("m", Tier.LOCAL, parameters=8 * 10**9, quantisation="Q3_K_S"))[0] is ROUTINE


@pytest.mark.parametrize(
    ("dollars", "grade"), [(0.05, ROUTINE), (1.99, ROUTINE), (2, GENERATION), (75, GENERATION)]
)
def test_elsewhere_a_price_is_better_than_nothing(dollars: float, grade: Grade) -> None:
    price = Price(NANO, round(dollars * NANO))
    assert grade_of(Told("unheard-of", Tier.PAID, price=price)) == (grade, "price")


@pytest.mark.parametrize(
    "told",
    [
        Told("unheard-of", Tier.PAID),
        Told("unheard-of", Tier.PAID, price=Price()),
        Told("unheard-of", Tier.FREE, price=NOTHING_TO_PAY),
        Told("unheard-of", Tier.LOCAL, price=Price(NANO, 75 * NANO)),
        Told("unheard-of", None),
    ],
)
def test_what_nobody_knows_is_taken_for_routine(told: Told) -> None:
    assert grade_of(told) == (ROUTINE, "unknown")


@given(
    st.text(max_size=300),
    st.sampled_from([*Tier, None]),
    st.none() | st.integers(1, 2**63),
    st.text(max_size=50),
)
def test_no_name_and_no_figure_is_too_odd(
    name: str, tier: Tier | None, count: int | None, quantisation: str
) -> None:
    told = Told(name, tier, size_bytes=count, quantisation=quantisation)
    grade, source = grade_of(told)
    assert grade in Grade
    assert source in {"family", "size", "price", "unknown"}


@given(st.integers(1, 2**50), st.integers(1, 2**50))
def test_the_larger_of_two_is_graded_no_lower(one: int, other: int) -> None:
    small, large = sorted((one, other))
    graded = [grade_of(Told("m", Tier.LOCAL, parameters=size))[0] for size in (small, large)]
    assert graded == sorted(graded)


@pytest.mark.parametrize(
    ("price", "word"),
    [
        (None, ""),
        (Price(NANO), ""),
        (NOTHING_TO_PAY, "none"),
        (Price(0, 0, request=1), "low"),
        (Price(NANO // 10, NANO // 2), "low"),
        (Price(NANO, 5 * NANO), "medium"),
        (Price(5 * NANO, 25 * NANO), "high"),
    ],
)
def test_what_a_model_costs_is_told_in_a_word(price: Price | None, word: str) -> None:
    assert cost_class(price) == word
