"""What commands say of budgets: at once, over what the file says, and after a restart."""

from collections.abc import Callable
from datetime import UTC, date
from functools import partial
from pathlib import Path

import pytest

from pointsman.config.live import Live
from pointsman.config.money import BudgetConfig
from pointsman.config.override import overrides
from pointsman.config.schema import budgets_of
from pointsman.config.settings import NotKept, Settings
from pointsman.dates import Calendar, Window
from pointsman.errors import BadRequest, ConfigError, NotFound
from pointsman.funds import Budget, Charge, Scope, Spender
from pointsman.limits.budget import Budgets
from pointsman.money import NANO
from pointsman.server.budgets import BudgetSettings

FILE = """\
[budgets.daily]
window = "day"
limit = 5
[apps.aider]
budget = { window = "day", limit = 0.5 }
"""
OF_THE_FILE = (
    Budget("daily", Window.DAY, 5 * NANO),
    Budget("aider", Window.DAY, NANO // 2, scope=Scope("app", "aider")),
)
NO_BOUNDS = Budget("none", Window.MONTH, None)


class Desk:
    """A daemon's budgets in a folder, and what is said of them."""

    def __init__(self, folder: Path, text: str = "") -> None:
        self.file = folder / "config.toml"
        self.file.write_text(text, encoding="utf-8")
        self.kept = folder / "settings.json"
        self.start()

    def start(self) -> None:
        self.live = Live(self.file, Settings(self.kept), partial(overrides, {}))
        self.running = Budgets(Calendar(UTC), lambda: 0.0, budgets=budgets_of(self.live.config))
        self.says = BudgetSettings(self.running, self.live)

    @property
    def budgets(self) -> tuple[Budget, ...]:
        return tuple(stand.budget for stand in self.running.stands())

    def budgets_after_a_restart(self) -> tuple[Budget, ...]:
        self.start()
        return self.budgets


MakeDesk = Callable[[str], Desk]


@pytest.fixture
def desk(tmp_path: Path) -> MakeDesk:
    return partial(Desk, tmp_path)


def config(limit: object = 1, window: str = "day", **more: object) -> BudgetConfig:
    return BudgetConfig.model_validate({"window": window, "limit": limit} | more)


@pytest.mark.parametrize("name", ["day", "my.app day", "model:openrouter/x:free week", "ä"])
def test_a_budget_holds_at_once_and_after_a_restart(desk: MakeDesk, name: str) -> None:
    here = desk(FILE)
    here.says.set(name, config(0.25, hard=False, scope="app:other", unpriced=True))
    scope = Scope("app", "other")
    own = Budget(name, Window.DAY, NANO // 4, hard=False, scope=scope, unpriced=True)
    assert sorted(here.budgets, key=str) == sorted((*OF_THE_FILE, own), key=str)
    assert here.says.is_set(name)
    assert here.budgets == here.budgets_after_a_restart()


def test_it_wins_over_the_file_s_of_its_name_which_holds_again_when_it_is_removed(desk: MakeDesk) -> None:
    here = desk(FILE)
    here.says.set("daily", config(1))
    assert here.budgets[0] == Budget("daily", Window.DAY, NANO)
    here.says.remove("daily")
    assert here.budgets == OF_THE_FILE == here.budgets_after_a_restart()


def test_what_was_spent_counts_for_a_new_limit(desk: MakeDesk) -> None:
    here = desk(FILE)
    here.running.restore([Charge(Spender("m", "e", "p"), 3 * NANO, day=date(1970, 1, 1).toordinal())], [])
    here.says.set("daily", config(2))
    assert here.running.stands()[0].share == 1.5


def test_what_the_file_sets_is_taken_out_there(desk: MakeDesk) -> None:
    here = desk(FILE)
    with pytest.raises(BadRequest) as caught:
        here.says.remove("daily")
    assert caught.value.message == (f"budget daily is set in {here.file}, [budgets.daily]: take it out there")
    with pytest.raises(BadRequest, match=r"\[apps\.aider\] budget: take it out there"):
        here.says.remove("aider")


def test_what_there_is_none_of_can_not_be_removed(desk: MakeDesk) -> None:
    with pytest.raises(NotFound, match="there is no budget 'x': `pointsman budget` lists"):
        desk(FILE).says.remove("x")


def test_a_program_s_own_budget_is_set_anew_by_its_name_and_holds_again_when_that_is_removed(
    desk: MakeDesk,
) -> None:
    here = desk(FILE)
    here.says.set("aider", config(2, scope="app:aider"))
    own = Budget("aider", Window.DAY, 2 * NANO, scope=Scope("app", "aider"))
    assert set(here.budgets) == {OF_THE_FILE[0], own} == set(here.budgets_after_a_restart())
    here.says.remove("aider")
    assert here.budgets == OF_THE_FILE == here.budgets_after_a_restart()


def test_a_program_s_own_budget_is_not_lost_to_another_of_its_name(desk: MakeDesk) -> None:
    with pytest.raises(BadRequest, match="set it with --scope app:aider, or take another name"):
        desk(FILE).says.set("aider", config(scope="app:other"))


@pytest.mark.parametrize("name", ["none", "aider", "", " ", "a\nb", "x" * 81])
def test_a_name_that_would_be_mistaken_is_refused(desk: MakeDesk, name: str) -> None:
    here = desk(FILE)
    with pytest.raises(BadRequest):
        here.says.set(name, config())
    assert here.budgets == OF_THE_FILE


def test_none_takes_away_what_commands_have_set_and_tells_of_the_file_s(desk: MakeDesk) -> None:
    here = desk(FILE)
    here.says.set("x", config())
    assert here.says.none() == (
        f"budget daily is set in {here.file}, [budgets.daily]",
        f"budget aider is set in {here.file}, [apps.aider] budget",
    )
    assert set(here.budgets) == {NO_BOUNDS, *OF_THE_FILE}
    assert here.budgets == here.budgets_after_a_restart()


def test_a_budget_for_all_ends_that_there_was_none(desk: MakeDesk) -> None:
    here = desk("")
    assert here.says.none() == ()
    here.says.set("aider", config(scope="app:aider"))
    assert NO_BOUNDS in here.budgets
    here.says.set("day", config())
    assert {budget.name for budget in here.budgets} == {"aider", "day"}
    assert here.budgets == here.budgets_after_a_restart()


def test_none_can_be_taken_back(desk: MakeDesk) -> None:
    here = desk("")
    here.says.none()
    here.says.remove("none")
    assert here.budgets == () == here.budgets_after_a_restart()


def test_a_file_that_is_read_again_holds_below_what_commands_say(desk: MakeDesk) -> None:
    here = desk(FILE)
    here.says.set("day", config())
    here.file.write_text('[budgets.weekly]\nwindow = "week"\nlimit = 9\n', encoding="utf-8")
    here.live.reload()
    assert [budget.name for budget in here.budgets] == ["weekly", "day"]


def test_a_file_that_broke_meanwhile_keeps_no_command_from_working(desk: MakeDesk) -> None:
    here = desk(FILE)
    here.file.write_text("[budgets.x]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"config\.toml:1: budgets\.x"):
        here.live.reload()
    here.says.set("day", config())
    assert [budget.name for budget in here.budgets] == ["daily", "day", "aider"]


def test_what_can_not_be_kept_holds_and_is_told(desk: MakeDesk) -> None:
    here = desk("")
    here.kept.mkdir()
    with pytest.raises(NotKept, match="it holds now, but not after a restart"):
        here.says.set("day", config())
    assert here.budgets == (Budget("day", Window.DAY, NANO),)
