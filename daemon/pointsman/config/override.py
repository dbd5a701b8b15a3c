"""What wins over the file: what commands have set, the environment, and over that the command line."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any


class Origin(StrEnum):
    """Where a value comes from."""

    DEFAULT = "default"
    FILE = "file"
    COMMAND = "command"  # `pointsman mode` and its like, kept in the state folder
    ENVIRONMENT = "environment"
    COMMAND_LINE = "command line"

    @property
    def words(self) -> str:
        """For people who have to mend what is wrong there."""
        return f"{self} (settings.json in the state folder)" if self is Origin.COMMAND else self.value


# By section and name, such as `server.port`: the value, and who says so. A name may hold dots.
Overrides = Mapping[str, tuple[object, Origin]]

NOTHING: Overrides = MappingProxyType({})

VARIABLES = MappingProxyType(
    {"server.host": "POINTSMAN_HOST", "server.port": "POINTSMAN_PORT", "server.socket": "POINTSMAN_SOCKET"}
)


def overrides(
    environ: Mapping[str, str],
    commands: Mapping[str, object] = MappingProxyType({}),
    *,
    host: str | None = None,
    port: int | None = None,
    socket: str | None = None,
) -> Overrides:
    """What commands have set; over it POINTSMAN_HOST, _PORT and _SOCKET; over them the flags of `serve`."""
    flags = {"server.host": host, "server.port": port, "server.socket": socket}
    said: dict[str, tuple[object, Origin]] = {key: (value, Origin.COMMAND) for key, value in commands.items()}
    for key, variable in VARIABLES.items():
        if flags[key] is not None:
            said[key] = (_typed(key, flags[key]), Origin.COMMAND_LINE)
        elif environ.get(variable):  # an empty variable says nothing
            said[key] = (_typed(key, environ[variable]), Origin.ENVIRONMENT)
    return MappingProxyType(said)


def overridden(document: Mapping[str, Any], said: Overrides) -> dict[str, Any]:
    """A copy of the document with the overrides in it. A section that is no table is left to be refused."""
    result = dict(document)
    for dotted_key, (value, _) in said.items():
        section, _, name = dotted_key.partition(".")
        table = result.get(section, {})
        if isinstance(table, Mapping):
            result[section] = {**table, name: value}
    return result


def key_of(path: Sequence[str]) -> str:
    """By which key the value at a path, or what it is a part of, is overridden if it is."""
    return ".".join(path[:2])


def _typed(key: str, value: object) -> object:
    """A shell knows only text. What is no port and no path is left as it is, to be refused by the schema."""
    if not isinstance(value, str):
        return value
    if key == "server.port" and re.fullmatch("[0-9]{1,9}", value):
        return int(value)
    if key == "server.socket" and value not in ("", "auto"):
        return value != "false" and str(Path(value).expanduser().absolute())
    return value
