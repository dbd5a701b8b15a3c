from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Excluded, Outlook, Task, Wanted
from pointsman.funds import EMPTY
from pointsman.modes import Mode, Privacy
from pointsman.routing.context import ANSWER_ROOM
from pointsman.routing.policy import REMEMBERED, RULES, context, decide, few_words, routable
from pointsman.types import (
    Ability,
    Dialect,
    Grade,
    Health,
    Modality,
    Model,
    ModelState,
    Snapshot,
    Stretch,
    Tier,
)
from tests.routing.house import endpoint, model, outlooks, snapshot, snapshots, task, tasks

AUTO = Wanted("auto", chosen=True)
OLLAMA = endpoint("a", dialect=Dialect.OLLAMA)


def named(*ids: str, via: str = "") -> Wanted:
    return Wanted(ids[0] if ids else "nobody", chosen=False, models=ids, named=len(ids), via=via)


def order(*models: Model, wanted: Wanted = AUTO, outlook: Outlook | None = None, **facts: Any) -> list[str]:
    """The ids of the candidates for a task of these facts."""
    decision = decide("d", wanted, task(**facts), snapshot(*models), outlook or Outlook())
    return [candidate.model.id for candidate in decision.candidates]


def objections(one: Model, **facts: Any) -> list[tuple[str, str]]:
    decision = decide("d", AUTO, task(**facts), snapshot(one), Outlook())
    return [(excluded.rule, excluded.reason) for excluded in decision.excluded]


wishes = st.just(AUTO) | st.lists(st.sampled_from(("a/one", "b/two", "c/three", "z/none")), max_size=3).map(
    lambda ids: named(*dict.fromkeys(ids))
)


@given(wishes, tasks, snapshots, outlooks)
def test_every_model_is_a_candidate_once_or_excluded_once(
    wanted: Wanted, asked: Task, known: Snapshot, outlook: Outlook
) -> None:
    decision = decide("d", wanted, asked, known, outlook)
    mentioned = [one.model.id for one in decision.candidates]
    mentioned += [model for one in decision.excluded for model in one.models]
    assert sorted(mentioned) == sorted(one.id for one in known.models)


def test_what_rules_said_is_remembered_of_a_bounded_number_of_sorts_of_tasks() -> None:
    known = snapshot(model("a/one"))
    for mode, privacy, reads in product(Mode, Privacy, range(1, 17)):
        asked = task(mode=mode, privacy=privacy, reads=Modality(reads))
        decide("d", AUTO, asked, known, Outlook())
    assert len(known.verdicts) <= REMEMBERED


@given(wishes, tasks, snapshots, outlooks)
def test_no_candidate_is_one_that_a_rule_objects_to(
    wanted: Wanted, asked: Task, known: Snapshot, outlook: Outlook
) -> None:
    for candidate in decide("d", wanted, asked, known, outlook).candidates:
        assert [rule(candidate.model, asked) for rule in RULES] == [None] * len(RULES)


@given(wishes, tasks, snapshots, outlooks, st.randoms(use_true_random=False))
def test_the_same_inputs_give_the_same_decision_in_whatever_order_models_were_found(
    wanted: Wanted, asked: Task, known: Snapshot, outlook: Outlook, shuffled: Any
) -> None:
    models = list(known.models)
    shuffled.shuffle(models)
    first = decide("d", wanted, asked, known, outlook)
    second = decide("d", wanted, asked, replace(known, models=tuple(models)), outlook)
    assert first == decide("d", wanted, asked, known, outlook)
    assert first.candidates == second.candidates


@given(wishes.filter(lambda wanted: not wanted.chosen), tasks, snapshots, outlooks)
def test_a_named_model_is_used_or_refused_and_never_replaced(
    wanted: Wanted, asked: Task, known: Snapshot, outlook: Outlook
) -> None:
    ids = [candidate.model.id for candidate in decide("d", wanted, asked, known, outlook).candidates]
    assert ids == [name for name in wanted.models if name in ids]


