"""What commands say of choosing: at once, over what the file says, and after a restart."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from pointsman.config.live import Live
from pointsman.config.override import overrides
from pointsman.config.settings import NotKept, Settings
from pointsman.errors import BadRequest, NotFound
from pointsman.routing.names import Names
from pointsman.server.choices import ACTIVE, ALIASES, PROFILES, ROLES, TASKS, Choices
from pointsman.types import Grade, Priority, TaskKind
from tests.routing.house import model, snapshot

FILE = """\
[models]
big = "far/large"
[roles.reviewer]
floor = "generation"
prefer = ["big"]
[tasks]
code = ["big"]
[profiles]
active = "eco"
[profiles.mine]
ladder = ["local"]
"""


class Desk:
    """A daemon's choices in a folder, and what is said of them."""

    def __init__(self, folder: Path, text: str = FILE) -> None:
        self.file = folder / "config.toml"
        self.file.write_text(text, encoding="utf-8")
        self.kept = folder / "settings.json"
        self.start()

    def start(self) -> None:
        self.live = Live(self.file, Settings(self.kept), partial(overrides, {}))
        self.says = Choices(self.live)

    @property
    def names(self) -> Names:
        return self.says.names()

    def names_after_a_restart(self) -> Names:
        self.start()
        return self.names


MakeDesk = Callable[..., Desk]


@pytest.fixture
def desk(tmp_path: Path) -> MakeDesk:
    return partial(Desk, tmp_path)


@pytest.mark.parametrize("name", ["quick", "claude-*", "my.model", "vendor/one:free", "ä"])
def test_an_alias_holds_at_once_and_after_a_restart(desk: MakeDesk, name: str) -> None:
    here = desk()
    here.says.set_alias(name, "auto")
    assert here.names.aliases == {"big": "far/large", name: "auto"}
    assert here.says.origin(ALIASES, name) == "command"
    assert here.names == here.names_after_a_restart()


def test_a_command_wins_over_the_file_which_holds_again_when_it_is_undone(desk: MakeDesk) -> None:
    here = desk()
    here.says.set({"models.big": "local/tiny", "tasks.code": ["local/tiny"], "profiles.active": "mine"})
    assert (here.names.aliases["big"], here.names.active) == ("local/tiny", "mine")
    assert here.names.tasks[TaskKind.CODE] == ("local/tiny",)
    for section, name in ((ALIASES, "big"), (TASKS, "code"), (PROFILES, ACTIVE)):
        here.says.undo(section, name)
        assert here.says.origin(section, name) == "configuration"
    assert (here.names.aliases["big"], here.names.active) == ("far/large", "eco")
    assert here.names == here.names_after_a_restart()


def test_what_is_not_changed_of_a_role_stays_as_it_was_set(desk: MakeDesk) -> None:
    here = desk()
    here.says.set_roles({"reviewer": {"profile": "premium", "prefer": None, "priority": "background"}})
    role = here.names.roles["reviewer"]
    assert (role.floor, role.profile, role.prefer) == (Grade.GENERATION, "premium", ())
    assert role.priority is Priority.BACKGROUND
    here.says.set_roles({"reviewer": {"model": "big"}})
    assert (here.names.roles["reviewer"].profile, here.names.roles["reviewer"].model) == ("premium", "big")
    assert here.names == here.names_after_a_restart()
    here.says.undo(ROLES, "reviewer")
    assert here.names.roles["reviewer"].prefer == ("big",)


