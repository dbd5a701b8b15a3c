"""`pointsman config`, which needs no daemon."""

import json
import shlex
from pathlib import Path

import pytest

from pointsman.cli.commands.config import UNDONE_BY
from pointsman.cli.main import build_parser
from pointsman.paths import find_paths
from pointsman.server.control.config_shapes import ReloadShape
from pointsman.server.instance import sole
from tests.cli.conftest import Run
from tests.cli.stub import Stub, refuse


def test_the_path_is_that_of_the_flag_the_variable_or_the_system(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("config", "path").out.endswith("pointsman/config.toml\n")
    monkeypatch.setenv("POINTSMAN_CONFIG", str(tmp_path / "a.toml"))
    assert run("config", "path").out == f"{tmp_path}/a.toml\n"
    assert run("config", "path", "--config", str(tmp_path / "b.toml")).out == f"{tmp_path}/b.toml\n"
    told = json.loads(run("config", "path", "--json").out)
    assert told == {"path": f"{tmp_path}/a.toml", "exists": False, "warnings": []}


def test_without_a_file_the_defaults_hold(run: Run) -> None:
    ran = run("config", "check")
    assert ran.code == 0
    assert ran.out.endswith("the defaults hold\n")


def test_a_file_that_was_named_must_be_there(run: Run, tmp_path: Path) -> None:
    ran = run("config", "check", "--config", str(tmp_path / "none.toml"))
    assert (ran.code, ran.out) == (1, "")
    assert "none.toml" in ran.err


def test_a_file_that_does_not_hold_is_a_failure_with_its_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("[server]\nprot = 1\n", encoding="utf-8")
    ran = run("config", "check", "--config", str(file))
    assert ran.code == 1
    assert f"{file}:2" in ran.err


def test_a_file_that_holds_is_said_to(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "good.toml"
    file.write_text("[server]\nport = 4711\n", encoding="utf-8")
    assert run("config", "check", "--config", str(file)).out == f"{file} holds\n"


def test_each_value_is_shown_with_who_says_so_and_no_key_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "c.toml"
    text = (
        '[server]\nport = 4711\n[providers.mine]\napi_base = "http://127.0.0.1:1/v1"\napi_key = "sk-1234"\n'
    )
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("POINTSMAN_HOST", "127.0.0.2")
    shown = run("config", "show", "--config", str(file))
    rows = [line.split() for line in shown.out.splitlines()]
    assert ["server.port", "4711", "file"] in rows
    assert ["server.host", '"127.0.0.2"', "environment"] in rows
    assert ["timeouts.connect", "5", "default"] in rows
    assert "sk-1234" not in shown.out + shown.err
    told = json.loads(run("config", "show", "--config", str(file), "--json").out)
    assert {"key": "server.port", "value": "4711", "origin": "file"} in told


def test_what_a_command_has_set_is_shown_as_such(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POINTSMAN_STATE", str(tmp_path))
    (tmp_path / "settings.json").write_text('{"privacy.mode": "local-only"}', encoding="utf-8")
    shown = {one["key"]: one for one in json.loads(run("config", "show", "--json").out)}
    assert shown["privacy.mode"] == {"key": "privacy.mode", "value": '"local-only"', "origin": "command"}
    (tmp_path / "settings.json").write_text('{"privacy.mode": "offline"}', encoding="utf-8")
    refused = run("config", "check")
    assert (refused.code, "command (settings.json in the state folder): " in refused.err) == (1, True)


def test_reload_says_what_is_other_and_what_waits(ask_stub: Run, stub: Stub) -> None:
    stub.answers["POST /control/v0/reload"] = ReloadShape(
        file="/c.toml", changed=["budgets", "models"], waiting=["server.port"], warnings=["/c.toml: careful"]
    )
    ran = ask_stub("config", "reload")
    assert (ran.code, ran.err) == (0, "pointsman: /c.toml: careful\n")
    assert ran.out == "Read /c.toml\nChanged: budgets, models\nRestart needed for: server.port\n"
    assert json.loads(ask_stub("config", "reload", "--json").out)["changed"] == ["budgets", "models"]


def test_reload_of_what_does_not_hold_fails_with_the_daemons_words(ask_stub: Run, stub: Stub) -> None:
    async def no(_: object) -> object:
        return refuse(400, "/c.toml:2: models.a must be")

    stub.answers["POST /control/v0/reload"] = no
    ran = ask_stub("config", "reload")
    assert (ran.code, ran.out, ran.err) == (1, "", "pointsman: /c.toml:2: models.a must be\n")


def test_reload_without_a_daemon_says_how_to_start_one(run: Run, tmp_path: Path) -> None:
    ran = run("config", "reload", "--state", str(tmp_path))
    assert (ran.code, "pointsman serve" in ran.err) == (3, True)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What commands have set, in a state folder of its own."""
    monkeypatch.setenv("POINTSMAN_STATE", str(tmp_path))
    return tmp_path / "settings.json"


@pytest.mark.parametrize(
    ("said", "file", "why"),
    [
        ({"profiles.active": "mine"}, "", "profiles.active must be one of balanced, eco, premium"),
        (
            {"budgets.aider": {"window": "day", "limit": 1}},
            '[apps.aider]\nbudget = { window = "day", limit = 2 }\n',
            "budgets.aider has the name of what apps.aider.budget sets: give it another",
        ),
        ({"models.my own": ""}, "", 'models."my own" must be text in quotes, not empty'),
        ({"roles.x": {"profile": "mine"}}, "", "roles.x.profile must be one of balanced, eco, premium"),
        ({"later.thing": 1}, "", "unknown key later; known here: server"),
    ],
)
def test_a_setting_that_fits_no_more_is_told_with_the_command_that_takes_it_back(
    run: Run, settings: Path, said: dict[str, object], file: str, why: str
) -> None:
    config, (key,) = settings.with_name("c.toml"), said
    config.write_text(file, encoding="utf-8")
    settings.write_text(json.dumps({**said, "privacy.mode": "no-paid"}), encoding="utf-8")
    told = [run("config", what, "--config", str(config)) for what in ("check", "show")]
    assert {one.code for one in told} == {1}
    assert told[0].err == told[1].err
    assert f"command (settings.json in the state folder): {why}" in told[0].err
    words = shlex.split(told[0].err.rpartition("`pointsman ")[2].partition("`")[0])
    undone = run(*words)
    assert (undone.code, undone.err) == (0, f"{key} is as the file or the default says\n")
    assert json.loads(settings.read_text(encoding="utf-8")) == {"privacy.mode": "no-paid"}
    assert run("config", "check", "--config", str(config)).code == 0


def test_what_no_command_has_set_can_not_be_taken_back(run: Run, settings: Path) -> None:
    settings.write_text('{"privacy.mode": "no-paid"}', encoding="utf-8")
    ran = run("config", "undo", "profiles.active")
    assert (ran.code, ran.out) == (1, "")
    assert f"has set profiles.active, by {settings}: nothing to undo; set are privacy.mode" in ran.err


@pytest.mark.parametrize(
    ("key", "instead"),
    [
        ("profiles.active", "while it runs, `pointsman profile --undo` takes it back"),
        ("models.claude-*", "while it runs, `pointsman alias --remove 'claude-*'` takes it back"),
        ("budgets.day", "while it runs, `pointsman budget remove day` takes it back"),
        ("later.thing", "stop it first"),
    ],
)
def test_while_a_daemon_runs_its_own_command_is_named(
    run: Run, settings: Path, key: str, instead: str
) -> None:
    settings.write_text(json.dumps({key: "x"}), encoding="utf-8")
    with sole(find_paths({}, config=settings, state=settings.parent)):
        ran = run("config", "undo", key)
    assert (ran.code, instead in ran.err) == (1, True)
    assert json.loads(settings.read_text(encoding="utf-8")) == {key: "x"}


@pytest.mark.parametrize("section", UNDONE_BY)
def test_each_command_that_undoes_is_one_that_there_is(section: str) -> None:
    words = UNDONE_BY[section].format("code").split()
    assert build_parser(words[0]).parse_args(words).command == words[0]


def test_a_setting_that_can_not_be_taken_back_is_still_there(run: Run, settings: Path) -> None:
    settings.write_text('{"privacy.mode": "no-paid"}', encoding="utf-8")
    settings.with_suffix(".new").mkdir()
    ran = run("config", "undo", "privacy.mode")
    assert (ran.code, "nothing is taken back: " in ran.err) == (1, True)
    assert "no-paid" in settings.read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [("undo",), ("show", "server.port")])
def test_a_key_is_for_undo_alone(run: Run, words: tuple[str, ...]) -> None:
    assert run("config", *words).code == 2
