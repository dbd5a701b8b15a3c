"""Roles, profiles, and whom the user prefers: what a name that leaves the choice to us says of it."""

from dataclasses import replace

import pytest

from pointsman.calls import Outlook, Wanted
from pointsman.errors import BadRequest, UnknownModel
from pointsman.profiles import PROFILES, Profile, Role
from pointsman.routing.names import Names
from pointsman.routing.policy import decide
from pointsman.routing.resolve import for_kind, resolve
from pointsman.types import Ability, Grade, TaskKind, Tier
from tests.routing.house import model, played, snapshot, task
from tests.routing.test_resolve import HERE, NOBODY, models


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


@pytest.mark.parametrize(("name", "like"), [("reasoning", "main"), ("compaction", "memory")])
def test_a_role_that_is_another_in_all_but_its_name_is_chosen_for_as_that_is(name: str, like: str) -> None:
    own = Role(like, floor=Grade.GENERATION, profile="eco", prefer=("large",))
    names = Names(roles={like: own})
    wanted = kind(resolve(name, names, HERE), TaskKind.GENERAL, names)
    assert (wanted.role, wanted.floor, wanted.profile.name) == (name, Grade.GENERATION, "eco")
    assert wanted.preferred == ("llama-server-9931/large",)


def test_a_role_keeps_a_model_of_its_own() -> None:
    assert models("memory", Names(aliases={"main": "large"})) == ()
    names = Names(roles=played({"memory": "gemma:free"}), aliases={"main": "large"})
    assert models("compaction", names) == ("openrouter/gemma:free",)


@pytest.mark.parametrize("name", ["balanced", "eco", "premium"])
def test_a_profile_is_asked_for_in_the_place_of_a_model_or_beside_it(name: str) -> None:
    assert resolve(f"auto:{name}", NOBODY, HERE).profile is PROFILES[name]
    assert resolve("auto", NOBODY, HERE, profile=name).profile is PROFILES[name]
    assert resolve("auto", Names(active=name), HERE).profile is PROFILES[name]


def test_a_profile_in_the_place_of_a_model_chooses_whoever_plays_main() -> None:
    names = Names(aliases={"main": "large"})
    wanted = resolve("auto:eco", names, HERE)
    assert (wanted.chosen, wanted.profile.name, wanted.role) == (True, "eco", "main")
    assert resolve("auto:eco", names, HERE, role="memory").role == "memory"


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


def test_a_role_that_is_said_is_played_under_a_name_that_leaves_the_choice_to_us_too() -> None:
    names = Names(aliases={"mine": "auto", "claude-*": "auto"}, roles=played({"coder": "large"}))
    found = resolve("mine", names, HERE, role="memory")
    assert (found.asked, found.role, found.is_minor) == ("mine", "memory", True)
    assert resolve("claude-opus-4", names, HERE, role="memory").floor is Grade.REASONING
    assert resolve("mine", names, HERE, role="coder").models == resolve("coder", names, HERE).models


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


def test_when_the_chosen_one_fails_a_list_goes_before_the_rest_of_the_ladder() -> None:
    spared = Wanted("auto", chosen=True, fallback=("c/c", "z/gone", "a/a", "b/b"), fallback_by="mine")
    known = [model("a/a"), model("b/b"), model("c/c", tier=Tier.FREE)]
    decision = decide("d", spared, task(), snapshot(*known), Outlook())
    assert [one.model.id for one in decision.candidates] == ["a/a", "c/c", "b/b"]
    assert [one.reason for one in decision.candidates] == ["ladder:local", "fallback:mine", "fallback:mine"]
