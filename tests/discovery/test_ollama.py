"""What Ollama's own API adds to its OpenAI list."""

from typing import Any

import pytest

from pointsman.discovery.listing import ELSEWHERE, Listed, Listing
from pointsman.discovery.ollama import LEAST, read_shown, with_loaded, with_tags
from pointsman.types import Ability, Modality, ModelState, Stretch
from tests.discovery.bodies import read
from tests.discovery.kinds import DIGEST, listed, shown, tags

NAME = "qwen3:8b"
REMOTE = {"remote_model": "gpt-oss:120b", "remote_host": "https://ollama.com:443", "size": 384}


def library(*names: str, **fields: Any) -> Listing:
    """The list after `/api/tags`."""
    return with_tags(read(listed("library", *names)), tags(*names, **fields))


def tagged(**fields: Any) -> Listed:
    return library(NAME, **fields).models[0]


def described(parameters: str = "", **fields: Any) -> Listed:
    """The model after `/api/show`, of a server that tells no abilities before."""
    change = read_shown(shown(parameters, **fields))
    assert change is not None
    return change(tagged(capabilities=[]))


def loaded(model: Listed, **fields: Any) -> Listed:
    body = {"models": [{"name": model.served_as, "model": model.served_as} | fields]}
    return with_loaded(Listing((model,)), body).models[0]


def test_a_model_on_the_disk_is_unloaded_until_it_is_seen_in_memory() -> None:
    assert tagged().state is ModelState.UNLOADED
    assert loaded(tagged()).state is ModelState.LOADED
    listing = with_loaded(library(NAME), {"models": []})
    assert listing.models[0].state is ModelState.UNLOADED
    assert not listing.tells_loads, "it lists those too that are only being loaded"


def test_its_size_parameters_quantisation_and_digest_are_told() -> None:
    model = tagged()
    assert (model.size_bytes, model.quantisation, model.digest) == (5_225_388_164, "Q4_K_M", DIGEST)
    assert model.parameters == 8_200_000_000


@pytest.mark.parametrize(
    ("size", "parameters"),
    [
        ("334.09M", 334_090_000),
        ("1.8T", 1_800_000_000_000),
        ("7K", 7_000),
        ("8.2", None),
        ("8.2b", None),
        ("B", None),
        ("", None),
        (8, None),
        ("9" * 5000 + "B", None),
        ("٣B", None),
    ],
)
def test_a_parameter_size_is_a_number_or_unknown(size: object, parameters: int | None) -> None:
    assert tagged(details={"parameter_size": size}).parameters == parameters


def test_a_name_with_the_tag_latest_goes_by_its_name_alone_too() -> None:
    assert [model.aliases for model in library("qwen3:latest", NAME).models] == [("qwen3",), ()]


def test_what_it_is_capable_of_is_what_it_has_and_what_it_lacks() -> None:
    model = tagged(capabilities=["completion", "tools", "vision"])
    assert model.has == Ability.CHAT | Ability.JSON | Ability.TOOLS
    assert model.lacks == Ability.THINKING
    assert model.reads == Modality.TEXT | Modality.IMAGE


def test_a_model_for_embeddings_can_not_chat() -> None:
    model = tagged(capabilities=["embedding"])
    assert model.has == Ability.EMBEDDINGS
    assert Ability.CHAT in model.lacks


@pytest.mark.parametrize("told", [None, [], "completion", {}, 7])
def test_an_older_server_that_tells_no_capabilities_leaves_them_unknown(told: object) -> None:
    model = tagged(capabilities=told)
    assert (model.has, model.lacks, model.reads) == (Ability.NONE, Ability.NONE, None)


def test_a_description_tells_the_capabilities_that_tags_did_not() -> None:
    assert Ability.TOOLS in described().has
    assert described().parameters == 8_190_735_360


