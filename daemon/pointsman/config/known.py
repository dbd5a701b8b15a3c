"""The schema as rows, one for each place in a file: errors and the documentation are written from them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar, get_args, get_origin

from pydantic.fields import FieldInfo

from pointsman.config.fields import Says, Section, Unset
from pointsman.config.lines import KeyPath
from pointsman.config.readers import words
from pointsman.config.schema import Config

NAME = "NAME"  # stands in a path for a name of the user's own

M = TypeVar("M", Says, Unset)


@dataclass(frozen=True, slots=True)
class Known:
    """A place that a file may fill. `section` is set where that is done by a table of given keys."""

    path: KeyPath
    says: str  # what it accepts, after "must be"
    unset: str  # what holds without it, where that is not a value
    field: FieldInfo
    section: type[Section] | None = None
    names: str = ""  # what the names in a table of the user's own names must be

    @property
    def is_value(self) -> bool:
        return self.section is None and not self.names

    def is_at(self, path: KeyPath) -> bool:
        return len(self.path) == len(path) and all(
            own in (NAME, part) for own, part in zip(self.path, path, strict=True)
        )


def row_at(path: KeyPath) -> Known | None:
    """A key that is fixed goes before a name of the user's own."""
    rows = [row for row in KNOWN if row.is_at(path)]
    return min(rows, key=lambda row: row.path.count(NAME), default=None)


def siblings(path: KeyPath) -> tuple[str, ...]:
    """The keys that may stand where this one does."""
    names = (row.path[-1] for row in KNOWN if row.is_at((*path[:-1], row.path[-1])))
    return tuple(name for name in names if name != NAME)


def _known(section: type[Section], at: KeyPath = ()) -> Iterator[Known]:
    for name, field in section.model_fields.items():
        yield from _rows((*at, name), field.annotation, field.metadata, field)
    if section.others is not None:
        field = FieldInfo(description=section.others.__doc__)
        yield from _rows((*at, NAME), section.others, (), field)


def _rows(path: KeyPath, annotation: Any, metadata: Iterable[object], field: FieldInfo) -> Iterator[Known]:
    says = _find(Says, annotation, metadata)
    unset = _find(Unset, annotation, metadata)
    section = _section_in(annotation)
    if get_origin(annotation) is Mapping:
        names, values = get_args(annotation)
        yield Known(path, says, unset, field, names=_find(Says, names, ()))
        yield from _rows((*path, NAME), values, (), field)
    else:
        yield Known(path, says or "a table", unset, field, section)
        yield from _known(section, path) if section else ()


def _find(kind: type[M], annotation: Any, metadata: Iterable[object]) -> str:
    """The words of the outermost `Says` or `Unset` of a type; an enum says its own."""
    for item in (*metadata, *getattr(annotation, "__metadata__", ())):
        if isinstance(item, kind):
            return item.words
    if kind is Says and isinstance(annotation, type) and issubclass(annotation, Enum):
        return words(annotation)
    inner = (_find(kind, argument, ()) for argument in get_args(annotation))
    return next(filter(None, inner), "")


def _section_in(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for argument in get_args(annotation) if (found := _section_in(argument))), None)


# All rows, a table before what is in it.
KNOWN = tuple(_known(Config))
