"""`pointsman config`, which needs no daemon."""

import json
from pathlib import Path

import pytest

from pointsman.server.control.config_shapes import ReloadShape
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
