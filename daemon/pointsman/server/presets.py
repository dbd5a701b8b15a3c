"""Several settings at once, by one name: data, and how it is set by those who set each of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from shlex import quote
from types import MappingProxyType
from typing import Any

from pointsman.config.money import BudgetConfig
from pointsman.errors import BadRequest
from pointsman.funds import TOTAL, usual_name
from pointsman.modes import Mode
from pointsman.profiles import AUTO
from pointsman.server.budgets import BudgetSettings
from pointsman.server.choices import Choices
from pointsman.server.modes import Modes


@dataclass(frozen=True, slots=True)
class Preset:
    """`roles` are fields of the configuration. `a_month`: US dollars; empty: it sets no budget."""

    name: str
    mode: Mode
    a_month: int | None = None
    each_user: bool = False  # whether that is for the one who sets it alone
    roles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


WORKER = MappingProxyType({"model": AUTO, "floor": "routine", "profile": "balanced"})

PRESETS = MappingProxyType(
    {
        one.name: one
        for one in (
            Preset("zero", Mode.NO_PAID),
            Preset(
                "hybrid",
                Mode.NORMAL,
                a_month=12,
                roles={
                    "main": {"floor": "generation", "profile": "premium"},
                    "rlm": WORKER,
                    "subagent": WORKER,
                    "delegation": {"model": AUTO, "floor": "simple", "profile": "eco"},
                },
            ),
            Preset("team", Mode.NORMAL, a_month=50, each_user=True),
            Preset("offline", Mode.LOCAL_ONLY),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that was set, in words, and the command that takes it back."""

    what: str
    undo: str


class Presets:
    def __init__(self, modes: Modes, budgets: BudgetSettings, choices: Choices) -> None:
        self._modes = modes
        self._budgets = budgets
        self._choices = choices

    def set(self, preset: Preset, user: str) -> tuple[Done, ...]:
        """`user`: who asks for it. What the file could forbid comes first, so that nothing is set by half.

        Raises ConfigError, BadRequest or NotKept, as those do who set each of it.
        """
        if preset.each_user and not user:
            raise BadRequest(
                f"{preset.name} has a budget for each user, and whose request this is is not known"
            )
        return (*self._set_roles(preset), *self._set_budget(preset, user), *self._set_mode(preset))

    def _set_roles(self, preset: Preset) -> Iterator[Done]:
        if preset.roles:
            self._choices.set_roles(preset.roles)
        for name, said in preset.roles.items():
            words = ", ".join(f"{field} {value}" for field, value in said.items())
            yield Done(f"role {name}: {words}", f"pointsman role --remove {name}")

    def _set_budget(self, preset: Preset, user: str) -> Iterator[Done]:
        if preset.a_month is None:
            return
        scope = f"user:{user}" if preset.each_user else TOTAL
        said = {"window": "month", "limit": preset.a_month, "scope": scope}
        name = usual_name("month", scope)
        self._budgets.set(name, BudgetConfig.model_validate(said))
        yield Done(f"budget {name}: ${preset.a_month}.00 a month", f"pointsman budget remove {quote(name)}")

    def _set_mode(self, preset: Preset) -> Iterator[Done]:
        self._modes.set(preset.mode)
        yield Done(f"mode: {preset.mode}", "pointsman mode --undo")
