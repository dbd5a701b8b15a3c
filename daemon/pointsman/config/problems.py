"""What is wrong with a configuration, in words for people, each with the key that it is about.

A message names keys and what would be right. Of the file's values it repeats numbers alone: a text in
the wrong place may be a key.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import takewhile
from typing import Any

from pydantic import ValidationError

from pointsman.config.choosing import BUILT_IN_PROFILES
from pointsman.config.known import KNOWN, row_at, siblings
from pointsman.config.lines import KeyPath, dotted
from pointsman.config.override import key_of
from pointsman.config.readers import NO_LIMIT, nearest
from pointsman.config.schema import Config
from pointsman.funds import Scope

_ABOUT_A_NAME = "[key]"  # pydantic's mark: the name in a table is wrong, not what it stands for
_LONGEST_NUMBER = 10**12


@dataclass(frozen=True, slots=True)
class Problem:
    path: KeyPath
    message: str


def problems_of(error: ValidationError) -> list[Problem]:
    return [_problem(details) for details in error.errors(include_url=False)]


def unknown_profiles(config: Config) -> Iterator[Problem]:
    """Profiles, unlike models, are all in the file: a name that none of them has is a mistake."""
    names = (*BUILT_IN_PROFILES, *config.profiles.defined)
    for path, profile in _profiles_named(config):
        if profile is not None and profile not in names:
            near = _did_you_mean(nearest(profile, names))
            yield Problem(path, f"{dotted(path)} must be one of {', '.join(names)}{near}")


def same_names(config: Config, commanded: Container[str]) -> Iterator[Problem]:
    """A budget is told of, set and removed by its name. `commanded`: the keys that commands have set."""
    own = {name for name, app in config.apps.items() if app.budget is not None}
    for name, budget in config.budgets.items():
        path = ("budgets", name)
        by_command = key_of(path) in commanded
        if name == NO_LIMIT and not by_command:
            yield Problem(
                path, f"{dotted(path)} has the name of what `pointsman budget none` sets: give it another"
            )
        elif name in own and not (by_command and budget.whose == Scope("app", name)):
            taken = dotted(("apps", name, "budget"))
            yield Problem(path, f"{dotted(path)} has the name of what {taken} sets: give it another")


def _profiles_named(config: Config) -> Iterator[tuple[KeyPath, str | None]]:
    yield ("profiles", "active"), config.profiles.active
    for name, role in config.roles.items():
        yield ("roles", name, "profile"), role.profile
    for name, app in config.apps.items():
        yield ("apps", name, "profile"), app.profile


def _problem(details: Any) -> Problem:
    place: tuple[str | int, ...] = details["loc"]
    about_a_name = place[-1:] == (_ABOUT_A_NAME,)
    path = tuple(str(part) for part in takewhile(_is_key, place[:-1] if about_a_name else place))
    return Problem(path, _message(details, path, about_a_name=about_a_name))


def _is_key(part: str | int) -> bool:
    """An index into a list has no line and no name of its own."""
    return isinstance(part, str)


def _message(details: Any, path: KeyPath, *, about_a_name: bool) -> str:
    name = dotted(path)
    match details["type"]:
        case "extra_forbidden":
            return f"unknown key {name}{_did_you_mean(_meant(path)) or _known_here(path)}"
        case "wrong":
            return f"{name} {details['msg']}"
        case "missing":
            return f"{name} is missing: it must be {_right(path)}"
        case _ if about_a_name:
            return f"{name} must be {_right_name(path[:-1])}"
        case _:
            return f"{name} must be {_right(path)}{_found(details['input'])}{_did_you_mean(_meant(path))}"


def _right(path: KeyPath) -> str:
    row = row_at(path)
    return row.says if row else "something else"


def _right_name(table: KeyPath) -> str:
    row = row_at(table)
    return row.names if row else "something else"


def _found(value: object) -> str:
    if isinstance(value, bool):
        return f" (it is {str(value).lower()})"
    if isinstance(value, int | float | Decimal) and -_LONGEST_NUMBER < value < _LONGEST_NUMBER:
        return f" (it is {value})"
    return ""


def _meant(path: KeyPath) -> str:
    """The known key that was probably meant: one that may stand there, else a namesake elsewhere."""
    beside = siblings(path)
    if path[-1] in beside:
        return ""
    if near := nearest(path[-1], beside):
        return dotted((*path[:-1], near))
    namesakes = (row.path for row in KNOWN if row.path[-1] == path[-1])
    return next((dotted(namesake) for namesake in namesakes), "")


def _did_you_mean(name: str) -> str:
    return f"; did you mean {name}?" if name else ""


def _known_here(path: KeyPath) -> str:
    return f"; known here: {', '.join(siblings(path))}"
