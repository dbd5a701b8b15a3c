import pytest

from pointsman.discovery.fields import LONGEST_NAME, decode
from pointsman.discovery.listing import MOST_MODELS, read_models, short_names
from pointsman.types import Modality, ModelState
from tests.discovery.bodies import models, read, routed


def test_size_parameters_and_quantisation_come_from_the_list() -> None:
    model = read(models("tiny")).models[0]
    assert (model.size_bytes, model.parameters, model.quantisation) == (431872, 107968, "Q4_K - Medium")


def test_a_router_lists_models_by_their_state() -> None:
    listing = read(
        routed(
            a={"value": "unloaded"},
            b={"value": "loading"},
            c={"value": "loaded"},
            d={"value": "sleeping"},
            e={"value": "failed"},
        )
    )
    assert [model.state for model in listing.models] == [
        ModelState.UNLOADED,
        ModelState.LOADING,
        ModelState.LOADED,
        ModelState.SLEEPING,
        ModelState.FAILED,
    ]


def test_a_router_that_calls_a_failed_model_unloaded_is_not_believed() -> None:
    listing = read(routed(a={"value": "unloaded", "failed": True, "exit_code": 1}))
    assert listing.models[0].state is ModelState.FAILED
    assert listing.notes == ("a failed to load (exit code 1)",)


def test_a_state_that_nobody_knows_leaves_the_model_out_and_says_so() -> None:
    listing = read(routed(a={"value": "downloading"}, b={"value": ["odd"]}, c={"value": "loaded"}))
    assert [model.served_as for model in listing.models] == ["c"]
    assert listing.notes == ("a left out: its state is downloading", "b left out: its state is not a word")


@pytest.mark.parametrize(
    ("args", "context"),
    [
        (["--ctx-size", "8192"], 8192),
        (["-c", "8192", "--parallel", "4"], 2048),
        (["--ctx-size", "0"], None),
        (["--ctx-size"], None),
        (["--ctx-size", "many"], None),
        (["--ctx-size", "9" * 5000], None),
        ("--ctx-size 8192", None),
        ([], None),
    ],
)
def test_an_unloaded_models_context_is_what_it_will_be_loaded_with(args: object, context: int | None) -> None:
    assert read(routed(a={"value": "unloaded", "args": args})).models[0].context == context


def test_a_loaded_models_own_context_wins_over_the_routers_arguments() -> None:
    body = routed(a={"value": "loaded", "args": ["--ctx-size", "8192"]})
    body["data"][0]["meta"] = {"n_ctx": 4096}
    assert read(body).models[0].context == 4096


def test_a_routers_architecture_says_what_a_model_reads() -> None:
    body = routed(a={"value": "loaded"})
    body["data"][0]["architecture"] = {"input_modalities": ["text", "image", "smell", 7]}
    assert read(body).models[0].reads == Modality.TEXT | Modality.IMAGE


@pytest.mark.parametrize("key", ["max_model_len", "context_length", "context_window", "max_context_length"])
def test_the_context_of_other_servers_goes_by_other_names(key: str) -> None:
    assert read({"data": [{"id": "m", key: 32768}]}).models[0].context == 32768


def test_a_bare_array_is_a_list_too() -> None:
    assert [model.served_as for model in read([{"id": "a"}, {"id": "b"}]).models] == ["a", "b"]


@pytest.mark.parametrize("body", [None, 7, "x", {}, {"data": {}}, {"data": [1]}, [1, 2], {"models": []}])
def test_what_is_no_list_of_models_is_none(body: object) -> None:
    assert read_models(body) is None


def test_an_empty_list_is_a_list() -> None:
    assert read({"object": "list", "data": []}).models == ()


@pytest.mark.parametrize(
    "name",
    [
        "",
        " x",
        "x\n",
        "a\x00b",
        "a\x1b[31mb",
        "a\u202eb",
        "a\u2028b",
        "\x7f",
        "x" * (LONGEST_NAME + 1),
        7,
        None,
        ["x"],
    ],
)
def test_a_name_that_can_not_be_shown_or_sent_is_refused_and_counted(name: object) -> None:
    listing = read({"object": "list", "data": [{"id": name}, {"id": "good"}]})
    assert [model.served_as for model in listing.models] == ["good"]
    assert listing.notes[0].startswith("1 of the models it lists left out")


def test_a_name_in_another_script_is_a_name() -> None:
    assert read({"data": [{"id": "模型 größer-7B:q4"}]}).models[0].served_as == "模型 größer-7B:q4"


def test_aliases_that_can_not_be_sent_are_not_kept() -> None:
    body = {"data": [{"id": "m", "aliases": ["ok", "bad\n", 7, "m"]}]}
    assert read(body).models[0].aliases == ("ok",)


def test_a_model_named_twice_is_listed_once_and_told() -> None:
    listing = read({"data": [{"id": "m"}, {"id": "m"}]})
    assert len(listing.models) == 1
    assert listing.notes == ("1 of the models it lists are named twice",)


def test_a_list_beyond_all_measure_is_cut_and_told() -> None:
    listing = read({"data": [{"id": f"m{number}"} for number in range(MOST_MODELS + 5)]})
    assert len(listing.models) == MOST_MODELS
    assert "the first 2000 are used" in listing.notes[0]


@pytest.mark.parametrize(
    ("served_as", "name"),
    [
        ("/srv/models/tiny-a.gguf", "tiny-a"),
        ("models/Qwen3-4B.Q4_K_M.gguf", "Qwen3-4B.Q4_K_M"),
        ("./x.gguf", "x"),
        ("C:\\models\\x.GGUF", "x"),
        ("/srv/mlx/Qwen3-4.1/", "Qwen3-4.1"),
        ("vendor/model:free", "vendor/model:free"),
        ("~vendor/latest", "~vendor/latest"),
        ("qwen3:30b", "qwen3:30b"),
        ("/.gguf", "/.gguf"),
        ("/", "/"),
    ],
)
def test_a_path_is_called_by_its_stem_and_nothing_else_is(served_as: str, name: str) -> None:
    assert short_names([served_as]) == (name,)


def test_paths_of_one_stem_stay_apart() -> None:
    assert short_names(["/a/x.gguf", "/b/x.gguf"]) == ("x", "/b/x.gguf")
    assert short_names(["/a/x.gguf", "x"]) == ("/a/x.gguf", "x")


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{", b"nul", b"[" * 100_000, b'"\\ud800"', b"<html>"])
def test_what_is_no_json_decodes_to_nothing(body: bytes) -> None:
    assert decode(body) is None


@pytest.mark.parametrize("number", [b"1e400", b"-1e400", b"9" * 5_000], ids=["huge", "small", "long"])
def test_a_number_that_is_none_makes_nothing_else_unreadable(number: bytes) -> None:
    body = b'{"data": [{"id": "a", "context_length": %b}, {"id": "b", "context_length": 4096}]}' % number
    listing = read_models(decode(body))
    assert listing is not None
    assert [(one.served_as, one.context) for one in listing.models] == [("a", None), ("b", 4_096)]
