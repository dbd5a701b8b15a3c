"""The older configuration, a JSON file, means what it says, and what it says in vain is told."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.config.legacy import json_lines
from pointsman.config.load import Loaded, load
from pointsman.errors import ConfigError

OLD = """\
{
  "agents": {
    "defaults": {
      "model": "anthropic/claude-opus-4-5",
      "subagentModel": "openrouter/z-ai/glm-4.7",
      "delegationModel": "",
      "temperature": 0.7
    }
  },
  "channels": {"telegram": {"token": "told-to-nobody"}},
  "providers": {
    "openrouter": {"apiKey": "sk-or-1", "apiBase": null},
    "anthropic": {"apiKey": "", "apiBase": ""},
    "groq": {"apiKey": "${GROQ}"},
    "desk": {
      "apiBase": "http://127.0.0.1:8080/v1/",
      "extraHeaders": {"a": "b"}
    }
  }
}
"""

Read = Callable[[str], Loaded]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return tmp_path / "old.json"


@pytest.fixture
def read(old: Path) -> Read:
    def read(text: str) -> Loaded:
        old.write_text(text, encoding="utf-8")
        old.chmod(0o600)
        return load(old, explicit=True)

    return read


@pytest.fixture
def refused(old: Path, read: Read) -> Callable[[str], str]:
    def refused(text: str) -> str:
        with pytest.raises(ConfigError) as caught:
            read(text)
        return str(caught.value).removeprefix(f"{old.parent}/")

    return refused


def test_models_play_roles_and_providers_keep_their_names(read: Read) -> None:
    config = read(OLD).config
    assert {name: role.model for name, role in config.roles.items()} == {
        "main": "anthropic/claude-opus-4-5",
        "subagent": "openrouter/z-ai/glm-4.7",
    }
    assert config.providers["desk"].api_base == "http://127.0.0.1:8080/v1"
    keys = {name: one.api_key.get_secret_value() for name, one in config.providers.items() if one.api_key}
    assert keys == {"openrouter": "sk-or-1", "groq": "env:GROQ"}


def test_what_is_empty_is_not_set(read: Read) -> None:
    config = read(OLD).config
    assert "anthropic" not in config.providers
    assert "delegation" not in config.roles


def test_what_has_no_meaning_here_is_told_once_and_its_values_are_not(read: Read, old: Path) -> None:
    (warning,) = read(OLD).warnings
    assert warning.startswith(f"{old}: ")
    assert warning.endswith("not used: agents.defaults.temperature, channels, providers.desk.extraHeaders")


def test_where_nothing_is_in_vain_nothing_is_said(read: Read) -> None:
    assert read('{"agents": {"defaults": {"model": "auto"}}}').warnings == ()


def test_a_key_that_others_can_read_is_told(read: Read, old: Path) -> None:
    read(OLD)
    old.chmod(0o644)
    assert any("can be read by others" in one for one in load(old, explicit=True).warnings)


def test_it_is_known_by_what_is_in_it_too(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"\n{OLD}", encoding="utf-8")
    assert "desk" in load(file).config.providers


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{\n"a": 1,\n}', "old.json:3: not valid JSON: "),
        ("", "old.json:1: not valid JSON: "),
        ("[1]", "old.json: must be a JSON object"),
        ("{}", "old.json: nothing in it is an older configuration's: "),
        ('{"providers": [1], "agents": "x"}', "old.json: nothing in it is an older configuration's: "),
        ('{"a": ' + "9" * 5_000 + "}", "old.json: a number in it has too many digits"),
        ('{"a": ' + "[" * 100_000, "old.json: its brackets are nested too deeply"),
        (OLD.replace("http://", ""), "old.json:16: providers.desk.api_base must be an http:// or"),
        (OLD.replace('"sk-or-1"', '" sk-or-1"'), "old.json:12: providers.openrouter.api_key must"),
        (OLD.replace('"anthropic/claude-opus-4-5"', "5"), "old.json:4: roles.main must be a name in quotes"),
        (OLD.replace('"desk"', '"my desk"'), 'old.json:15: providers."my desk" must be a name of your own'),
    ],
)
def test_what_is_wrong_is_told_with_its_line(refused: Callable[[str], str], text: str, said: str) -> None:
    assert refused(text).startswith(said)


@pytest.mark.parametrize("text", [OLD.replace('"sk-or-1"', '" sk-or-1"'), OLD[:-3]])
def test_no_error_holds_a_key(refused: Callable[[str], str], text: str) -> None:
    assert "sk-or-1" not in refused(text)


NAMES = st.text(st.characters(codec="utf-8"), max_size=5)
TREES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
)


@given(st.dictionaries(NAMES, TREES, max_size=4))
def test_each_key_has_the_line_that_it_stands_on(tree: dict[str, object]) -> None:
    text = json.dumps(tree, indent=1, ensure_ascii=False)
    lines = text.split("\n")
    found = json_lines(text)
    assert {path[0] for path in found} == set(tree)
    assert all(
        json.dumps(path[-1], ensure_ascii=False) + ":" in lines[line - 1] for path, line in found.items()
    )