def test_the_trained_context_is_a_stretch_and_never_the_context_in_force() -> None:
    assert (described().stretch, described().context) == (Stretch(40_960, None), None)


def test_the_context_of_its_own_settings_is_what_a_plain_request_gets() -> None:
    model = described('stop    "<|im_end|>"\nnum_ctx                        8192\ntemperature 0.6')
    assert (model.stretch, model.context) == (Stretch(40_960, 8192), 8192)


def test_settings_that_ask_for_more_than_the_model_has_are_not_believed() -> None:
    assert described("num_ctx 131072").stretch == Stretch(40_960, 40_960)


@pytest.mark.parametrize(
    "parameters",
    [
        "num_ctx many",
        "num_ctx -1",
        "num_ctx 0",
        "xnum_ctx 8192",
        "num_ctx " + "9" * 5000,
        "num_ctx ٨",
        8192,
        None,
    ],
)
def test_settings_that_hold_no_context_tell_none(parameters: Any) -> None:
    assert described(parameters).stretch == Stretch(40_960, None)


def test_the_context_that_a_model_was_loaded_with_wins() -> None:
    model = loaded(described("num_ctx 8192"), context_length=16_384)
    assert (model.context, model.stretch) == (16_384, Stretch(40_960, 8192))
    change = read_shown(shown("num_ctx 8192"))
    assert change is not None
    assert change(loaded(tagged(), context_length=16_384)).context == 16_384  # whatever was asked first


def test_a_model_of_which_nothing_is_known_still_has_a_stretch() -> None:
    """Without one it would be asked plainly, and its prompt cut."""
    assert tagged(details={}).stretch == Stretch(LEAST, None)


def test_a_model_of_the_cloud_runs_there_and_is_not_cut() -> None:
    model = tagged(**REMOTE)
    assert model.runs_at == "ollama.com"
    assert (model.stretch, model.context, model.size_bytes) == (None, 40_960, None)
    assert model.state is ModelState.LOADED


@pytest.mark.parametrize(
    "told",
    [
        {"remote_model": "x"},
        {"remote_host": "https://[bad", "remote_model": "x"},
        {"remote_host": 7},
        {"remote_host": "no url"},
    ],
)
def test_a_model_that_names_its_origin_badly_still_runs_elsewhere(told: dict[str, object]) -> None:
    assert tagged(**told).runs_at == "ollama.com"


@pytest.mark.parametrize("told", [{"size": 0}, {"size": None}, {"digest": ""}, {"digest": 7}])
def test_a_model_that_is_not_told_to_be_on_the_disk_may_run_anywhere(told: dict[str, object]) -> None:
    """Servers that imitate Ollama pass prompts on."""
    assert tagged(**told).runs_at == ELSEWHERE
    assert with_tags(read(listed("library", NAME)), tags()).models[0].runs_at == ELSEWHERE


@pytest.mark.parametrize("name", ["qwen3-coder:480b-cloud", "glm-4.6:cloud"])
def test_a_name_that_ends_in_cloud_is_enough(name: str) -> None:
    assert library(name).models[0].runs_at == "ollama.com"


def test_what_is_in_memory_here_tells_nothing_of_a_model_that_runs_elsewhere() -> None:
    cloud = tagged(**REMOTE, details={"context_length": 131_072})
    assert loaded(cloud, context_length=4_096) == cloud


def test_a_description_can_tell_that_a_model_runs_elsewhere() -> None:
    model = described(remote_host="https://gpu.example:443", remote_model="x")
    assert (model.runs_at, model.stretch, model.context) == ("gpu.example", None, 40_960)


@pytest.mark.parametrize("body", [None, 7, [], {}, {"models": 7}, {"error": "no"}])
def test_a_page_that_is_something_else_proves_nothing(body: object) -> None:
    listing = library(NAME)
    assert with_tags(listing, body).models[0].runs_at == ELSEWHERE
    assert with_loaded(listing, body) == listing
    assert read_shown(body) is None
