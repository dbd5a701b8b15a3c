"""Several settings at once, by one name."""

from collections.abc import Callable
from datetime import UTC
from functools import partial
from pathlib import Path

import pytest

from pointsman.config.live import Live
from pointsman.config.override import overrides
from pointsman.config.settings import Settings
from pointsman.dates import Calendar, Window
from pointsman.errors import BadRequest
from pointsman.events import Bus
from pointsman.funds import Budget, Scope
from pointsman.limits.budget import Budgets
from pointsman.modes import Mode
from pointsman.money import NANO
from pointsman.server.budgets import BudgetSettings
from pointsman.server.choices import Choices
from pointsman.server.modes import Modes
from pointsman.server.presets import PRESETS, Presets
from pointsman.types import Grade

FILE = '[privacy]\nmode = "paused"\n[roles.main]\nprefer = ["big"]\n'


class Desk:
    """A daemon's modes, budgets and choices, all at their beginning."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.toml"
        self.file.write_text(FILE, encoding="utf-8")
        self.live = Live(self.file, Settings(folder / "settings.json"), partial(overrides, {}))
        self.modes = Modes(self.live, Bus(), lambda: 0.0)
        self.running = Budgets(Calendar(UTC), lambda: 0.0)
        self.choices = Choices(self.live)
        self._presets = Presets(self.modes, BudgetSettings(self.running, self.live), self.choices)

    def set(self, name: str, user: str = "alice") -> list[str]:
        """The commands that take it back."""
        return [one.undo for one in self._presets.set(PRESETS[name], user)]

    @property
    def budgets(self) -> tuple[Budget, ...]:
        return tuple(stand.budget for stand in self.running.stands())


@pytest.fixture
def desk(tmp_path: Path) -> Callable[[], Desk]:
    return partial(Desk, tmp_path)


@pytest.mark.parametrize(("name", "mode"), [("zero", Mode.NO_PAID), ("offline", Mode.LOCAL_ONLY)])
def test_zero_and_offline_are_a_mode_alone(desk: Callable[[], Desk], name: str, mode: Mode) -> None:
    here = desk()
    before = here.choices.names()
    assert here.set(name) == ["pointsman mode --undo"]
    assert (here.modes.mode(), here.budgets) == (mode, ())
    assert here.choices.names() == before


def test_hybrid_pays_for_main_and_little_for_the_others(desk: Callable[[], Desk]) -> None:
    here = desk()
    undo = here.set("hybrid")
    assert undo[0] == "pointsman role --remove main"
    assert undo[-2:] == ["pointsman budget remove month", "pointsman mode --undo"]
    assert here.budgets == (Budget("month", Window.MONTH, 12 * NANO),)
    assert here.modes.mode() is Mode.NORMAL
    roles = here.choices.names().roles
    assert {name: (one.profile, one.floor) for name, one in roles.items()} == {
        "main": ("premium", Grade.GENERATION),
        "rlm": ("balanced", Grade.ROUTINE),
        "subagent": ("balanced", Grade.ROUTINE),
        "delegation": ("eco", Grade.SIMPLE),
    }
    assert roles["main"].prefer == ("big",), "what the file says beside stays"


def test_team_is_a_budget_for_who_sets_it(desk: Callable[[], Desk]) -> None:
    here = desk()
    assert "pointsman budget remove 'user:alice month'" in here.set("team")
    assert here.budgets == (
        Budget("user:alice month", Window.MONTH, 50 * NANO, scope=Scope("user", "alice")),
    )


def test_a_budget_for_nobody_who_is_known_is_refused(desk: Callable[[], Desk]) -> None:
    here = desk()
    with pytest.raises(BadRequest, match="a budget for each user"):
        here.set("team", user="")
    assert (here.budgets, here.modes.mode()) == ((), Mode.PAUSED)
