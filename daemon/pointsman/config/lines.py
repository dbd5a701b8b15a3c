"""On which line of a TOML text each key stands: tomllib reads values and forgets where they were.

The text is one that tomllib has accepted, so that only what moves lines and keys is looked at. What
stands inside a value (an inline table, an array) has the line of the value's key.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from types import MappingProxyType

KeyPath = tuple[str, ...]

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
_DOTTED = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_ONE_KEY = re.compile(_KEY)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_HEADER = re.compile(rf"\[\[?[ \t]*({_DOTTED})[ \t]*\]\]?")
_PAIR = re.compile(rf"({_DOTTED})[ \t]*=[ \t]*")
# What a value is made of; of these only brackets and line ends decide where it stops.
_PIECE = re.compile(
    r'''"""(?:\\[\s\S]|[^\\])*?"{3,5}'''
    r"""|'''[\s\S]*?'{3,5}"""
    r"""|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\#[^\n]*|[\[{]|[\]}]|\n|[^"'\#\[\]{}\n]+"""
)


def dotted(path: KeyPath) -> str:
    """A path as TOML writes it: `prices."mine/big".input`."""
    return ".".join(part if _BARE.fullmatch(part) else _quoted(part) for part in path)


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """The line (from 1) of each key and table, of tables that are only implied their first key's."""
    lines: dict[KeyPath, int] = {}
    line, counted = 1, 0
    for path, position in _keys(text):
        line, counted = line + text.count("\n", counted, position), position
        for length in range(1, len(path) + 1):
            lines.setdefault(path[:length], line)
    return MappingProxyType(lines)


def line_of(path: KeyPath, lines: Mapping[KeyPath, int]) -> int | None:
    """The line of a key, else of the nearest table around it that is in the text."""
    return next((lines[path[:length]] for length in range(len(path), 0, -1) if path[:length] in lines), None)


def _quoted(part: str) -> str:
    escaped = part.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def _keys(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Each key that stands in the text, with its table before it, and where."""
    table: KeyPath = ()
    position = _after(_BLANK, text, 0)
    while position < len(text):
        if header := _HEADER.match(text, position):
            table = _path(header[1])
            yield table, position
            end = header.end()
        elif pair := _PAIR.match(text, position):
            yield table + _path(pair[1]), position
            end = _end_of_value(text, pair.end())
        else:
            return  # not TOML after all: what was found so far is what can be told
        position = _after(_BLANK, text, end)


def _after(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position


def _end_of_value(text: str, position: int) -> int:
    depth = 0
    while piece := _PIECE.match(text, position):
        depth += (piece[0] in ("[", "{")) - (piece[0] in ("]", "}"))
        position = piece.end()
        if depth == 0 and piece[0] == "\n":
            break
    return position


def _path(dotted_key: str) -> KeyPath:
    return tuple(_plain(key) for key in _ONE_KEY.findall(dotted_key))


def _plain(key: str) -> str:
    if key[0] not in "\"'":
        return key
    unquoted: str = tomllib.loads(f"key = {key}")["key"]
    return unquoted
