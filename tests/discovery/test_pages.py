"""What engines tell beside their lists; of llama-server and Ollama in files of their own."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.discovery.listing import Listed, Listing, read_models
from pointsman.discovery.pages import DESCRIBERS, READERS
from pointsman.types import Ability, Modality, ModelState
from tests.discovery import kinds
from tests.discovery.bodies import models, read
from tests.discovery.kinds import listed


def told(path: str, body: object, *names: str) -> Listing:
    """A plain list of these models after a page."""
    return READERS[path](read(listed("x", *names or ("m",))), body)


def studio(**fields: Any) -> Listed:
    return told("/api/v0/models", kinds.studio(**fields)).models[0]


def test_lm_studio_tells_the_context_in_force_of_what_is_loaded_alone() -> None:
    assert studio().context is None
    assert studio(loaded_context_length=8192).context is None
    assert studio(state="loaded", loaded_context_length=8192).context == 8192


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("loaded", ModelState.LOADED),
        ("loading", ModelState.LOADING),
        ("not-loaded", ModelState.UNLOADED),
        ("odd", ModelState.UNLOADED),
        (None, ModelState.UNLOADED),
        (["loaded"], ModelState.UNLOADED),
    ],
)
def test_lm_studio_tells_what_is_loaded(said: object, state: ModelState) -> None:
    assert studio(state=said).state is state


@pytest.mark.parametrize(
    ("kind", "has", "lacks", "reads"),
    [
        ("llm", Ability.CHAT | Ability.JSON, Ability.NONE, Modality.TEXT),
        ("vlm", Ability.CHAT | Ability.JSON, Ability.NONE, Modality.TEXT | Modality.IMAGE),
        ("embeddings", Ability.EMBEDDINGS, Ability.CHAT, None),
        ("odd", Ability.NONE, Ability.NONE, None),
        (7, Ability.NONE, Ability.NONE, None),
    ],
)
def test_lm_studio_tells_what_a_model_is_for(
    kind: object, has: Ability, lacks: Ability, reads: Modality | None
) -> None:
    model = studio(type=kind)
    assert (model.has, model.lacks, model.reads) == (has, lacks, reads)


def test_lm_studio_tells_who_was_trained_for_tools() -> None:
    assert Ability.TOOLS in studio(capabilities=["tool_use"]).has
    assert Ability.TOOLS not in studio(capabilities=[]).has | studio().lacks


def test_a_model_that_lm_studios_own_page_does_not_name_stays_as_it_was_listed() -> None:
    assert studio(id="other") == read(listed("x", "m")).models[0]


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("ready", ModelState.LOADED),
        ("starting", ModelState.LOADING),
        ("stopping", ModelState.UNLOADED),
        (7, ModelState.UNLOADED),
    ],
)
def test_llama_swap_tells_what_runs(said: object, state: ModelState) -> None:
    listing = told("/running", {"running": [{"model": "m", "state": said}]}, "m", "n")
    assert [model.state for model in listing.models] == [state, ModelState.UNLOADED]


def test_a_model_of_llama_swaps_peer_runs_elsewhere() -> None:
    listing = read(listed("llama-swap", "m", meta={"llamaswap": {"peerID": "attic"}}))
    (model,) = READERS["/running"](listing, {"running": []}).models
    assert (model.runs_at, model.state) == ("attic", ModelState.LOADED)


def test_localai_tells_what_is_loaded() -> None:
    listing = told("/system", {"loaded_models": [{"id": "m"}]}, "m", "n")
    assert [model.state for model in listing.models] == [ModelState.LOADED, ModelState.UNLOADED]


def test_lemonade_tells_the_context_of_what_is_loaded_and_how_much_it_holds() -> None:
    models = listed("lemonade", "m", "n", context_length=40_960)
    listing = read(models)
    for path, page in (kinds.lemonade() | {"/api/v1/models": models}).items():
        listing = READERS[path](listing, page) if path.startswith("/api/v1/") else listing
    loaded, other = listing.models
    assert (loaded.state, loaded.context, other.state) == (ModelState.LOADED, 4096, ModelState.UNLOADED)
    assert (listing.holds, listing.build) == (1, "10.3.0")


def test_lemonades_list_names_the_trained_context_which_is_not_the_one_in_force() -> None:
    body = listed("lemonade", "m", context_length=40_960, recipe="llamacpp")
    assert READERS["/api/v1/models"](read(body), body).models[0].context is None


@pytest.mark.parametrize(
    ("labels", "has", "lacks"),
    [
        (["tool-calling", "reasoning"], Ability.TOOLS | Ability.THINKING, Ability.NONE),
        (["embeddings"], Ability.EMBEDDINGS, Ability.CHAT),
        (["reranking"], Ability.NONE, Ability.CHAT),
        ([7, ["vision"]], Ability.NONE, Ability.NONE),
        ("vision", Ability.NONE, Ability.NONE),
    ],
)
def test_lemonades_labels_tell_what_a_model_is_for(labels: object, has: Ability, lacks: Ability) -> None:
    (model,) = told("/api/v1/models", listed("lemonade", "m", labels=labels)).models
    assert (model.has, model.lacks) == (has, lacks)


@pytest.mark.parametrize(
    ("named", "place"), [({"cloud_provider": "fireworks"}, "fireworks"), ({}, "the cloud")]
)
def test_lemonades_cloud_models_run_elsewhere_and_are_never_unloaded(
    named: dict[str, str], place: str
) -> None:
    body = listed("lemonade", "fireworks.x", recipe="cloud", context_length=131_072, **named)
    listing = READERS["/api/v1/models"](read(body), body)
    (model,) = READERS["/api/v1/health"](listing, {"all_models_loaded": []}).models
    assert (model.runs_at, model.context, model.state) == (place, 131_072, ModelState.LOADED)


def test_an_older_lemonade_names_its_one_loaded_model() -> None:
    listing = told("/api/v1/health", {"model_loaded": "m"}, "m", "n")
    assert [model.state for model in listing.models] == [ModelState.LOADED, ModelState.UNLOADED]


def test_koboldcpp_tells_its_context_and_which_of_its_parts_have_a_model() -> None:
    assert told("/api/extra/true_max_context_length", {"value": 8192}).models[0].context == 8192
    listing = told("/api/extra/version", {"result": "KoboldCpp", "version": "1.98", "llm": False})
    assert (listing.build, listing.models[0].lacks) == ("1.98", Ability.CHAT)
    assert told("/api/extra/version", {"vision": True}).models[0].reads == Modality.TEXT | Modality.IMAGE


@pytest.mark.parametrize("told_", [None, 0, -1, "8192", True])
def test_a_context_that_is_no_count_leaves_the_lists(told_: object) -> None:
    listing = READERS["/api/extra/true_max_context_length"](read(models("m")), {"value": told_})
    assert listing.models[0].context == 2048


def test_sglang_tells_whether_its_model_writes() -> None:
    assert Ability.CHAT in told("/model_info", {"is_generation": True}).models[0].has
    vectors = told("/model_info", {"is_generation": False}).models[0]
    assert (vectors.has, vectors.lacks) == (Ability.EMBEDDINGS, Ability.CHAT)
    seeing = told("/model_info", {"is_generation": True, "has_image_understanding": True}).models[0]
    assert seeing.reads == Modality.TEXT | Modality.IMAGE


@pytest.mark.parametrize("path", ["/version", "/api/version"])
def test_a_version_is_shown_if_it_is_a_word(path: str) -> None:
    assert told(path, {"version": "0.11.0"}).build == "0.11.0"
    assert told(path, {"version": ["0.11.0"]}).build == ""
    assert told(path, {"version": "x" * 100}).build == ""


@pytest.mark.parametrize("path", sorted(READERS))
@pytest.mark.parametrize("body", [None, 7, "x", [], [{}], {"error": "Unexpected endpoint or method."}])
def test_a_page_that_is_something_else_leaves_every_model(path: str, body: object) -> None:
    before = read(listed("x", "m"))
    names = [model.served_as for model in READERS[path](before, body).models]
    assert names == ["m"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
# fmt: off
KEYS = st.sampled_from([
    "id", "meta", "status", "aliases", "architecture", "n_ctx", "args", "value", "size", "failed",
    "modalities", "llamaswap", "peerID", "owned_by", "default_generation_settings", "chat_template_caps",
    "model_alias", "input_modalities", "role", "error", "max_instances", "models", "name", "model",
    "details", "parameter_size", "digest", "capabilities", "remote_host", "remote_model",
    "context_length", "model_info", "general.architecture", "parameters", "data", "type", "state",
    "loaded_context_length", "labels", "recipe", "cloud_provider", "all_models_loaded", "model_name",
    "recipe_options", "ctx_size", "max_models", "llm", "running", "loaded_models", "version", "vision",
    "is_generation", "has_image_understanding",
])
# fmt: on
NAMES = st.sampled_from(["m", "num_ctx 9", "cloud", "llm", "loaded", "https://["])
SHAPED = st.recursive(
    JSON | NAMES, lambda inner: st.dictionaries(KEYS, inner, max_size=4) | st.lists(inner), max_leaves=12
)


@given(SHAPED)
def test_nothing_in_a_list_raises(body: object) -> None:
    read_models({"object": "list", "data": [body]})
    read_models(body)


@given(SHAPED, st.sampled_from(sorted(READERS)))
def test_nothing_in_a_page_raises_or_loses_a_model(body: object, path: str) -> None:
    before = Listing((Listed("m"),))
    for page in (body, {key: [body] for key in ("models", "data", "running", "all_models_loaded")}):
        assert [model.served_as for model in READERS[path](before, page).models] == ["m"]


@given(SHAPED, st.sampled_from(sorted(DESCRIBERS)))
def test_nothing_in_a_description_raises(body: object, path: str) -> None:
    for page in (body, {"model_info": body, "parameters": body, "capabilities": body}):
        change = DESCRIBERS[path](page)
        assert change is None or change(Listed("m")).served_as == "m"