def test_who_decides_looks_at_what_holds_at_that_moment(desk: MakeDesk) -> None:
    here = desk()
    before = here.names
    here.says.set_alias("quick", "auto")
    assert "quick" not in before.aliases
    assert "quick" in here.names.aliases


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"profiles.active": "ecco"}, "did you mean eco?"),
        ({"roles.x": {"floor": "low"}}, "roles.x.floor must be one of simple, routine"),
        ({"roles.x": {"profile": "nobody"}}, "roles.x.profile must be one of"),
        ({"roles.x": {"flor": "simple"}}, "did you mean roles.x.floor?"),
        ({"models.x": ""}, "models.x must be text"),
        ({"tasks.cod": ["big"]}, "did you mean code?"),
        ({"tasks.code": [7]}, "tasks.code must be a list of names"),
    ],
)
def test_what_makes_no_sense_changes_nothing(desk: MakeDesk, said: dict[str, object], words: str) -> None:
    here = desk()
    before = here.names
    with pytest.raises(BadRequest) as refused:
        here.says.set(said)
    assert words in refused.value.message
    assert "settings.json" not in refused.value.message
    assert here.names == before == here.names_after_a_restart()


@pytest.mark.parametrize("name", ["", " ", "auto", "auto:eco", "a\nb", "x" * 81])
def test_a_name_that_nobody_could_use_is_refused(desk: MakeDesk, name: str) -> None:
    with pytest.raises(BadRequest):
        desk().says.set_alias(name, "auto")
    with pytest.raises(BadRequest):
        desk().says.set_roles({name: {"floor": "simple"}})


def test_a_file_that_is_read_again_holds_below_what_commands_say(desk: MakeDesk) -> None:
    here = desk()
    here.says.set_alias("big", "local/tiny")
    here.file.write_text('[models]\nbig = "far/huge"\nother = "far/o"\n', encoding="utf-8")
    here.live.reload()
    assert here.names.aliases == {"big": "local/tiny", "other": "far/o"}
    assert (here.names.active, "reviewer" in here.names.roles) == ("balanced", False)
    here.says.undo(ALIASES, "big")
    assert here.names.aliases["big"] == "far/huge"


def test_a_file_that_broke_meanwhile_keeps_no_command_from_working(desk: MakeDesk) -> None:
    here = desk()
    here.file.write_text("[models\n", encoding="utf-8")
    here.says.set_alias("quick", "auto")
    assert here.names.aliases == {"big": "far/large", "quick": "auto"}


def test_only_what_a_command_has_set_can_be_undone(desk: MakeDesk) -> None:
    here = desk()
    with pytest.raises(BadRequest, match=r"models\.big is set in the configuration, \[models\]"):
        here.says.undo(ALIASES, "big")
    with pytest.raises(NotFound, match="nothing to undo"):
        here.says.undo(ROLES, "main")


def test_what_is_not_kept_holds_until_the_next_start(desk: MakeDesk) -> None:
    here = desk()
    here.kept.with_suffix(".new").mkdir()
    with pytest.raises(NotKept):
        here.says.set_alias("quick", "auto")
    assert "quick" in here.names.aliases
    assert "quick" not in here.names_after_a_restart().aliases


def test_what_other_commands_have_set_stays_theirs(desk: MakeDesk) -> None:
    here = desk()
    Settings(here.kept).set("privacy.mode", "local-only")
    here.start()
    here.says.set_alias("quick", "auto")
    assert Settings(here.kept).values == {"privacy.mode": "local-only", "models.quick": "auto"}


def test_a_name_is_told_by_what_it_means_now(desk: MakeDesk) -> None:
    here, known = desk(), snapshot(model("far/large"))
    here.says.set({"models.claude-*": "auto", "models.gone": "nobody", "roles.x": {"model": "gone"}})
    told = {name: here.says.means(name, known) for name in ("big", "claude-*", "gone", "x", "main", "none")}
    assert told == {"big": "far/large", "claude-*": "auto", "gone": "", "x": "", "main": "auto", "none": ""}


def test_the_rules_for_programs_are_the_file_s(desk: MakeDesk) -> None:
    here = desk('[apps.aider]\nprivacy = "local"\nprofile = "eco"\nallow = "big"\nfloor = "simple"\n')
    rules = here.names.apps["aider"]
    assert (rules.privacy.value, rules.profile, rules.allow) == ("local", "eco", ("big",))
    assert rules.floor is Grade.SIMPLE