@given(tasks, wishes, snapshots, st.booleans())
def test_what_is_private_never_leaves_the_machine(
    asked: Task, wanted: Wanted, known: Snapshot, marked: bool
) -> None:
    private = {"privacy": Privacy.LOCAL} if marked else {"mode": Mode.LOCAL_ONLY}
    tiers = {
        one.model.tier for one in decide("d", wanted, replace(asked, **private), known, Outlook()).candidates
    }
    assert tiers <= {Tier.LOCAL}


@given(tasks, wishes, snapshots)
def test_what_must_not_be_trained_on_goes_to_nobody_who_is_not_known_not_to(
    asked: Task, wanted: Wanted, known: Snapshot
) -> None:
    marked = replace(asked, privacy=Privacy.NO_TRAIN)
    for one in decide("d", wanted, marked, known, Outlook()).candidates:
        assert one.model.tier is Tier.LOCAL or one.model.trains is False


def test_who_is_known_not_to_train_on_prompts_may_be_given_them() -> None:
    sworn = model("cloud/free", tier=Tier.FREE, trains=False)
    assert order(sworn, privacy=Privacy.NO_TRAIN) == ["cloud/free"]


@pytest.mark.parametrize(
    ("mode", "tiers"),
    [
        (Mode.NORMAL, {Tier.LOCAL, Tier.FREE}),
        (Mode.NO_PAID, {Tier.LOCAL, Tier.FREE}),
        (Mode.LOCAL_ONLY, {Tier.LOCAL}),
        (Mode.PAUSED, set()),
    ],
)
def test_a_mode_lets_its_tiers_answer(mode: Mode, tiers: set[Tier]) -> None:
    known = snapshot(*(model(f"{tier.word}/one", tier=tier) for tier in Tier))
    candidates = decide("d", AUTO, task(mode=mode), known, Outlook()).candidates
    assert {one.model.tier for one in candidates} == tiers
    assert {one.tier for one in routable(known, few_words(mode=mode), EMPTY)} == tiers


RED_CARDS: tuple[tuple[str, Model, dict[str, Any], str], ...] = (
    ("tier", model(tier=None), {}, "name its tier"),
    ("privacy", model(tier=Tier.FREE), {"privacy": Privacy.LOCAL}, "marked local, and this model is not on"),
    ("privacy", model(tier=Tier.FREE, trains=True), {"privacy": Privacy.NO_TRAIN}, "may train on prompts"),
    ("privacy", model(tier=Tier.FREE), {"privacy": Privacy.NO_TRAIN}, "is not known not to train"),
    ("mode", model(tier=Tier.PAID), {"mode": Mode.NO_PAID}, "mode is no-paid, and it is not free"),
    ("mode", model(tier=Tier.FREE), {"mode": Mode.LOCAL_ONLY}, "local-only, and it is not on this machine"),
    ("mode", model(), {"mode": Mode.PAUSED}, "`pointsman mode normal` ends it"),
    ("no budget", model(tier=Tier.PAID), {}, "no budget set"),
    ("no budget", model(tier=Tier.PAID, runs_at="ollama.com"), {}, "runs at ollama.com, not here"),
    ("dialect", model(endpoint=endpoint(dialect=Dialect.GEMINI)), {}, "gemini, is not spoken yet"),
    ("dialect", model(endpoint=endpoint(dialect=Dialect.ANTHROPIC)), {}, "asked by /v1/messages alone"),
    ("dialect", model(), {"format": "anthropic.messages"}, "of the kind anthropic.messages"),
    ("dialect", model("ollama/a"), {"format": "anthropic.count"}, "of the kind anthropic.count"),
    ("key", model(endpoint=endpoint(health=Health.REFUSED)), {}, "it wants a key"),
    ("key", model(endpoint=endpoint(health=Health.REFUSED, note="X_KEY is not set")), {}, "X_KEY is not set"),
    ("healthy", model(endpoint=endpoint(health=Health.AWAY)), {}, "local is away: it no longer answers"),
    ("healthy", model(state=ModelState.FAILED), {}, "could not load it"),
    ("abilities", model(lacks=Ability.TOOLS), {"needs": Ability.TOOLS | Ability.JSON}, "can't do tools"),
    ("modality", model(reads=Modality.TEXT), {"reads": Modality.TEXT | Modality.IMAGE}, "can't read image"),
    ("context", model(context=1_000), {"prompt_tokens": 900}, "900 tokens of prompt and 250 for the answer"),
)


