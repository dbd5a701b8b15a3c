import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Wanted
from pointsman.errors import BadRequest, UnknownModel
from pointsman.money import Price
from pointsman.routing.names import Names
from pointsman.routing.resolve import known_names, pinned, resolve
from pointsman.types import Grade, Priority, Snapshot, Tier
from tests.routing.house import endpoint, model, played, snapshot, snapshots

NOBODY = Names()
HERE = snapshot(
    model("local/tiny", served_as="/models/tiny.gguf", aliases=("small",)),
    model("llama-server-9931/tiny", endpoint=endpoint("llama-server-9931", provider="llama-server")),
    model("llama-server-9931/large", endpoint=endpoint("llama-server-9931", provider="llama-server")),
    model("openrouter/tiny", tier=Tier.PAID),
    model("openrouter/anthropic/claude-haiku", tier=Tier.PAID),
    model("openrouter/gemma:free", tier=Tier.FREE),
    model("tunnel/guess", tier=None),
)


def models(name: str, names: Names = NOBODY, known: Snapshot = HERE) -> tuple[str, ...]:
    return resolve(name, names, known).models


@pytest.mark.parametrize("name", ["", "auto"])
def test_no_name_and_auto_leave_the_choice_to_us(name: str) -> None:
    usual = Wanted("auto", chosen=True, role="main", priority=Priority.NORMAL)
    assert resolve(name, NOBODY, HERE) == usual


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("local/tiny", ["local/tiny"]),
        ("llama-server-9931/tiny", ["llama-server-9931/tiny"]),
        ("llama-server/large", ["llama-server-9931/large"]),
        ("local/small", ["local/tiny"]),
        ("tiny", ["local/tiny", "llama-server-9931/tiny"]),
        ("small", ["local/tiny"]),
        ("large", ["llama-server-9931/large"]),
        ("/models/tiny.gguf", ["local/tiny"]),
        ("anthropic/claude-haiku", ["openrouter/anthropic/claude-haiku"]),
        ("gemma:free", ["openrouter/gemma:free"]),
        ("guess", ["tunnel/guess"]),
    ],
)
def test_a_model_is_found_by_its_id_its_owner_and_its_names(name: str, found: list[str]) -> None:
    wanted = resolve(name, NOBODY, HERE)
    assert list(wanted.models) == found
    assert (wanted.chosen, wanted.via, wanted.missing) == (False, "", ())


@pytest.mark.parametrize(
    "name", ["Tiny", "tin", "tiny ", "local/tiny/", "openrouter", "llama-server/", "/", "claude-haiku", "*"]
)
def test_a_name_is_never_something_near_it(name: str) -> None:
    with pytest.raises(UnknownModel):
        resolve(name, NOBODY, HERE)


def test_an_unknown_name_is_told_the_nearest_ones_and_the_fix() -> None:
    with pytest.raises(UnknownModel) as caught:
        resolve("lagre", Names(aliases={"large-one": "large"}), HERE)
    assert "no model is called 'lagre': did you mean large" in caught.value.message
    assert "pointsman alias 'lagre' auto" in caught.value.message


def test_a_name_near_nothing_is_told_what_is_known() -> None:
    with pytest.raises(UnknownModel, match="known are auto, coder, tiny, local/tiny"):
        resolve("zzzzzzzz", Names(roles=played({"coder": "tiny"})), HERE)


def test_an_alias_stands_for_one_model_and_says_how_it_came() -> None:
    wanted = resolve("mine", Names(aliases={"mine": "local/tiny"}), HERE)
    assert wanted == Wanted("mine", chosen=False, models=("local/tiny",), named=1, via="mine")


def test_a_role_comes_before_an_alias_and_an_alias_before_a_model() -> None:
    names = Names(roles=played({"tiny": "large"}), aliases={"tiny": "guess", "large": "gemma:free"})
    assert models("tiny", names) == ("openrouter/gemma:free",)
    assert models("large", Names(aliases={"large": "guess"})) == ("tunnel/guess",)


def test_a_pattern_stands_for_every_name_that_fits_and_an_exact_alias_goes_first() -> None:
    names = Names(aliases={"claude-*": "auto", "claude-x": "large"})
    wanted = resolve("claude-opus-4", names, HERE)
    assert (wanted.chosen, wanted.via, wanted.role) == (True, "claude-opus-4", "main")
    assert wanted.floor is Grade.REASONING, "as good as what was named"
    assert models("claude-x", names) == ("llama-server-9931/large",)
    with pytest.raises(UnknownModel):
        resolve("Claude-opus", names, HERE)


