from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Task
from pointsman.catalogue.providers import PROVIDERS
from pointsman.routing.context import ANSWER_ROOM, PLAIN, objection, reloads, to_ask
from pointsman.types import Ability, Dialect, Model, Stretch
from tests.routing.house import endpoint, model, task


def ollama(context: int | None = None, *, plain: int | None = None, most: int = 40_960) -> Model:
    """A model of an engine that cuts what does not fit, unless a request sets its context."""
    at = endpoint("ollama", provider="ollama", dialect=Dialect.OLLAMA)
    return model("ollama/qwen3", endpoint=at, context=context, stretch=Stretch(most, plain))


def prompt(tokens: int, *, ceiling: int | None = None, **facts: Any) -> Task:
    """A prompt of so many tokens, in a body about as long as English makes it."""
    return task(prompt_tokens=tokens, prompt_ceiling=tokens * 4 if ceiling is None else ceiling, **facts)


def test_a_prompt_that_surely_fits_is_asked_plainly() -> None:
    assert to_ask(ollama(4_096), prompt(500)) is None
    assert to_ask(ollama(), prompt(500)) is None, "not loaded, and nobody knows with what it will be"


def test_a_prompt_that_may_not_fit_is_asked_for_in_the_context_that_is_loaded() -> None:
    """Its 8,000 bytes could be 8,000 tokens: asked plainly, what is too long would be cut."""
    assert to_ask(ollama(4_096), prompt(2_000)) == 4_096


def test_a_long_prompt_is_given_a_context_that_holds_it_and_its_answer() -> None:
    assert objection(ollama(4_096), prompt(20_000)) is None
    assert to_ask(ollama(4_096), prompt(20_000)) == 32_768
    assert to_ask(ollama(), prompt(20_000, max_tokens=20_000)) == 40_960


def test_what_is_longer_than_the_model_can_read_is_refused_with_the_figures() -> None:
    assert objection(ollama(4_096, most=8_192), prompt(20_000)) == (
        "about 20,000 tokens of prompt and 1,024 for the answer don't fit its context of 8,192"
    )


def test_a_larger_context_that_is_loaded_is_kept_for_short_prompts_too() -> None:
    assert to_ask(ollama(32_768), prompt(100)) == 32_768
    assert to_ask(ollama(32_768, plain=32_768), prompt(100)) is None


def test_a_context_is_asked_for_in_steps_so_that_a_growing_conversation_seldom_reloads() -> None:
    asked = {to_ask(ollama(), prompt(tokens)) for tokens in range(4_000, 30_000, 500)}
    assert asked == {8_192, 16_384, 32_768}


def test_what_only_an_openai_api_can_be_asked_goes_there_as_long_as_nothing_is_cut() -> None:
    assert to_ask(ollama(32_768), prompt(500, untranslatable="logprobs")) is None
    refusal = objection(ollama(32_768), prompt(2_000, untranslatable="logprobs"))
    assert refusal is not None
    assert "with `logprobs`" in refusal
    assert "cuts what does not fit 4,096 tokens" in refusal


def test_an_engine_that_is_only_to_be_asked_over_its_openai_api_is_refused_what_it_might_cut() -> None:
    one = ollama(4_096)
    plain = replace(one, endpoint=replace(one.endpoint, dialect=Dialect.OPENAI))
    assert to_ask(plain, prompt(500)) is None
    assert 'as kind = "openai" it can only be asked' in str(objection(plain, prompt(2_000)))


def test_a_refusal_names_the_setting_that_helps() -> None:
    row = next(row for row in PROVIDERS if row.id == "ollama")
    refusal = objection(ollama(4_096), prompt(20_000, untranslatable="logprobs"))
    assert refusal is not None
    assert row.context_setting.format(32_768) in refusal


def test_vectors_need_no_room_for_an_answer() -> None:
    vectors = prompt(4_096, needs=Ability.EMBEDDINGS)
    assert to_ask(ollama(4_096, most=4_096), vectors) == 4_096


def test_what_a_model_can_not_read_is_not_asked_plainly_however_short_it_is() -> None:
    """A model for vectors may read no more than 512 tokens, whatever context its engine gives to others."""
    vectors = prompt(400, ceiling=1_400, needs=Ability.EMBEDDINGS)
    assert to_ask(ollama(most=512), vectors) == 512
    assert to_ask(ollama(most=512), replace(vectors, prompt_ceiling=512)) is None
    refusal = objection(ollama(most=512), replace(vectors, untranslatable="input"))
    assert "cuts what does not fit 512 tokens" in str(refusal)


def test_whether_a_text_is_too_long_for_its_vector_is_left_to_the_engine_that_refuses_it() -> None:
    """Nobody else may make it, and an estimate that errs on the high side would refuse what fits."""
    vectors = prompt(600, needs=Ability.EMBEDDINGS)
    assert objection(ollama(most=512), vectors) is None
    assert to_ask(ollama(most=512), vectors) == 512


def test_an_engine_that_loads_with_less_than_usual_is_taken_to_give_no_more() -> None:
    completion = prompt(500, untranslatable="prompt")
    assert to_ask(ollama(4_096), completion) is None
    assert "cuts what does not fit 2,048 tokens" in str(objection(ollama(2_048), completion))
    assert objection(ollama(2_048, plain=8_192), completion) is None


@pytest.mark.parametrize(("context", "loads"), [(None, False), (4_096, False), (8_192, True)])
def test_another_context_than_the_loaded_one_is_a_load(context: int | None, loads: bool) -> None:
    assert reloads(ollama(4_096), context) is loads


sizes = st.integers(1, 200_000)
models = st.builds(ollama, st.none() | sizes, plain=st.none() | sizes, most=sizes)
prompts = st.integers(0, 200_000).flatmap(
    lambda tokens: st.builds(
        prompt,
        st.just(tokens),
        ceiling=st.integers(tokens, 5 * tokens + 100),
        max_tokens=st.none() | sizes,
        untranslatable=st.sampled_from(("", "logprobs")),
        needs=st.sampled_from((Ability.CHAT, Ability.EMBEDDINGS)),
    )
)


@given(models, prompts)
def test_nothing_is_ever_asked_so_that_an_engine_may_cut_it(one: Model, asked: Task) -> None:
    if objection(one, asked) is not None or one.stretch is None:
        return
    context = to_ask(one, asked)
    if context is None:
        known = one.stretch.plain or min(PLAIN, one.context or PLAIN)
        assert asked.prompt_ceiling <= min(known, one.stretch.most)
    else:
        assert not asked.untranslatable
        assert context <= max(one.stretch.most, one.context or 0)
        assert asked.prompt_tokens <= context or asked.needs is Ability.EMBEDDINGS


@given(models, st.integers(0, 2_000))
def test_a_short_prompt_is_never_refused_for_its_length(one: Model, tokens: int) -> None:
    if one.stretch is not None and one.stretch.most >= 2 * (tokens + ANSWER_ROOM):
        assert objection(one, prompt(tokens)) is None


def test_what_is_passed_on_in_another_dialect_is_never_translated_nor_cut() -> None:
    messages: dict[str, Any] = {"format": "anthropic.messages", "untranslatable": "messages"}
    assert to_ask(ollama(32_768), prompt(500, **messages)) is None
    refusal = objection(ollama(32_768), prompt(2_000, **messages))
    assert refusal is not None
    assert "with `messages` it can only be asked over an API that cuts what does not fit" in refusal
