"""The README does not lie: what it names exists, and its samples work as a reader would use them."""

import ast
import re
from pathlib import Path

import pytest

from pointsman.cli.main import COMMANDS
from pointsman.config.load import load
from pointsman.errors import ConfigError
from tests.structure.repository import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def samples(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(text: str) -> set[str]:
    """What the rows of the table of commands begin with."""
    return set(re.findall(r"^\| `pointsman ([a-z]+)", text, re.MULTILINE))


def missing_targets(text: str, makefile: str) -> set[str]:
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE))
    return named - set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_the_table_of_commands_is_the_commands_there_are() -> None:
    assert commands(README) == {command.name for command in COMMANDS}, "mend the table in README.md"


def test_a_command_in_the_table_is_seen() -> None:
    assert commands("| `pointsman fly HIGH` | flies |\nuse `pointsman walk`") == {"fly"}


def test_every_make_target_that_is_named_exists() -> None:
    assert not missing_targets(README, MAKEFILE)


def test_a_make_target_that_is_missing_is_found() -> None:
    assert missing_targets("`make tea`, then\nmake run\n", "run: setup ## go\n") == {"tea"}


def test_every_python_sample_is_python() -> None:
    assert samples(README, "python")
    for sample in samples(README, "python"):
        ast.parse(sample)


def test_the_sample_configuration_loads(tmp_path: Path) -> None:
    (sample,) = samples(README, "toml")
    (tmp_path / "config.toml").write_text(sample, encoding="utf-8")
    config = load(tmp_path / "config.toml", explicit=True).config
    assert config.models["big"] == "work/qwen3-30b"


def test_a_sample_configuration_that_is_wrong_does_not_load(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[provider.work]\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        load(tmp_path / "config.toml", explicit=True)
