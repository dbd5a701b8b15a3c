"""What commands have set outlasts a restart, and is never lost without a word."""

from pathlib import Path

import pytest

from pointsman.config.settings import NotKept, Settings
from pointsman.errors import StartError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.json"


def test_without_a_file_nothing_is_set(path: Path) -> None:
    assert dict(Settings(path).values) == {}
    assert not path.exists()


def test_what_was_set_is_known_to_the_next_start(path: Path) -> None:
    settings = Settings(path)
    settings.set("privacy.mode", "paused")
    settings.set("profiles.active", "eco")
    assert dict(Settings(path).values) == {"privacy.mode": "paused", "profiles.active": "eco"}


def test_the_last_word_counts_and_can_be_taken_back(path: Path) -> None:
    settings = Settings(path)
    settings.set("privacy.mode", "paused")
    settings.set("privacy.mode", "no-paid")
    assert dict(Settings(path).values) == {"privacy.mode": "no-paid"}
    settings.undo("privacy.mode")
    settings.undo("privacy.mode")
    assert dict(Settings(path).values) == dict(settings.values) == {}


def test_one_thing_can_be_set_in_the_place_of_others(path: Path) -> None:
    settings = Settings(path)
    settings.swap((), {"budgets.a": 1, "budgets.b": 2, "privacy.mode": "paused"})
    settings.swap(("budgets.a", "budgets.b", "budgets.c"), {"budgets.a": 3})
    assert dict(Settings(path).values) == {"privacy.mode": "paused", "budgets.a": 3}


def test_the_file_is_its_users_alone(path: Path) -> None:
    Settings(path).set("privacy.mode", "paused")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["settings.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '"paused"', "\x00"])
def test_a_file_that_is_no_settings_is_refused_with_what_to_do(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StartError, match=r"settings\.json, what commands have set, .* remove it"):
        Settings(path)


def test_what_can_not_be_kept_holds_and_is_told(path: Path) -> None:
    settings = Settings(path)
    path.mkdir()
    with pytest.raises(NotKept, match="it holds now, but not after a restart"):
        settings.set("privacy.mode", "paused")
    assert settings.values["privacy.mode"] == "paused"