def test_a_pattern_is_for_what_clients_send_and_not_for_what_the_user_wrote() -> None:
    names = Names(aliases={"*": "auto", "quick": "local/tiny"}, fallback={"quick": ["large"]})
    assert models("quick", names) == ("local/tiny", "llama-server-9931/large")
    assert resolve("local/tiny", names, HERE).chosen


@pytest.mark.parametrize("name", ["auto", "", "auto:eco", "main", "memory"])
@pytest.mark.parametrize("pattern", ["*", "m*"])
def test_a_pattern_takes_no_role_s_name_and_not_auto_s(name: str, pattern: str) -> None:
    assert resolve(name, Names(aliases={pattern: "large"}), HERE).chosen


def test_a_name_may_stand_for_a_profile() -> None:
    wanted = resolve("cheap", Names(aliases={"cheap": "auto:eco"}), HERE)
    assert (wanted.chosen, wanted.profile.name, wanted.via) == (True, "eco", "cheap")


def test_only_a_star_makes_a_pattern() -> None:
    with pytest.raises(UnknownModel):
        resolve("gpt-4", Names(aliases={"gpt-?": "auto"}), HERE)


def test_auto_plays_the_role_main_where_there_is_one() -> None:
    assert models("auto", Names(roles=played({"main": "large"}))) == ("llama-server-9931/large",)
    assert models("", Names(aliases={"main": "large"})) == ("llama-server-9931/large",)
    assert resolve("auto", Names(roles=played({"main": "auto"})), HERE).chosen


def test_an_alias_whose_model_is_gone_is_no_unknown_name() -> None:
    wanted = resolve("mine", Names(aliases={"mine": "gone/model"}), HERE)
    assert (wanted.chosen, wanted.models, wanted.missing) == (False, (), ("gone/model",))


def test_fallbacks_follow_the_named_model_in_the_users_order() -> None:
    names = Names(
        aliases={"second": "large"}, fallback={"small": ["openrouter/gemma:free", "second", "gone", "small"]}
    )
    wanted = resolve("small", names, HERE)
    assert wanted.models == ("local/tiny", "openrouter/gemma:free", "llama-server-9931/large")
    assert wanted.missing == ("gone",)


def test_fallbacks_of_every_link_of_an_alias_count() -> None:
    names = Names(
        roles=played({"coder": "mine"}),
        aliases={"mine": "large"},
        fallback={"coder": ["guess"], "mine": ["small"], "large": ["gemma:free"]},
    )
    assert models("coder", names) == (
        "llama-server-9931/large",
        "tunnel/guess",
        "local/tiny",
        "openrouter/gemma:free",
    )


@pytest.mark.parametrize(
    ("word", "more"),
    [
        ("local", ["local/tiny", "llama-server-9931/tiny"]),
        ("free", ["openrouter/gemma:free"]),
        ("auto", ["local/tiny", "llama-server-9931/tiny", "openrouter/gemma:free", "openrouter/tiny"]),
    ],
)
def test_a_list_of_fallbacks_may_name_whole_tiers(word: str, more: list[str]) -> None:
    names = Names(fallback={"large": [word]})
    found = [name for name in models("large", names) if name != "openrouter/anthropic/claude-haiku"]
    assert found == ["llama-server-9931/large", *more]


def test_without_a_list_of_fallbacks_a_named_model_has_none() -> None:
    assert models("large", Names(fallback={"tiny": ["gemma:free"]})) == ("llama-server-9931/large",)


def test_the_example_of_the_specification_resolves() -> None:
    names = Names(
        aliases={
            "main": "anthropic/claude-opus-4-20250514",
            "rlm": "anthropic/claude-haiku",
            "memory": "openrouter/gemma:free",
            "local_main": "local/tiny",
        },
        roles=played({"reasoning": "main", "rlm": "rlm", "compaction": "memory"}),
        fallback={"main": ["main", "rlm", "local_main"], "memory": ["memory", "local_main", "rlm"]},
    )
    assert models("reasoning", names) == ("openrouter/anthropic/claude-haiku", "local/tiny")
    assert resolve("auto", names, HERE).missing == ("anthropic/claude-opus-4-20250514",)
    assert models("compaction", names)[:2] == ("openrouter/gemma:free", "local/tiny")


