"""The configuration in force: who changes it, what wins, and that nothing is changed by half."""

from functools import partial
from pathlib import Path

import pytest

from pointsman.config.live import Live
from pointsman.config.override import overrides
from pointsman.config.schema import Config
from pointsman.config.settings import NotKept, Settings
from pointsman.errors import BadRequest, ConfigError
from pointsman.modes import Mode

FILE = '[privacy]\nmode = "no-paid"\n[models]\nbig = "far/large"\n'


class Desk:
    def __init__(self, folder: Path, text: str | None = FILE, *, explicit: bool = False) -> None:
        self.file = folder / "config.toml"
        if text is not None:
            self.file.write_text(text, encoding="utf-8")
        self.kept = folder / "settings.json"
        said = partial(overrides, {}, port=4000)
        self.live = Live(self.file, Settings(self.kept), said, explicit=explicit)
        self.told: list[Config] = []

    def write(self, text: str) -> None:
        self.file.write_text(text, encoding="utf-8")


def test_a_file_that_is_read_again_holds(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write('[models]\nbig = "far/huge"\n')
    assert desk.live.config.models == {"big": "far/large"}, "until it is read"
    assert desk.live.reload() == {"models", "privacy"}
    assert (desk.live.config.models, desk.live.config.privacy.mode) == ({"big": "far/huge"}, Mode.NORMAL)
    assert desk.live.reload() == frozenset()


def test_what_commands_and_the_command_line_say_holds_over_every_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.live.change({"privacy.mode": "paused"})
    desk.write('[privacy]\nmode = "normal"\n[server]\nport = 5000\n[models]\nbig = "far/large"\n')
    assert desk.live.reload() == frozenset()
    assert (desk.live.config.privacy.mode, desk.live.config.server.port) == (Mode.PAUSED, 4000)
    desk.live.change({}, ["privacy.mode"])
    assert desk.live.config.privacy.mode is Mode.NORMAL


@pytest.mark.parametrize(
    "text", ["[models\n", "[modls]\n", "[models]\nbig = 7\n", '[profiles]\nactive = "no"\n']
)
def test_a_bad_file_changes_nothing_and_its_line_is_told(tmp_path: Path, text: str) -> None:
    desk = Desk(tmp_path)
    before = desk.live.loaded
    desk.live.tell(desk.told.append, "models", "privacy")
    desk.write(text)
    with pytest.raises(ConfigError, match=rf"{desk.file}:[12]: "):
        desk.live.reload()
    assert desk.live.loaded is before
    assert desk.told == []


def test_a_file_that_makes_no_sense_with_what_commands_have_set_changes_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, '[profiles.mine]\nladder = ["local"]\n')
    desk.live.change({"profiles.active": "mine"})
    before = desk.live.loaded
    desk.write("")
    with pytest.raises(ConfigError, match=r"profiles\.active must be one of"):
        desk.live.reload()
    assert desk.live.loaded is before


@pytest.mark.parametrize("explicit", [False, True])
def test_a_file_that_is_gone_is_no_reason_to_forget_what_it_said(tmp_path: Path, *, explicit: bool) -> None:
    desk = Desk(tmp_path, explicit=explicit)
    desk.file.unlink()
    with pytest.raises(ConfigError, match=str(desk.file)):
        desk.live.reload()
    assert desk.live.config.models == {"big": "far/large"}


def test_a_file_that_was_not_there_is_read_when_it_comes(tmp_path: Path) -> None:
    desk = Desk(tmp_path, None)
    assert desk.live.loaded.file is None
    assert desk.live.reload() == frozenset()
    desk.write(FILE)
    assert desk.live.newest() != desk.live.stamp
    desk.live.reload()
    assert str(desk.live.loaded.file) == str(desk.file)
    assert desk.live.newest() == desk.live.stamp


def test_who_has_made_something_of_a_section_is_told_when_it_is_another(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.live.tell(desk.told.append, "models", "roles")
    desk.live.change({"privacy.mode": "paused"})
    assert desk.told == []
    desk.live.change({"models.small": "near/small"})
    desk.write(FILE.replace("large", "huge"))
    desk.live.reload()
    assert [config.models for config in desk.told] == [
        {"big": "far/large", "small": "near/small"},
        {"big": "far/huge", "small": "near/small"},
    ]


def test_what_makes_no_sense_is_refused_in_words_for_who_said_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(BadRequest, match=r"^privacy\.mode must be one of"):
        desk.live.change({"privacy.mode": "loud"})
    assert (desk.live.config.privacy.mode, desk.kept.exists()) == (Mode.NO_PAID, False)


def test_what_can_not_be_kept_holds_all_the_same(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.kept.with_suffix(".new").mkdir()
    with pytest.raises(NotKept):
        desk.live.change({"privacy.mode": "paused"})
    assert desk.live.config.privacy.mode is Mode.PAUSED


def test_another_address_waits_for_a_restart_and_is_named(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "")
    desk.write('[server]\nport = 5000\nsocket = "/tmp/other.sock"\n')
    assert desk.live.reload() == {"server"}
    assert list(desk.live.waiting) == ["server.socket"], "the port is the command line's"
    desk.write("")
    desk.live.reload()
    assert list(desk.live.waiting) == []


def test_what_would_hold_without_commands_is_known(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.live.change({"privacy.mode": "paused"})
    assert (desk.live.written().config.privacy.mode, desk.live.commands) == (
        Mode.NO_PAID,
        {"privacy.mode": "paused"},
    )
