"""`pointsman import` writes what an older configuration says, once, and loses nothing."""

import json
import tomllib
from pathlib import Path

import pytest

from pointsman.config.load import load
from tests.cli.conftest import Run

OLD = {
    "agents": {"defaults": {"model": "desk/big", "delegationModel": 'größer "x"', "maxTokens": 1}},
    "providers": {
        "desk": {"apiKey": "sk-1234", "apiBase": "http://127.0.0.1:8080/v1"},
        "groq": {"apiKey": "${GROQ}", "apiBase": None},
        "openai": {"apiKey": "sk-5678", "apiBase": ""},
        "zhipu": {"apiKey": "", "apiBase": None},
    },
}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    file = tmp_path / "old.json"
    file.write_text(json.dumps(OLD), encoding="utf-8")
    file.chmod(0o600)
    return file


def test_what_is_written_means_what_the_old_one_did(run: Run, old: Path, tmp_path: Path) -> None:
    ran = run("import", str(old))
    file = tmp_path / ".config" / "pointsman" / "config.toml"
    assert (ran.code, ran.out) == (0, "")
    assert f"{file} is written" in ran.err
    assert "not used: agents.defaults.maxTokens\n" in ran.err
    assert load(file, explicit=True).config == load(old, explicit=True).config
    assert tomllib.loads(file.read_text(encoding="utf-8"))["providers"]["groq"] == {"api_key": "env:GROQ"}
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["config.toml"]


def test_what_is_there_stays_and_the_ways_on_are_said(run: Run, old: Path, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[server]\nport = 1\n", encoding="utf-8")
    ran = run("import", str(old), "--to", str(file))
    assert (ran.code, ran.out) == (1, "")
    assert all(word in ran.err for word in (f"{file} is there already", "--print", "--to"))
    assert file.read_text(encoding="utf-8") == "[server]\nport = 1\n"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["config.toml", "old.json"]
    assert run("import", str(old), "--to", str(tmp_path / "other.toml")).code == 0


def test_it_can_be_looked_at_first_and_no_key_is_shown(run: Run, old: Path, tmp_path: Path) -> None:
    ran = run("import", str(old), "--print")
    assert ran.code == 0
    assert "sk-" not in ran.out + ran.err
    printed = tomllib.loads(ran.out)
    assert printed["roles"] == {"main": "desk/big", "delegation": 'größer "x"'}
    assert printed["providers"] == {
        "desk": {"api_base": "http://127.0.0.1:8080/v1"},
        "groq": {"api_key": "env:GROQ"},
        "openai": {},
    }
    assert [one.name for one in tmp_path.iterdir()] == ["old.json"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("config.toml", "[server]\nport = 1\n", "is no JSON"),
        ("old.json", '{"agents": ', "old.json:1: not valid JSON"),
        ("old.json", "{}", "nothing in it is an older configuration's"),
        ("old.json", '{"providers": {"groq": {"apiKey": ""}}}', "nothing is set in it"),
        ("old.json", '{\n"providers": {"x": {"apiBase": "nowhere"}}}', "old.json:2: providers.x.api_base"),
    ],
)
def test_what_can_not_be_converted_is_refused_and_nothing_written(
    run: Run, tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    ran = run("import", str(tmp_path / name))
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_a_file_that_is_not_there_is_told(run: Run, tmp_path: Path) -> None:
    ran = run("import", str(tmp_path / "none.json"))
    assert (ran.code, "there is no such file" in ran.err) == (1, True)


def test_a_place_that_can_not_be_written_is_told(run: Run, old: Path, tmp_path: Path) -> None:
    ran = run("import", str(old), "--to", str(old / "config.toml"))
    assert ran.code == 1
    assert "can't be written" in ran.err
