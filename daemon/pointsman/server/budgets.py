"""Which budgets there are, who says so, and how commands change them."""

from collections.abc import Callable, Collection, Mapping

from pointsman.config.lines import dotted
from pointsman.config.load import Loaded
from pointsman.config.money import BudgetConfig
from pointsman.config.readers import NO_LIMIT
from pointsman.config.schema import Config, budgets_of
from pointsman.config.settings import Settings
from pointsman.dates import Window
from pointsman.errors import BadRequest, NotFound
from pointsman.funds import TOTAL, Scope
from pointsman.limits.budget import Budgets

SECTION = "budgets."  # of the configuration, and of what commands have set
NONE = "none"  # the name of the budget that says that nothing is held back
RESERVED = "none is the name of what `pointsman budget none` sets: take another"
LONGEST_NAME = 80
NO_BOUNDS = BudgetConfig.model_validate({"window": Window.MONTH, "limit": NO_LIMIT})


class BudgetSettings:
    """Changes which budgets are counted by `running`. What commands say holds over what the file says.

    `written` reads the file anew, without what commands have set, and may raise ConfigError.
    """

    def __init__(self, running: Budgets, settings: Settings, written: Callable[[], Loaded]) -> None:
        self._running = running
        self._settings = settings
        self._written = written

    def is_set(self, name: str) -> bool:
        """Whether a command has set it."""
        return SECTION + name in self._settings.values

    def set(self, name: str, budget: BudgetConfig) -> None:
        """It holds at once. One for all spending ends what `none` said.

        Raises BadRequest for a name that can't be, NotKept where it will not outlast a restart.
        """
        loaded = self._written()
        _check(name, budget.whose, loaded)
        gone = (NONE,) if budget.whose.kind == TOTAL else ()
        self._change(loaded.config, gone=gone, new={name: budget})

    def remove(self, name: str) -> None:
        """What a command has set; where the file has one of that name, that holds again.

        Raises NotFound, BadRequest where the file alone sets it, or NotKept as `set` does.
        """
        loaded = self._written()
        if self.is_set(name):
            self._change(loaded.config, gone=(name,), new={})
        elif place := _place(loaded, name):
            raise BadRequest(f"budget {name} is set in {place}: take it out there", param="name")
        else:
            raise NotFound(f"there is no budget {name[:80]!r}: `pointsman budget` lists those that there are")

    def none(self) -> tuple[str, ...]:
        """Nothing is held back any more but by the file's budgets, which are told. Raises NotKept."""
        loaded = self._written()
        self._change(loaded.config, gone=self._commanded(), new={NONE: NO_BOUNDS})
        bounds = (one for one in budgets_of(loaded.config) if one.hard and one.limit is not None)
        return tuple(f"budget {one.name} is set in {_place(loaded, one.name)}" for one in bounds)

    def _commanded(self) -> dict[str, BudgetConfig]:
        """They have been through the schema: at the start, or when they were set."""
        said = self._settings.values.items()
        own = {key.removeprefix(SECTION): value for key, value in said if key.startswith(SECTION)}
        return {name: BudgetConfig.model_validate(value) for name, value in own.items()}

    def _change(self, file: Config, *, gone: Collection[str], new: Mapping[str, BudgetConfig]) -> None:
        kept = {name: one for name, one in self._commanded().items() if name not in gone}
        budgets = {**file.budgets, **kept, **new}
        config = file.model_copy(update={"budgets": budgets})
        self._running.configure(budgets_of(config), config.degradation.curve)
        self._settings.swap(
            [SECTION + name for name in gone],
            {SECTION + name: one.model_dump(exclude_unset=True) for name, one in new.items()},
        )


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
