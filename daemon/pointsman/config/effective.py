"""What is in force, and who says so: each value of a configuration with its key and its origin."""

import json
from dataclasses import dataclass

from pointsman.config.keys import HIDDEN
from pointsman.config.known import row_at
from pointsman.config.leaves import Leaf, leaves
from pointsman.config.lines import dotted
from pointsman.config.load import Loaded
from pointsman.config.override import Origin, key_of


@dataclass(frozen=True, slots=True)
class Setting:
    """`shown` is TOML where there is a value, else words; of an API key it is at most the reference."""

    key: str  # dotted
    shown: str
    origin: Origin


def effective(loaded: Loaded) -> tuple[Setting, ...]:
    """All settings in the schema's order; of providers, budgets and the like those that there are."""
    return tuple(
        Setting(dotted(leaf.path), _shown(leaf), _origin(leaf, loaded)) for leaf in leaves(loaded.config)
    )


def show(value: object) -> str:
    """A plain value as TOML writes it."""
    match value:
        case bool():
            return str(value).lower()
        case list() | tuple():
            return f"[{', '.join(show(item) for item in value)}]"
        case float() if value.is_integer():
            return str(int(value))
        case str() if value != HIDDEN:
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _origin(leaf: Leaf, loaded: Loaded) -> Origin:
    if leaf.origin is Origin.DEFAULT:
        return leaf.origin
    return loaded.origins.get(key_of(leaf.path), leaf.origin)


def _shown(leaf: Leaf) -> str:
    row = row_at(leaf.path)
    return row.unset if row and row.unset and leaf.value in (None, ()) else show(leaf.value)
