"""Which budgets there are, who says so, and how commands change them."""

from types import MappingProxyType

from pointsman.config.lines import dotted
from pointsman.config.live import Live
from pointsman.config.load import Loaded
from pointsman.config.money import BudgetConfig
from pointsman.config.readers import NO_LIMIT
from pointsman.config.schema import Config, budgets_of
from pointsman.dates import Window
from pointsman.errors import BadRequest, NotFound
from pointsman.funds import TOTAL, Scope
from pointsman.limits.budget import Budgets

SECTION = "budgets."  # of the configuration, and of what commands have set
NONE = "none"  # the name of the budget that says that nothing is held back
RESERVED = "none is the name of what `pointsman budget none` sets: take another"
LONGEST_NAME = 80
NO_BOUNDS = MappingProxyType({"window": Window.MONTH.value, "limit": NO_LIMIT})


class BudgetSettings:
    """Which budgets are counted by `running`. What commands say holds over what the file says."""

    def __init__(self, running: Budgets, live: Live) -> None:
        self._running = running
        self._live = live
        live.tell(self._configure, "budgets", "degradation", "apps")

    def _configure(self, config: Config) -> None:
        self._running.configure(budgets_of(config), config.degradation.curve)

    def is_set(self, name: str) -> bool:
        """Whether a command has set it."""
        return SECTION + name in self._live.commands

    def set(self, name: str, budget: BudgetConfig) -> None:
        """It holds at once. One for all spending ends what `none` said.

        Raises BadRequest for a name that can't be, NotKept where it will not outlast a restart.
        """
        _check(name, budget.whose, self._live.written())
        gone = [SECTION + NONE] if budget.whose.kind == TOTAL else []
        self._live.change({SECTION + name: budget.model_dump(exclude_unset=True)}, gone)

    def remove(self, name: str) -> None:
        """What a command has set; where the file has one of that name, that holds again.

        Raises NotFound, BadRequest where the file alone sets it, or NotKept as `set` does.
        """
        if self.is_set(name):
            self._live.change({}, [SECTION + name])
        elif place := _place(self._live.written(), name):
            raise BadRequest(f"budget {name} is set in {place}: take it out there", param="name")
        else:
            raise NotFound(f"there is no budget {name[:80]!r}: `pointsman budget` lists those that there are")

    def none(self) -> tuple[str, ...]:
        """Nothing is held back any more but by the file's budgets, which are told. Raises NotKept."""
        loaded = self._live.written()
        commanded = [key for key in self._live.commands if key.startswith(SECTION)]
        self._live.change({SECTION + NONE: dict(NO_BOUNDS)}, commanded)
        bounds = (one for one in budgets_of(loaded.config) if one.hard and one.limit is not None)
        return tuple(f"budget {one.name} is set in {_place(loaded, one.name)}" for one in bounds)


def _place(loaded: Loaded, name: str) -> str:
    """Where the file sets a budget; empty: it sets none of that name."""
    if name in loaded.config.budgets:
        return f"{loaded.file}, [{dotted(('budgets', name))}]"
    return f"{loaded.file}, [{dotted(('apps', name))}] budget" if _is_of_an_app(name, loaded) else ""


def _is_of_an_app(name: str, loaded: Loaded) -> bool:
    app = loaded.config.apps.get(name)
    return app is not None and app.budget is not None


def _check(name: str, whose: Scope, loaded: Loaded) -> None:
    """Raises BadRequest for a name that would be mistaken for another's."""
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        wrong = f"a budget's name has 1 to {LONGEST_NAME} characters, all of them to be seen"
    elif name == NONE:
        wrong = RESERVED
    elif _is_of_an_app(name, loaded) and whose != Scope("app", name):
        own = f"is the program's own, {_place(loaded, name)}"
        wrong = f"budget {name} {own}: set it with --scope app:{name}, or take another name"
    else:
        return
    raise BadRequest(wrong, param="name")
