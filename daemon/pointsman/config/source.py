"""The file itself: read, decoded and parsed, or a ConfigError that says why not."""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pointsman.config.lines import KeyPath
from pointsman.errors import ConfigError

LARGEST = 1_000_000  # bytes; what is longer would keep requests waiting while it is read again

_TOML_LINE = re.compile(r" \(at line (\d+), column \d+\)$")
_TOML_END = " (at end of document)"


Stamp = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What a configuration says, the line of each key, and what is in it that has no meaning here."""

    tables: Mapping[str, Any]
    lines: Mapping[KeyPath, int]
    unused: tuple[KeyPath, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """`mode` is the permission bits, None where a system has none."""

    path: Path
    text: str
    mode: int | None

    def tables(self) -> dict[str, Any]:
        """What TOML makes of the text. Numbers with a fraction are Decimals: prices stay what was written."""
        try:
            return tomllib.loads(self.text, parse_float=_number)
        except tomllib.TOMLDecodeError as error:
            raise self._not_toml(str(error)) from None
        except ValueError:
            raise ConfigError("a number in it has too many digits", str(self.path)) from None
        except RecursionError:
            raise ConfigError("its brackets are nested too deeply", str(self.path)) from None

    def _not_toml(self, why: str) -> ConfigError:
        found = _TOML_LINE.search(why)
        line = int(found[1]) if found else self.text.rstrip().count("\n") + 1
        what = why[: found.start()] if found else why.removesuffix(_TOML_END)
        return ConfigError(f"not valid TOML: {what[:1].lower()}{what[1:]}", str(self.path), line)


def read_source(path: Path, *, explicit: bool) -> Source | None:
    """None: there is no such file, and none was asked for by name."""
    try:
        with open(path, "rb", opener=at_once) as file:
            content, mode = file.read(LARGEST + 1), os.fstat(file.fileno()).st_mode
    except FileNotFoundError:
        if explicit:
            raise ConfigError("there is no such file", str(path)) from None
        return None
    except OSError as error:
        raise ConfigError(f"can't be read: {error.strerror}", str(path)) from None
    if stat.S_ISFIFO(mode):
        raise ConfigError("is a pipe, which could not be read again: name a file", str(path))
    if len(content) > LARGEST:
        raise ConfigError(f"is larger than {LARGEST:,} bytes: no configuration is", str(path))
    return Source(path, _decoded(content, path), mode & 0o777 if os.name == "posix" else None)


def at_once(path: str, flags: int) -> int:
    """Opened without waiting for somebody to write into it, as one waits at a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def stamp_of(path: Path) -> Stamp:
    """It is another after each change of the file or of its mode."""
    try:
        told = path.stat()
    except OSError:
        return ()
    return told.st_ino, told.st_size, told.st_mtime_ns, told.st_mode


def _decoded(content: bytes, path: Path) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError("must be UTF-8 text, and is not from this line on", str(path), line) from None


def _number(text: str) -> Decimal | float:
    """Infinity, which no field takes, stays a float: as a Decimal it could not be compared."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return float(text)
    return number if number.is_finite() else float(text)
