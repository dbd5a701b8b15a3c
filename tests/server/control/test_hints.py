"""What there is to mend: said once, with its number and what to do, and not said where nothing is wrong."""

from dataclasses import replace
from typing import Any

import pytest

from pointsman.calls import Excluded, Outlook
from pointsman.catalogue.providers import PROVIDERS
from pointsman.ledger.decisions import describe
from pointsman.ledger.queries import Decided
from pointsman.routing.classify import classify
from pointsman.routing.context import objection
from pointsman.routing.names import Names
from pointsman.routing.policy import decide
from pointsman.routing.resolve import resolve
from pointsman.server.control import contexts
from pointsman.server.control.hints import NOTHING_ELSE, NOTHING_FOUND, Scene, hints
from pointsman.server.control.status import TYPICAL
from pointsman.types import (
    Ability,
    Dialect,
    Endpoint,
    FoundBy,
    Health,
    Model,
    ModelState,
    Snapshot,
    Stretch,
    Tier,
)
from pointsman.wire.formats import FORMATS
from tests.fakes.records import TASK, decision
from tests.server.control.conftest import endpoint, model

HELPED = [row for row in PROVIDERS if row.context_setting]
TOOLED = [row for row in PROVIDERS if row.tools_setting]


def told(*models: Model, also: tuple[Endpoint, ...] = (), too_long: tuple[Decided, ...] = ()) -> list[str]:
    endpoints = tuple({one.endpoint.id: one.endpoint for one in models}.values())
    known = Snapshot(1, (*endpoints, *also), models, swept_at=1.0)
    task = classify(FORMATS["openai.chat"].decode(TYPICAL, {}))
    decided = decide("d", resolve("auto", Names(), known), task, known, Outlook())
    return hints(Scene(known, decided, contexts.turned_away(known, too_long)))


def homemade(**changes: Any) -> Endpoint:
    """An engine of which no setting is known."""
    return endpoint("homemade", **changes)


def turned_away(tokens: int, *models: str, app: str = "editor") -> Decided:
    out = (Excluded("context", "it is too small", models),)
    return Decided(app, describe(decision(task=replace(TASK, prompt_tokens=tokens), excluded=out)))


def test_where_all_is_well_nothing_is_said() -> None:
    assert told(model(homemade(), context=32_768, has=Ability.TOOLS)) == []


def test_a_small_context_is_told_with_what_it_could_be() -> None:
    small = model(homemade(), "qwen3", context=4_096, stretch=Stretch(40_960, 4_096))
    assert told(small) == [
        (
            "homemade/qwen3 has 4,096 tokens of context in force of 40,960, and agents send more: "
            "start homemade with a context of 32,768"
        )
    ]


def test_twenty_models_of_one_engine_are_one_line() -> None:
    place = homemade()
    stretch = Stretch(131_072, 4_096)
    many = [model(place, f"m{n}", context=4_096 if n else 8_192, stretch=stretch) for n in range(20)]
    (hint,) = told(*many)
    assert hint.startswith("20 models of homemade have 4,096 to 8,192 tokens of context in force of 131,072")


@pytest.mark.parametrize(
    "sound",
    [
        {"context": None},
        {"context": 16_384},
        {"context": 4_096, "stretch": Stretch(4_096, 4_096)},  # it can't have more
        {"context": 2_048, "has": Ability.EMBEDDINGS},
        {"context": 2_048, "lacks": Ability.CHAT},
        {"context": 2_048, "tier": Tier.FREE},
    ],
    ids=str,
)
def test_of_other_contexts_nothing_is_said(sound: dict[str, Any]) -> None:
    assert told(model(homemade(), **sound)) == []


def test_no_more_is_advised_than_a_model_can_have() -> None:
    (hint,) = told(model(homemade(), context=4_096, stretch=Stretch(20_000, 4_096)))
    assert hint.endswith("with a context of 20,000")


@pytest.mark.parametrize("row", HELPED, ids=lambda row: row.id)
def test_the_advice_is_the_engines_own_setting(row: Any) -> None:
    (hint,) = told(model(endpoint(row.id), context=4_096))
    assert hint.endswith(f", and agents send more: set {row.context_setting.format(32_768)} for {row.title}")


def test_a_hint_advises_the_context_that_the_refusal_did() -> None:
    tiny = model(endpoint(HELPED[0].id), context=1_024)
    refusal = objection(tiny, replace(TASK, prompt_tokens=1_500))
    (hint,) = told(tiny, too_long=(turned_away(1_500, tiny.id),))
    assert refusal is not None
    assert "-c 8192" in refusal
    assert "-c 8192" in hint


def test_who_was_turned_away_says_more_than_a_small_context() -> None:
    small = model(homemade(), "qwen3", context=4_096, stretch=Stretch(40_960, 4_096))
    sent = (turned_away(9_000, small.id, app="shell"), turned_away(28_000, small.id))
    assert told(small, too_long=sent) == [
        (
            "editor sent about 28,000 tokens, and homemade/qwen3 has 4,096 of context: "
            "start homemade with a context of 32,768"
        )
    ]


def test_a_model_that_was_given_more_since_is_not_complained_of() -> None:
    grown = model(homemade(), context=40_960)
    assert told(grown, too_long=(turned_away(28_000, grown.id),)) == []


def test_a_prompt_that_left_no_room_for_the_answer_counts_as_too_long() -> None:
    full = model(homemade(), context=32_768)
    (hint,) = told(full, too_long=(turned_away(32_000, full.id, app=""),))
    assert hint.startswith("a program sent about 32,000 tokens")
    assert hint.endswith("with a context of 65,536")


