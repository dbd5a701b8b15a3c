"""`pointsman profile`, `alias`, `task` and `role`."""

import json

import pytest

from pointsman.cli.commands import profile
from pointsman.server.control.choice_shapes import (
    AliasesShape,
    AliasShape,
    PresetShape,
    ProfileShape,
    ProfilesShape,
    RoleShape,
    RolesShape,
    TaskListShape,
    TasksShape,
    WeightsShape,
)
from pointsman.server.presets import PRESETS
from tests.cli.conftest import Run
from tests.cli.stub import Stub

PROFILES = ProfilesShape(
    active="eco",
    origin="command",
    profiles=[
        ProfileShape(
            name="eco",
            ladder=["local", "free", "paid"],
            slack=1,
            best_first=False,
            weights=WeightsShape(cost=1.0, time=0.0, quality=0.0),
            origin="built-in",
        ),
        ProfileShape(
            name="mine",
            ladder=["paid"],
            slack=0,
            best_first=True,
            weights=WeightsShape(cost=1.0, time=1.0, quality=1.0),
            origin="configuration",
        ),
    ],
)
ALIASES = AliasesShape(
    aliases=[
        AliasShape(name="claude-*", model="auto", means="auto", missing=False, origin="command"),
        AliasShape(name="big", model="far/large", means="", missing=True, origin="configuration"),
    ]
)
TASKS = TasksShape(
    tasks=[
        TaskListShape(kind="code", models=["big", "small"], missing=["small"], origin="command"),
        TaskListShape(kind="fast", models=[], missing=[], origin="built-in"),
    ]
)
ROLES = RolesShape(
    roles=[
        RoleShape(
            name="rlm",
            model="",
            floor="routine",
            needs=["tools"],
            profile="",
            prefer=["big"],
            fallback=[],
            priority="normal",
            means="auto",
            missing=False,
            origin="built-in",
        )
    ]
)
ANSWERS = {
    "profile": ("profile", PROFILES),
    "alias": ("aliases", ALIASES),
    "task": ("tasks", TASKS),
    "role": ("roles", ROLES),
}


@pytest.mark.parametrize("command", ANSWERS)
def test_json_is_the_daemons_own_answer(command: str, ask_stub: Run, stub: Stub) -> None:
    path, answer = ANSWERS[command]
    stub.answers[f"GET /control/v0/{path}"] = answer
    assert json.loads(ask_stub(command, "--json").out) == answer


def test_profiles_are_told_with_who_set_them(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/profile"] = PROFILES
    first, _, eco, mine = ask_stub("profile").out.splitlines()
    assert first == "eco is in force (set by a command)"
    assert eco.endswith("1 less accepted  the first tier, by cost      built in")
    assert mine.endswith("as needed        the best grade, of any tier  the configuration")


def test_a_profile_that_nobody_set_is_said_to_be_built_in(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/profile"] = PROFILES | {"active": "balanced", "origin": "built-in"}
    assert ask_stub("profile").out.startswith("balanced is in force (built in)\n")


@pytest.mark.parametrize(("word", "body"), [("eco", "eco"), ("--undo", None)])
def test_a_profile_is_set_and_taken_back(word: str, body: str | None, ask_stub: Run, stub: Stub) -> None:
    stub.answers["POST /control/v0/profile"] = PROFILES
    assert ask_stub("profile", word).code == 0
    assert stub.asked[0].body == {"profile": body}


def test_a_preset_says_what_it_set_and_how_to_undo_it(ask_stub: Run, stub: Stub) -> None:
    answer = PresetShape(preset="zero", set=["mode: no-paid"], undo=["pointsman mode --undo"])
    stub.answers["POST /control/v0/setup/preset"] = answer
    assert ask_stub("profile", "--preset", "zero").out.splitlines() == [
        "SET            UNDO",
        "mode: no-paid  pointsman mode --undo",
    ]
    assert json.loads(ask_stub("profile", "--preset", "zero", "--json").out) == answer
    assert stub.asked[0].body == {"preset": "zero"}


def test_the_presets_that_can_be_named_are_those_there_are() -> None:
    assert list(PRESETS) == list(profile.PRESETS)


def test_aliases_are_told_with_what_they_mean_now(ask_stub: Run, stub: Stub) -> None:
    stub.answers["GET /control/v0/aliases"] = ALIASES
    _, first, second = ask_stub("alias").out.splitlines()
    assert first.split() == ["claude-*", "auto", "auto", "a", "command"]
    assert "far/large   nothing that is served now  the configuration" in second


def test_an_alias_is_set_and_removed(ask_stub: Run, stub: Stub) -> None:
    stub.answers["POST /control/v0/aliases/claude-*"] = ALIASES
    stub.answers["DELETE /control/v0/aliases/a/b"] = ALIASES
    assert ask_stub("alias", "claude-*", "auto").code == 0
    assert ask_stub("alias", "--remove", "a/b").code == 0
    assert stub.asked[0].body == {"model": "auto"}
    assert stub.asked[1].path.endswith("/aliases/a%2Fb")


def test_lists_by_kind_are_told_set_and_removed(ask_stub: Run, stub: Stub) -> None:
    for method, path in (("GET", "tasks"), ("POST", "tasks/code"), ("DELETE", "tasks/code")):
        stub.answers[f"{method} /control/v0/{path}"] = TASKS
    _, code, fast = ask_stub("task").out.splitlines()
    assert code.split() == ["code", "big,", "small", "small", "a", "command"]
    assert "as the profile has it" in fast
    ask_stub("task", "code", "big", "small")
    assert ask_stub("task", "--remove", "code").code == 0
    assert stub.asked[1].body == {"models": ["big", "small"]}


def test_a_role_is_told_changed_and_removed(ask_stub: Run, stub: Stub) -> None:
    for method, path in (("GET", "roles"), ("POST", "roles/rlm"), ("DELETE", "roles/rlm")):
        stub.answers[f"{method} /control/v0/{path}"] = ROLES
    _, row = ask_stub("role").out.splitlines()
    assert row.split()[:5] == ["rlm", "auto", "routine", "tools", "big"]
    ask_stub("role", "rlm", "big", "--floor", "simple", "--prefer", "a", "--prefer", "b")
    ask_stub("role", "rlm", "--profile", "eco", "--priority", "background", "--fallback", "local")
    assert ask_stub("role", "--remove", "rlm").code == 0
    assert [asked.body for asked in stub.asked[1:3]] == [
        {"model": "big", "floor": "simple", "prefer": ["a", "b"]},
        {"profile": "eco", "fallback": ["local"], "priority": "background"},
    ]


@pytest.mark.parametrize(
    "words",
    [
        "alias x",
        "alias x y --remove z",
        "task code",
        "task code x --remove code",
        "role x",
        "role x y --remove z",
    ],
)
def test_words_that_make_no_sense_are_wrong_usage(words: str, ask_stub: Run, stub: Stub) -> None:
    command, *more = words.split()
    ran = ask_stub(command, *more)
    assert (ran.code, ran.err.startswith(f"pointsman: pointsman {command}, or")) == (2, True)
    assert stub.asked == []


@pytest.mark.parametrize("words", [("alias", "", "x"), ("alias", "x", ""), ("role", ""), ("profile", "")])
def test_a_name_without_a_letter_is_wrong_usage(words: tuple[str, ...], ask_stub: Run, stub: Stub) -> None:
    with pytest.raises(SystemExit) as leaving:
        ask_stub(*words)
    assert (leaving.value.code, stub.asked) == (2, [])
