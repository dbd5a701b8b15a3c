"""What holds of a decision whatever is asked, known, allowed and going on."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Outlook, Task, Wanted
from pointsman.modes import Mode, Privacy
from pointsman.routing.policy import decide
from pointsman.steps import Step
from pointsman.types import Health, Modality, Priority, Snapshot, Tier
from tests.routing.house import all_outlooks, choices, preferring, tasks, usual_tasks, willing

named = st.lists(
    st.sampled_from(("a/one", "b/two", "c/three", "z/none")), min_size=1, max_size=4, unique=True
).flatmap(
    lambda ids: st.builds(
        Wanted,
        st.just(ids[0]),
        st.just(False),
        st.just(tuple(ids)),
        named=st.integers(1, len(ids)),
    )
)
wishes = choices | preferring | named
FACTS = ("mode", "privacy", "needs", "reads", "grade", "prompt_tokens", "priority")
differing = st.just({"format": "anthropic.messages"}) | st.builds(
    lambda other, fact: {fact: getattr(other, fact)}, tasks, st.sampled_from(FACTS)
)
MARKED = st.sampled_from([{"privacy": Privacy.LOCAL}, {"mode": Mode.LOCAL_ONLY}])


@given(wishes, usual_tasks, differing, willing, all_outlooks)
def test_the_same_inputs_give_the_same_decision_whatever_was_decided_before(
    wanted: Wanted, asked: Task, before: dict[str, Any], known: Snapshot, outlook: Outlook
) -> None:
    decide("d", wanted, replace(asked, **before), known, outlook)
    assert decide("d", wanted, asked, known, outlook) == decide("d", wanted, asked, replace(known), outlook)


@given(wishes, usual_tasks, willing, all_outlooks, st.randoms(use_true_random=False))
def test_the_order_in_which_models_were_found_decides_nothing(
    wanted: Wanted, asked: Task, known: Snapshot, outlook: Outlook, shuffled: Any
) -> None:
    decision = decide("d", wanted, asked, known, outlook)
    others = replace(known, models=tuple(shuffled.sample(known.models, len(known.models))))
    assert decision.candidates == decide("d", wanted, asked, others, outlook).candidates


@given(wishes, usual_tasks, willing, all_outlooks)
def test_a_ranking_ends_and_names_nobody_twice_and_every_model_is_in_it_or_left_out_once(
    wanted: Wanted, asked: Task, known: Snapshot, outlook: Outlook
) -> None:
    decision = decide("d", wanted, asked, known, outlook)
    ids = [one.model.id for one in decision.candidates]
    assert len(ids) == len(decision.candidates)
    ids += [id_ for one in decision.excluded for id_ in one.models]
    assert sorted(ids) == sorted(known.by_id)


@given(choices, usual_tasks, willing, all_outlooks)
def test_nothing_below_a_floor_goes_before_what_reaches_it(
    wanted: Wanted, asked: Task, known: Snapshot, outlook: Outlook
) -> None:
    """But for engines that keep silent: they are asked when nobody else is left."""
    candidates = [
        one
        for one in decide("d", wanted, asked, known, outlook).candidates
        if one.model.endpoint.health is not Health.SILENT
    ]
    reach = [one.model.grade >= wanted.floor for one in candidates]
    assert reach == sorted(reach, reverse=True)
    least = max(wanted.floor, asked.grade - wanted.profile.slack)
    assert [one.degraded for one in candidates] == [one.model.grade < least for one in candidates]


@given(choices, usual_tasks, willing, all_outlooks)
def test_a_long_wait_is_no_excuse_for_less_than_the_floor(
    wanted: Wanted, asked: Task, known: Snapshot, outlook: Outlook
) -> None:
    asked = replace(asked, grade=max(asked.grade, wanted.floor))
    calm = decide("d", wanted, asked, known, replace(outlook, waits={})).candidates
    now = decide("d", wanted, asked, known, outlook).candidates
    if calm and calm[0].model.endpoint.health is not Health.SILENT and calm[0].model.grade >= wanted.floor:
        assert now[0].model.grade >= wanted.floor


@given(wishes, usual_tasks, willing, all_outlooks)
def test_nothing_is_paid_where_a_step_a_mode_or_a_budget_forbids_it(
    wanted: Wanted, asked: Task, known: Snapshot, outlook: Outlook
) -> None:
    for one in decide("d", wanted, asked, known, outlook).candidates:
        if one.model.tier is not Tier.PAID:
            continue
        funds = outlook.purse.funds(one.model)
        assert asked.mode is Mode.NORMAL
        assert funds.allowed
        assert funds.step not in {Step.FREE, Step.LOCAL}
        assert funds.step is not Step.RESERVE or asked.priority is Priority.CRITICAL
        assert funds.unpriced or one.model.price is not None


@given(wishes, usual_tasks, willing, all_outlooks, MARKED)
def test_what_is_to_stay_here_is_given_to_nobody_elsewhere(
    wanted: Wanted, asked: Task, known: Snapshot, outlook: Outlook, marked: dict[str, Any]
) -> None:
    decision = decide("d", wanted, replace(asked, **marked), known, outlook)
    assert all(one.model.tier is Tier.LOCAL for one in decision.candidates)


@given(wishes, usual_tasks, willing, all_outlooks)
def test_a_picture_is_shown_to_nobody_who_is_known_to_be_blind(
    wanted: Wanted, asked: Task, known: Snapshot, outlook: Outlook
) -> None:
    asked = replace(asked, reads=Modality.TEXT | Modality.IMAGE)
    for one in decide("d", wanted, asked, known, outlook).candidates:
        assert one.model.reads is None or Modality.IMAGE in one.model.reads


@given(named, usual_tasks, willing, all_outlooks)
def test_a_named_model_is_used_or_refused_and_nobody_answers_who_is_not_listed(
    wanted: Wanted, asked: Task, known: Snapshot, outlook: Outlook
) -> None:
    decision = decide("d", wanted, asked, known, outlook)
    assert {one.model.id for one in decision.candidates} <= set(wanted.models)
    alone = replace(wanted, models=wanted.models[: wanted.named])
    for one in decide("d", alone, asked, known, outlook).candidates:
        assert one.model.id in alone.models
