"""What llama-server's `/props` adds to its list."""

from typing import Any

import pytest

from pointsman.discovery.listing import Listed
from pointsman.discovery.llama import with_props
from pointsman.types import Ability, Modality, ModelState
from tests.discovery.bodies import models, props, read, routed, router_props


def single(**changed: Any) -> Listed:
    """The one model of a llama-server whose `/props` differ from the usual in `changed`."""
    return with_props(read(models("tiny")), props(**changed)).models[0]


def test_the_context_is_that_of_one_slot_and_not_the_trained_one() -> None:
    assert single(default_generation_settings={"n_ctx": 1024}).context == 1024
    assert read(models("tiny")).models[0].context == 2048  # without /props: the list's


@pytest.mark.parametrize("told", [None, 0, -1, True, "2048", 1.5, 2**60, [], {}])
def test_a_context_that_is_no_count_is_left_to_the_list(told: object) -> None:
    assert single(default_generation_settings={"n_ctx": told}).context == 2048


def test_modalities_that_are_on_are_what_it_reads() -> None:
    assert single(modalities={"vision": True, "audio": False}).reads == Modality.TEXT | Modality.IMAGE
    assert single(modalities={"vision": False, "video": False}).reads == Modality.TEXT
    assert single(modalities="vision").reads is None


@pytest.mark.parametrize(
    ("caps", "has", "lacks"),
    [
        ({"supports_tools": True, "supports_tool_calls": True}, True, False),
        ({"supports_tools": False, "supports_tool_calls": False}, False, True),
        ({"supports_tools": True, "supports_tool_calls": False}, False, True),
        ({"supports_tools": "yes"}, False, False),
        ({}, False, False),
        (None, False, False),
    ],
)
def test_tools_are_known_only_where_the_template_says_so(caps: object, has: bool, lacks: bool) -> None:
    model = single(chat_template_caps=caps)
    assert (Ability.TOOLS in model.has, Ability.TOOLS in model.lacks) == (has, lacks)
    assert Ability.JSON in model.has


def test_a_sleeping_server_has_a_sleeping_model() -> None:
    assert single(is_sleeping=True).state is ModelState.SLEEPING
    assert single(is_sleeping=False).state is ModelState.LOADED


def test_an_alias_that_only_props_knows_is_kept() -> None:
    assert single(model_alias="other").aliases == ("other",)
    assert single(model_alias="tiny").aliases == ()


def test_a_router_speaks_for_none_of_its_models_and_says_how_many_it_holds() -> None:
    listing = with_props(read(routed(a={"value": "loaded"})), router_props())
    (model,) = listing.models
    assert (model.context, model.slots) == (None, None)
    assert Ability.TOOLS not in model.has | model.lacks
    assert Ability.JSON in model.has
    assert (listing.holds, listing.build) == (2, "b1-abc")


@pytest.mark.parametrize("told", [None, 0, -1, True, "2", 2.5])
def test_a_router_that_holds_no_count_of_models_does_not_say(told: object) -> None:
    listing = with_props(read(routed(a={"value": "loaded"})), router_props() | {"max_instances": told})
    assert listing.holds is None


def test_a_server_of_one_model_tells_its_slots_and_its_build() -> None:
    listing = with_props(read(models("tiny")), props(total_slots=4))
    assert (listing.models[0].slots, listing.holds, listing.build) == (4, None, "b1-abc")


def test_details_of_one_model_are_given_to_none_of_two() -> None:
    listing = with_props(read(models("a", "b")), props(model_alias="a"))
    assert [model.slots for model in listing.models] == [None, None]