@pytest.mark.parametrize(("rule", "one", "facts", "words"), RED_CARDS)
def test_each_rule_leaves_a_model_out_and_says_why(
    rule: str, one: Model, facts: dict[str, Any], words: str
) -> None:
    [(by, reason)] = objections(one, **facts)
    assert by == rule
    assert words in reason


def test_whose_key_may_be_on_a_free_plan_is_told_how_to_say_so() -> None:
    groq = model("groq/big", endpoint=endpoint("groq"), tier=Tier.PAID)
    [(_, reason)] = objections(groq)
    assert reason.endswith('if this key is on the free plan, say plan = "free" under [providers.groq]')
    [(_, other)] = objections(model("openai/big", endpoint=endpoint("openai"), tier=Tier.PAID))
    assert "plan" not in other


def test_models_are_judged_together_as_each_would_be_alone() -> None:
    """Those that differ in nothing that a rule looks at are judged once."""
    cards = [replace(one, id=f"x/{number}") for number, (_, one, _, _) in enumerate(RED_CARDS)]
    cards += [replace(one, id=f"y/{one.id}") for one in cards]
    for _, _, facts, _ in RED_CARDS:
        together = decide("d", AUTO, task(**facts), snapshot(*cards), Outlook()).excluded
        alone = [decide("d", AUTO, task(**facts), snapshot(one), Outlook()).excluded for one in cards]
        assert _each(together) == {each for excluded in alone for each in _each(excluded)}


def _each(excluded: Sequence[Excluded]) -> set[tuple[str, str, str]]:
    return {(model, one.rule, one.reason) for one in excluded for model in one.models}


def test_every_rule_has_an_example_here() -> None:
    assert {rule for rule, *_ in RED_CARDS} == {*(rule.__name__ for rule in RULES), "no budget"}


@pytest.mark.parametrize(
    "one",
    [
        model(),
        model(tier=Tier.FREE),
        model(lacks=Ability.EMBEDDINGS),
        model(reads=None),
        model(context=None),
        model(endpoint=endpoint(health=Health.LOADING)),
        *(model(state=state) for state in ModelState if state is not ModelState.FAILED),
    ],
)
def test_what_is_unknown_or_not_loaded_is_tried(one: Model) -> None:
    facts = {"needs": Ability.TOOLS, "reads": Modality.TEXT | Modality.IMAGE, "prompt_tokens": 10**6}
    assert objections(one, **facts) == []


