"""The single values of a configuration, each with its path and with who set it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from pointsman.config.lines import KeyPath
from pointsman.config.override import Origin
from pointsman.config.schema import Config


@dataclass(frozen=True, slots=True)
class Leaf:
    """`value` is what a user would write, but for an API key: that is its reference, or that it is set."""

    path: KeyPath
    value: object
    origin: Origin  # default or file: a configuration doesn't know what won over its file


def leaves(config: Config) -> Iterator[Leaf]:
    """In the schema's order; of providers, budgets and the like those that there are."""
    return _below(config, config.model_dump(), (), Origin.DEFAULT)


def _below(value: object, dump: Any, path: KeyPath, origin: Origin) -> Iterator[Leaf]:
    """Walks the values, which know who set them, alongside their dump, which is how they are written."""
    match value:
        case BaseModel():
            for name, inner in value:
                own = Origin.FILE if name in value.model_fields_set else Origin.DEFAULT
                yield from _below(inner, dump[name], (*path, name), own)
        case Mapping():
            for name, inner in value.items():
                yield from _below(inner, dump[name], (*path, name), Origin.FILE)
        case _:
            yield Leaf(path, dump, origin)
