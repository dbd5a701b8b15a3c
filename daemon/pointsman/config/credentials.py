"""The file that Pointsman keeps keys in: `NAME = "key"` a line, open to nobody but its owner.

A key that was put into the keyring stands there as `NAME = "keyring:NAME"`. No error holds a key.
"""

import fcntl
import json
import os
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from pydantic import SecretStr

from pointsman.config.keys import objection
from pointsman.config.lines import key_lines
from pointsman.config.source import Source, Stamp, read_source, stamp_of
from pointsman.errors import ConfigError

READABLE_BY_OTHERS = 0o077  # permission bits
A_LINE = 'a key in quotes, as in groq = "gsk_..."'
HEAD = "# Keys that `pointsman keys set` was given. Only you may read this file.\n"

Keys = Mapping[str, SecretStr]

NO_KEYS: Keys = MappingProxyType({})


class Kept(NamedTuple):
    """`keys`: keys and references by the name of their place. `bad`: what is wrong with other entries."""

    keys: Keys = NO_KEYS
    bad: Mapping[str, str] = MappingProxyType({})


NOTHING_KEPT = Kept()


class Credentials:
    """What is in the file is read anew each time: another program may have changed it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamp(self) -> Stamp:
        return stamp_of(self.path)

    def read(self) -> Kept:
        """Raises ConfigError where nothing of the file can be used."""
        source = self._source()
        return _kept(source) if source else NOTHING_KEPT

    def keep(self, name: str, key: SecretStr) -> None:
        """Raises ConfigError, and then nothing is changed."""
        self._rewrite(name, f"{_quoted(name)} = {_quoted(key.get_secret_value())}\n")

    def remove(self, name: str) -> None:
        self._rewrite(name, "")

    def _source(self) -> Source | None:
        source = read_source(self.path, explicit=False)
        if source and source.mode is not None and source.mode & READABLE_BY_OTHERS:
            fix = f"chmod 600 {shlex.quote(str(self.path))}"
            raise ConfigError(
                f"others can read it (mode {source.mode:04o}), so that no key of it is used: {fix}",
                str(self.path),
            )
        return source

    def _rewrite(self, name: str, line: str) -> None:
        """One writer at a time, of what stands there now; a reader sees the old file or the new one."""
        target = Path(os.path.realpath(self.path))
        try:
            with _locked(target.parent):
                source = self._source() or Source(self.path, HEAD, None)
                changed = replace(source, text=_without(_ended(source.text), name) + line)
                _check_others(source, changed, name)
                _replace(target, changed.text)
        except OSError as error:
            raise ConfigError(f"can't be written: {error.strerror}", str(self.path)) from None


def _kept(source: Source) -> Kept:
    """An entry that is no key takes no other with it."""
    entries = source.tables()
    bad = {name: _error(source, name, why) for name, value in entries.items() if (why := _objection(value))}
    keys = {name: SecretStr(value) for name, value in entries.items() if name not in bad}
    return Kept(MappingProxyType(keys), MappingProxyType(bad))


def _objection(value: object) -> str | None:
    return objection(SecretStr(value)) if isinstance(value, str) else f"must be {A_LINE}"


def _error(source: Source, name: str, why: str) -> str:
    words = f"{name} {why}; until then it is not used: pointsman keys set {shlex.quote(name)}"
    return ConfigError(words, str(source.path), key_lines(source.text).get((name,))).message


def _check_others(before: Source, after: Source, name: str) -> None:
    """Raises ConfigError where a line is not all of an entry: tables, keys that are spread over lines."""
    others = [
        {other: value for other, value in source.tables().items() if other != name}
        for source in (before, after)
    ]
    if others[0] != others[1]:
        raise ConfigError(f"each entry must be {A_LINE}, on a line of its own", str(before.path))


def _without(text: str, name: str) -> str:
    number = key_lines(text).get((name,))
    lines = text.splitlines(keepends=True)
    return "".join(line for place, line in enumerate(lines, 1) if place != number)


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _quoted(text: str) -> str:
    """JSON's strings, of what can be a name or a key, are TOML's too."""
    return json.dumps(text)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """A lock on the folder itself leaves no file behind."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _replace(target: Path, text: str) -> None:
    """`mkstemp` makes files that only their owner may read."""
    handle, draft = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