@pytest.mark.parametrize(
    ("size", "asked", "prompt"),
    [
        (8_192, None, 8_192 - ANSWER_ROOM),
        (8_192, 100, 8_192 - 100),
        (8_192, 10**6, 8_192 - 8_192 // 4),
        (4_000, None, 4_000 - 1_000),
        (4_099, None, 4_099 - ANSWER_ROOM),
        (3, None, 3),
        (0, None, 0),
    ],
)
def test_the_context_is_full_at_its_exact_border(size: int, asked: int | None, prompt: int) -> None:
    assert context(model(context=size), task(prompt_tokens=prompt, max_tokens=asked)) is None
    assert context(model(context=size), task(prompt_tokens=prompt + 1, max_tokens=asked)) is not None


def test_the_first_rule_that_objects_is_the_one_that_is_told() -> None:
    [(first, _)] = objections(model(tier=None, state=ModelState.FAILED, context=1))
    [(then, _)] = objections(model(tier=Tier.PAID, context=1), privacy=Privacy.LOCAL)
    assert (first, then) == ("tier", "privacy")


def test_what_is_not_named_is_excluded_as_such_before_any_rule() -> None:
    decision = decide(
        "d", named("local/tiny"), task(), snapshot(model(), model("b/one", tier=None)), Outlook()
    )
    assert decision.excluded == (Excluded("named", "the request names local/tiny", ("b/one",)),)


def test_local_comes_before_free_whatever_else_speaks_for_it() -> None:
    free = model("free/huge", tier=Tier.FREE, parameters=10**12, grade=Grade.REASONING)
    assert order(free, model("local/tiny", state=ModelState.UNLOADED)) == ["local/tiny", "free/huge"]


def test_inside_a_tier_what_is_loaded_comes_first_then_the_larger_then_the_idler() -> None:
    models = (
        model("local/unloaded", state=ModelState.UNLOADED, parameters=9),
        model("local/sleeping", state=ModelState.SLEEPING, parameters=9),
        model("local/loading", state=ModelState.LOADING, parameters=9),
        model("local/a-busy", parameters=7),
        model("local/b-idle", parameters=7),
        model("local/small", parameters=1),
        model("local/unknown"),
    )
    assert order(*models, outlook=Outlook({"local/a-busy": 1})) == [
        *("local/b-idle", "local/a-busy", "local/small", "local/unknown"),
        *("local/loading", "local/sleeping", "local/unloaded"),
    ]


def test_models_that_are_alike_are_ordered_by_their_ids() -> None:
    assert order(model("local/b"), model("local/a"), model("a/z")) == ["a/z", "local/a", "local/b"]


def test_a_model_good_enough_comes_before_one_that_is_not_even_if_that_is_local() -> None:
    models = (model("local/weak", grade=Grade.SIMPLE), model("free/good", tier=Tier.FREE))
    decision = decide("d", AUTO, task(grade=Grade.ROUTINE), snapshot(*models), Outlook())
    assert [(one.model.id, one.degraded) for one in decision.candidates] == [
        ("free/good", False),
        ("local/weak", True),
    ]


def test_if_none_is_good_enough_the_best_answers_and_is_marked_degraded() -> None:
    models = (model("local/simple", grade=Grade.SIMPLE), model("free/routine", tier=Tier.FREE))
    decision = decide("d", AUTO, task(grade=Grade.REASONING), snapshot(*models), Outlook())
    assert [one.model.id for one in decision.candidates] == ["free/routine", "local/simple"]
    assert all(one.degraded for one in decision.candidates)


def test_better_than_needed_is_no_merit() -> None:
    assert order(model("local/z", grade=Grade.REASONING), model("local/a")) == ["local/a", "local/z"]


def test_a_reason_says_how_a_candidate_came_to_be_one() -> None:
    def reason(wanted: Wanted, one: Model) -> str:
        return decide("d", wanted, task(), snapshot(one), Outlook()).candidates[0].reason

    assert reason(AUTO, model()) == "ladder:local"
    assert reason(AUTO, model(tier=Tier.FREE)) == "ladder:free"
    assert reason(named("local/tiny"), model()) == "named"
    assert reason(named("local/tiny", via="main"), model()) == "alias:main"
    assert reason(replace(named("local/tiny"), named=0), model()) == "fallback:local/tiny"


def test_named_models_keep_the_users_order_whatever_their_tier() -> None:
    models = (model("local/tiny"), model("free/big", tier=Tier.FREE))
    assert order(*models, wanted=named("free/big", "local/tiny")) == ["free/big", "local/tiny"]


def test_routable_is_what_plain_words_could_be_given_to() -> None:
    models = (
        model("local/blind", reads=Modality.TEXT),
        model("x/y", tier=None),
        model("p/q", tier=Tier.PAID),
    )
    assert [one.id for one in routable(snapshot(*models), few_words(), EMPTY)] == ["local/blind"]


@pytest.mark.parametrize(
    ("form", "ids"),
    [
        ("openai.chat", ["a/one", "b/two", "c/three"]),
        ("openai.embeddings", ["a/one", "b/two", "c/three"]),
        ("anthropic.messages", ["a/one", "b/two", "d/claude"]),
        ("anthropic.count", ["a/one", "d/claude"]),
    ],
)
def test_a_format_of_another_dialect_is_for_those_whose_row_names_it(form: str, ids: list[str]) -> None:
    providers = {"a/one": "llama-server", "b/two": "lm-studio", "c/three": "koboldcpp"}
    models = [model(id, endpoint=endpoint(id[0], provider=row)) for id, row in providers.items()]  # noqa: A001
    claude = model("d/claude", endpoint=endpoint("d", dialect=Dialect.ANTHROPIC, provider="anthropic"))
    assert [one.id for one in routable(snapshot(*models, claude), few_words(form), EMPTY)] == ids


def test_of_no_models_nothing_is_decided_but_the_decision_stands() -> None:
    decision = decide("d", AUTO, task(), Snapshot(), Outlook())
    assert (decision.id, decision.wanted, [*decision.candidates], decision.excluded) == ("d", AUTO, [], ())


def test_an_engine_that_keeps_silent_is_asked_last_but_asked() -> None:
    def at(place: str, health: Health) -> Model:
        one = model(f"{place}/tiny")
        return replace(one, endpoint=replace(one.endpoint, health=health))

    models = (at("a", Health.SILENT), at("b", Health.UP))
    assert order(*models) == ["b/tiny", "a/tiny"]
    assert order(*models, wanted=named("a/tiny", "b/tiny")) == ["b/tiny", "a/tiny"]
    assert order(models[0]) == ["a/tiny"]


def waits(**seconds: float) -> Outlook:
    return Outlook(waits={f"local/{name}": wait for name, wait in seconds.items()})


def test_a_model_that_is_busy_for_long_is_spared_where_another_begins_sooner() -> None:
    big, small = model("local/big", parameters=8), model("local/small", parameters=1)
    assert order(big, small, outlook=waits(big=19, small=0)) == ["local/big", "local/small"]
    assert order(big, small, outlook=waits(big=21, small=0)) == ["local/small"]
    decision = decide("d", AUTO, task(), snapshot(big, small), waits(big=21))
    [left_out] = decision.excluded
    assert (left_out.rule, left_out.reason) == (
        "busy",
        "about 21 s until it could begin, and another may answer sooner",
    )


def test_where_all_are_busy_nobody_is_spared() -> None:
    big, small = model("local/big"), model("local/small")
    assert order(big, small, outlook=waits(big=40, small=21)) == ["local/big", "local/small"]


def test_a_long_wait_is_worth_it_where_nobody_as_good_is_free() -> None:
    good = model("local/good", grade=Grade.GENERATION)
    poor = model("local/poor", grade=Grade.SIMPLE)
    silent = model("silent/good", endpoint=endpoint("silent", health=Health.SILENT), grade=Grade.GENERATION)
    assert "local/good" in order(good, poor, silent, outlook=waits(good=60), grade=Grade.GENERATION)


def test_a_named_model_is_waited_for_unless_it_has_a_fallback() -> None:
    big, other = model("local/big"), model("local/other")
    assert order(big, other, wanted=named("local/big"), outlook=waits(big=60)) == ["local/big"]
    fallback = Wanted("big", chosen=False, models=("local/big", "local/other"), named=1)
    assert order(big, other, wanted=fallback, outlook=waits(big=60)) == ["local/other"]


def test_a_context_that_must_be_loaded_anew_comes_after_one_that_is_there() -> None:
    small = model("a/small", endpoint=OLLAMA, context=4_096, stretch=Stretch(40_960, 4_096))
    large = model("b/large", context=32_768)
    assert order(small, large, prompt_tokens=100, prompt_ceiling=400) == ["a/small", "b/large"]
    assert order(small, large, prompt_tokens=20_000, prompt_ceiling=80_000) == ["b/large", "a/small"]


def test_a_candidate_says_which_context_to_ask_for() -> None:
    small = model("a/small", endpoint=OLLAMA, context=4_096, stretch=Stretch(40_960, 4_096))
    asked = task(prompt_tokens=20_000, prompt_ceiling=80_000)
    for wanted in (AUTO, named("a/small")):
        [candidate] = decide("d", wanted, asked, snapshot(small), Outlook()).candidates
        assert candidate.context == 32_768
