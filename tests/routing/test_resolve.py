from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Wanted
from pointsman.errors import BadRequest, UnknownModel
from pointsman.money import Price
from pointsman.profiles import PROFILES, Profile, Role
from pointsman.routing.names import Names
from pointsman.routing.resolve import for_kind, known_names, pinned, resolve
from pointsman.types import Ability, Grade, Priority, Snapshot, TaskKind, Tier
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


def test_a_role_may_be_given_to_the_alias_of_its_own_name() -> None:
    names = Names(
        roles=played({"small": "small"}), aliases={"small": "large"}, fallback={"small": ["gemma:free"]}
    )
    assert models("small", names) == ("llama-server-9931/large", "openrouter/gemma:free")


def test_a_role_that_stands_for_itself_alone_is_left_to_us() -> None:
    assert resolve("auto", Names(roles=played({"main": "main"})), HERE).chosen


@pytest.mark.parametrize(
    ("role", "floor", "needs", "minor"),
    [
        ("main", Grade.ROUTINE, Ability.NONE, False),
        ("reasoning", Grade.ROUTINE, Ability.NONE, False),
        ("rlm", Grade.ROUTINE, Ability.TOOLS, True),
        ("subagent", Grade.ROUTINE, Ability.TOOLS, False),
        ("delegation", Grade.SIMPLE, Ability.NONE, False),
        ("memory", Grade.SIMPLE, Ability.NONE, True),
        ("compaction", Grade.SIMPLE, Ability.NONE, True),
        ("background", Grade.SIMPLE, Ability.NONE, True),
    ],
)
def test_a_role_without_a_model_has_its_floor(role: str, floor: Grade, needs: Ability, minor: bool) -> None:
    wanted = resolve(role, NOBODY, HERE)
    assert (wanted.chosen, wanted.floor, wanted.needs, wanted.is_minor) == (True, floor, needs, minor)
    assert wanted == replace(resolve("auto", NOBODY, HERE, role=role), asked=role)


@pytest.mark.parametrize("role", ["subagent", "delegation", "reasoning"])
def test_who_works_for_main_uses_mains_model(role: str) -> None:
    assert models(role, Names(aliases={"main": "large"})) == ("llama-server-9931/large",)


def test_a_role_keeps_a_model_of_its_own() -> None:
    assert models("memory", Names(aliases={"main": "large"})) == ()
    names = Names(roles=played({"memory": "gemma:free"}), aliases={"main": "large"})
    assert models("compaction", names) == ("openrouter/gemma:free",)


@pytest.mark.parametrize("name", ["balanced", "eco", "premium"])
def test_a_profile_is_asked_for_in_the_place_of_a_model_or_beside_it(name: str) -> None:
    assert resolve(f"auto:{name}", NOBODY, HERE).profile is PROFILES[name]
    assert resolve("auto", NOBODY, HERE, profile=name).profile is PROFILES[name]
    assert resolve("auto", Names(active=name), HERE).profile is PROFILES[name]


def test_a_profile_or_a_role_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UnknownModel, match="did you mean auto:balanced"):
        resolve("auto:balance", NOBODY, HERE)
    with pytest.raises(BadRequest, match="X-Pointsman-Profile is one of balanced, eco, premium"):
        resolve("auto", NOBODY, HERE, profile="cheap")
    with pytest.raises(BadRequest, match="X-Pointsman-Role is one of main, reasoning"):
        resolve("auto", NOBODY, HERE, role="boss")


def test_a_floor_that_the_request_names_goes_before_its_roles() -> None:
    assert resolve("auto", NOBODY, HERE, floor=Grade.REASONING).floor is Grade.REASONING
    assert resolve("main", NOBODY, HERE, floor=Grade.SIMPLE).floor is Grade.SIMPLE


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


def kind(wanted: Wanted, of: TaskKind, names: Names = NOBODY) -> Wanted:
    return for_kind(wanted, of, names, HERE)


def test_whom_the_user_prefers_for_a_kind_comes_first_then_for_the_role() -> None:
    names = Names(
        roles={"main": Role("main", prefer=("large",))}, tasks={TaskKind.CODE: ["gemma:free", "tiny", "gone"]}
    )
    auto = resolve("auto", names, HERE)
    code, talk = kind(auto, TaskKind.CODE, names), kind(auto, TaskKind.GENERAL, names)
    gemma, *tinies = code.preferred
    assert (gemma, code.preferred_by) == ("openrouter/gemma:free", "task:code")
    assert set(tinies) == {"local/tiny", "llama-server-9931/tiny"}
    assert (talk.preferred, talk.preferred_by) == (("llama-server-9931/large",), "role:main")


def test_background_work_is_not_mains() -> None:
    names = Names(aliases={"main": "anthropic/claude-haiku"})
    asked = resolve("auto", Names(), HERE)
    wanted = kind(asked, TaskKind.BACKGROUND, names)
    assert (wanted.role, wanted.floor, wanted.is_minor) == ("background", Grade.SIMPLE, True)
    assert wanted.avoids == {"openrouter/anthropic/claude-haiku"}
    assert kind(resolve("auto", names, HERE), TaskKind.BACKGROUND, names) == wanted
    assert kind(resolve("memory", names, HERE), TaskKind.BACKGROUND, names).role == "memory"


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


@pytest.mark.parametrize(
    ("asked", "lists", "by"),
    [
        ("auto:mine", ["large"], "mine"),
        ("auto", ["gemma:free"], "main"),
        ("spare", ["large"], "spare"),
        ("claude-3", ["guess"], "claude-3"),
    ],
)
def test_what_is_asked_when_the_chosen_one_fails_says_the_role_else_the_profile_else_the_name(
    asked: str, lists: list[str], by: str
) -> None:
    names = Names(
        aliases={"claude-3": "auto"},
        roles={"spare": Role("spare", fallback=("large",))},
        profiles={**PROFILES, "mine": Profile("mine", fallback=("large",))},
        fallback={"main": ["gemma:free", "auto"], "claude-3": ["guess"], "spare": ["tiny"]},
    )
    wanted = for_kind(resolve(asked, names, HERE), TaskKind.CODE, names, HERE)
    assert [one.split("/", 1)[1] for one in wanted.fallback] == lists
    assert wanted.fallback_by == by
