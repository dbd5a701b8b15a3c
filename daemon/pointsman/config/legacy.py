"""The older configuration: a JSON file of another program, read as it is.

    {"agents": {"defaults": {"model": "...", "subagentModel": "...", "delegationModel": "..."}},
     "providers": {"openrouter": {"apiKey": "...", "apiBase": "..."}}}

An empty text or null there means that nothing is set, and `"${NAME}"` that a variable holds the key. The
rest of such a file is for its own program, and is told as not used.
"""

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from pointsman.config.lines import KeyPath
from pointsman.config.source import Document, Source
from pointsman.errors import ConfigError

ROLES: Final = MappingProxyType(
    {"model": "main", "subagentModel": "subagent", "delegationModel": "delegation"}
)
FIELDS: Final = MappingProxyType({"apiKey": "api_key", "apiBase": "api_base"})
EXPECTED = (
    "nothing in it is an older configuration's: neither agents.defaults with "
    f"{', '.join(ROLES)} nor providers.NAME with {', '.join(FIELDS)}"
)
NOT_SET = ("", None)

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PIECE = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\]:]')


def is_json(source: Source) -> bool:
    """By its name, or as no TOML begins."""
    return source.path.suffix == ".json" or source.text.lstrip().startswith("{")


def read_older(source: Source) -> Document:
    """What it says in our words, each key with its line in the JSON. Raises ConfigError for another JSON."""
    values = dict(_values(_parsed(source)))
    places = {path: place for path in values if (place := _place(path))}
    if not places:
        raise ConfigError(EXPECTED, str(source.path))
    lines = json_lines(source.text)
    tables: dict[str, Any] = {}
    said = [path for path, value in values.items() if value not in NOT_SET]
    for path in filter(places.get, said):
        _put(tables, places[path], _meant(values[path]))
    ours = {place: lines[path] for path, place in places.items()}
    unused = tuple(path for path in said if path not in places)
    return Document(tables, MappingProxyType({**lines, **ours}), unused)


def json_lines(text: str) -> Mapping[KeyPath, int]:
    """The line (from 1) of each key in the objects of a JSON text, which must be one."""
    lines: dict[KeyPath, int] = {}
    around: list[str] = []  # the key that was last begun, in each object and array that is open
    name, line, counted = "", 1, 0
    for piece in _PIECE.finditer(text):
        line, counted = line + text.count("\n", counted, piece.start()), piece.start()
        match piece[0]:
            case "{" | "[":
                around.append("")
            case "}" | "]":
                around.pop()
            case ":":
                around[-1] = json.loads(name)
                lines[tuple(around)] = line
            case _:
                name = piece[0]
    return MappingProxyType(lines)


def _parsed(source: Source) -> dict[str, Any]:
    try:
        values = json.loads(source.text)
    except json.JSONDecodeError as error:
        # Not chained: the library's error holds the whole text, keys too.
        why = f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise ConfigError(why, str(source.path), error.lineno) from None
    except ValueError:
        raise ConfigError("a number in it has too many digits", str(source.path)) from None
    except RecursionError:
        raise ConfigError("its brackets are nested too deeply", str(source.path)) from None
    if not isinstance(values, dict):
        raise ConfigError("must be a JSON object", str(source.path))
    return values


def _values(table: Mapping[str, Any], at: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Each value with its keys: single ones where we look, whole tables where we don't."""
    for name, value in table.items():
        path = (*at, name)
        if isinstance(value, dict) and _leads_on(path):
            yield from _values(value, path)
        else:
            yield path, value


def _leads_on(path: KeyPath) -> bool:
    match path:
        case ("agents" | "providers",) | ("agents", "defaults") | ("providers", _):
            return True
    return False


def _place(path: KeyPath) -> KeyPath:
    """Where in our configuration a value belongs; empty: nowhere."""
    match path:
        case ("agents", "defaults", name) if name in ROLES:
            return ("roles", ROLES[name])
        case ("providers", provider, name) if name in FIELDS:
            return ("providers", provider, FIELDS[name])
    return ()


def _meant(value: object) -> object:
    variable = _VARIABLE.fullmatch(value) if isinstance(value, str) else None
    return f"env:{variable[1]}" if variable else value


def _put(tables: dict[str, Any], place: KeyPath, value: object) -> None:
    *around, name = place
    for part in around:
        tables = tables.setdefault(part, {})
    tables[name] = value