@pytest.mark.parametrize("context", [4_096, None])
def test_a_prompt_beyond_what_an_engine_can_give_asks_for_another_model(context: int | None) -> None:
    small = model(homemade(), context=context, stretch=Stretch(8_192, 4_096))
    (hint,) = told(small, too_long=(turned_away(28_000, small.id),))
    assert hint.endswith(": load a model that can have more than 8,192")


def test_a_model_that_is_gone_is_not_complained_of() -> None:
    there = model(homemade(), context=32_768)
    assert told(there, too_long=(turned_away(99_000, "homemade/gone"),)) == []


def test_tools_that_no_local_model_has_are_told_once() -> None:
    place = homemade()
    first, second = (model(place, name, lacks=Ability.TOOLS) for name in ("a", "b"))
    only = "homemade/a is the only local model and cannot call tools, which agents need: load one that can"
    assert told(first) == [only]
    assert told(first, second) == [
        "none of the 2 local models can call tools, which agents need: load one that can"
    ]
    unknown = replace(second, lacks=Ability.NONE)
    assert told(first, unknown) == []  # it may well be able to
    assert told(first, replace(unknown, tier=Tier.PAID))[0] == only


@pytest.mark.parametrize("row", TOOLED, ids=lambda row: row.id)
def test_the_help_for_tools_is_the_engines_own(row: Any) -> None:
    without = model(endpoint(row.id), lacks=Ability.TOOLS)
    (hint,) = told(without)
    assert hint.endswith(f", which agents need: set {row.tools_setting} for {row.title}")


def test_models_that_could_not_be_loaded_are_told_once_and_by_name_where_it_is_one() -> None:
    place = homemade()
    bad, worse = (model(place, name, state=ModelState.FAILED) for name in ("bad", "worse"))
    assert told(bad) == ["homemade could not load bad: its own log says why"]
    assert told(bad, worse) == ["homemade could not load 2 models: its own log says why"]


def test_a_model_that_runs_elsewhere_is_told_with_where() -> None:
    cloud = model(homemade(), tier=Tier.PAID, runs_at="ollama.com")
    (hint,) = told(cloud)
    assert hint.startswith("1 model of homemade is not used: no budget set, and it costs money")
    assert "it runs at ollama.com, not here" in hint


def test_an_engine_that_is_silent_or_still_loads_is_told() -> None:
    silent, loading = endpoint("mute", health=Health.SILENT), endpoint("slow", health=Health.LOADING)
    assert told(model(homemade()), also=(loading, silent)) == [
        "mute takes connections and does not answer: it is asked last; if it stays so, start it anew",
        "slow is still loading: a request waits for it where no other model will do",
    ]


def test_a_cloud_that_is_silent_is_nothing_to_be_started() -> None:
    slow = endpoint("cloud", tier=Tier.PAID, health=Health.SILENT, note="its list did not come in time")
    assert told(model(homemade()), also=(slow,)) == ["cloud is asked last: its list did not come in time"]


def test_models_whose_dialect_is_not_spoken_are_told_once() -> None:
    foreign = homemade(dialect=Dialect.GEMINI)
    (hint,) = told(model(foreign), model(foreign, "b"))
    assert hint == "2 models of homemade are not used: its dialect, gemini, is not spoken yet"


def test_what_was_found_and_went_is_no_trouble_but_its_models_are_missed() -> None:
    gone = homemade(health=Health.AWAY, note="nothing answered")
    (hint,) = told(model(gone), model(gone, "b"))
    assert hint == "2 models of homemade are not used: homemade is away: nothing answered"
    assert told(also=(gone,)) == []


def test_a_place_of_unknown_tier_that_went_needs_no_name() -> None:
    assert told(also=(homemade(tier=None, health=Health.AWAY),)) == []
    assert len(told(also=(homemade(tier=None),))) == 1


def test_what_hurts_comes_before_what_might() -> None:
    place, other = homemade(), endpoint("other")
    small = model(place, "small", context=4_096)
    dear = model(place, "dear", tier=Tier.PAID)
    shut = endpoint("shut", health=Health.REFUSED, found_by=FoundBy.CONFIG, note="the key is wrong")
    sent = (turned_away(28_000, small.id),)
    found = told(model(other, context=8_192), small, dear, also=(shut,), too_long=sent)
    assert [hint.split()[0] for hint in found] == ["editor", "shut", "other/qwen", "1"]


def test_free_models_that_want_a_key_are_offered_after_all_that_is_wrong() -> None:
    note = "needs sign-in: pointsman keys set cloud"
    cloud = endpoint("cloud", tier=Tier.PAID, health=Health.SIGN_IN, note=note, found_by=FoundBy.OPEN)
    *_, last = told(model(homemade(), context=32_768, has=Ability.TOOLS), model(cloud, tier=Tier.FREE))
    assert last == "1 model of cloud would cost nothing: needs sign-in: pointsman keys set cloud"


def test_where_models_only_want_a_key_that_is_said_first_and_then_the_other_ways_on() -> None:
    cloud = endpoint("cloud", tier=Tier.PAID, health=Health.SIGN_IN, note="a note", found_by=FoundBy.OPEN)
    assert told(model(cloud, tier=Tier.FREE)) == ["1 model of cloud would cost nothing: a note", NOTHING_ELSE]
    assert told(also=(cloud,)) == [NOTHING_FOUND]


def test_a_cloud_that_there_is_a_key_for_is_missed_and_one_that_is_merely_open_is_not() -> None:
    away = endpoint("cloud", tier=Tier.PAID, health=Health.AWAY, note="nothing answers")
    here = model(homemade(), context=32_768, has=Ability.TOOLS)
    assert told(here, also=(replace(away, found_by=FoundBy.OPEN),)) == []
    assert told(here, also=(replace(away, found_by=FoundBy.KEY),)) == ["cloud is away: nothing answers"]