words = st.sampled_from(("a", "b", "c", "d", "auto", "main", "local", "a/one", "one", "five", "*", "b*"))


@given(
    words,
    st.builds(
        Names,
        aliases=st.dictionaries(words, words, max_size=5),
        roles=st.dictionaries(words, words, max_size=5).map(played),
        fallback=st.dictionaries(words, st.lists(words, max_size=3), max_size=3),
    ),
    snapshots,
)
def test_circles_end_and_what_is_found_is_known_and_named_once(
    name: str, names: Names, known: Snapshot
) -> None:
    try:
        wanted = resolve(name, names, known)
    except UnknownModel:
        assert not any(name in (one.id, one.name, one.served_as, *one.aliases) for one in known.models)
        return
    assert wanted == resolve(name, names, known)
    assert len(set(wanted.models)) == len(wanted.models)
    assert set(wanted.models) <= {one.id for one in known.models}
    assert not (wanted.chosen and (wanted.models or wanted.missing))


CLAUDES = snapshot(
    model("a/claude-opus-4-20250514", tier=Tier.PAID),
    model("a/claude-opus-4-5", tier=Tier.PAID),
    model("b/anthropic/claude-opus-4.5", tier=Tier.PAID),
    model("a/claude-haiku-3", tier=Tier.PAID),
)


def test_a_familys_short_name_means_its_newest() -> None:
    assert models("opus", known=CLAUDES) == ("a/claude-opus-4-5",)
    assert models("haiku", known=CLAUDES) == ("a/claude-haiku-3",)
    assert models("opus", Names(aliases={"opus": "haiku"}), CLAUDES) == ("a/claude-haiku-3",)
    with pytest.raises(UnknownModel):
        resolve("sonnet", NOBODY, CLAUDES)


def test_of_the_places_of_a_paid_model_the_cheapest_comes_first() -> None:
    known = snapshot(
        model("a/one", tier=Tier.PAID, price=Price(3, 15)), model("b/one", tier=Tier.PAID, price=Price(2, 9))
    )
    assert models("one", known=known) == ("b/one", "a/one")


def test_a_circle_of_aliases_serves_nobody() -> None:
    assert resolve("a", Names(aliases={"a": "b", "b": "a"}), HERE).models == ()


def test_known_names_are_what_the_user_named_and_the_models() -> None:
    known = snapshot(model("local/tiny"), model("x/tiny"))
    names = Names(aliases={"mine": "tiny"}, roles=played({"coder": "mine"}))
    assert known_names(names, known) == ["auto", "coder", "mine", "tiny", "local/tiny", "x/tiny"]


def test_vectors_come_from_the_one_model_that_is_named_and_never_from_its_fallbacks() -> None:
    names = Names(aliases={"vectors": "local/tiny"}, fallback={"vectors": ["large"]})
    found = pinned("vectors", names, HERE)
    assert (found.models, found.missing) == (("local/tiny",), ())
    gone = pinned("vectors", Names({"vectors": "gone"}, fallback={"vectors": ["large", "far"]}), HERE)
    assert (gone.models, gone.missing) == ((), ("gone",))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("auto", "names its model"),
        ("tiny", "name one of local/tiny, llama-server-9931/tiny, openrouter/tiny"),
    ],
)
def test_vectors_of_a_model_that_pointsman_would_choose_are_refused(name: str, words: str) -> None:
    with pytest.raises(BadRequest, match=words) as caught:
        pinned(name, NOBODY, HERE)
    assert caught.value.param == "model"


def test_vectors_do_not_come_from_another_place_once_a_better_one_serves_the_name() -> None:
    far = model("far/vectors", tier=Tier.FREE)
    unused = model("tunnel/vectors", tier=None)
    assert pinned("vectors", NOBODY, snapshot(far, unused)).models == ("far/vectors",)
    with pytest.raises(BadRequest, match="served in 2 places"):
        pinned("vectors", NOBODY, snapshot(far, unused, model("local/vectors")))
    mine = Names(aliases={"vectors": "far/vectors"})
    assert pinned("vectors", mine, snapshot(far, model("local/vectors"))).models == ("far/vectors",)
