"""The file that Pointsman keeps keys in: `NAME = "key"` a line, open to nobody but its owner.

A key that was put into the keyring stands there as `NAME = "keyring:NAME"`. No error holds a key.
"""

import fcntl
import json
import os
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from pydantic import SecretStr

from pointsman.config.keys import objection
from pointsman.config.lines import key_lines
from pointsman.config.source import Source, read_source
from pointsman.errors import ConfigError

READABLE_BY_OTHERS = 0o077  # permission bits
HEAD = "# Keys that `pointsman keys set` was given. Only you may read this file.\n"

Keys = Mapping[str, SecretStr]

NO_KEYS: Keys = MappingProxyType({})


class Credentials:
    """What is in the file is read anew each time: another program may have changed it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Keys:
        """Keys and references by the name of their place. Raises ConfigError."""
        source = read_source(self.path, explicit=False)
        return _keys(source) if source else NO_KEYS

    def keep(self, name: str, key: SecretStr) -> None:
        """Raises ConfigError, and then nothing is changed."""
        self._rewrite(lambda text: f"{_without(text, name)}{_quoted(name)} = {_quoted(_plain(key))}\n")

    def remove(self, name: str) -> None:
        self._rewrite(lambda text: _without(text, name))

    def _rewrite(self, change: Callable[[str], str]) -> None:
        """One writer at a time, of what stands there now; a reader sees the old file or the new one."""
        target = Path(os.path.realpath(self.path))
        try:
            with _locked(target.parent):
                self.read()  # what others can read, or nobody, is not written to
                source = read_source(target, explicit=False)
                changed = change(_ended(source.text) if source else HEAD)
                Source(self.path, changed, None).tables()  # a key that is spread over lines stays as it is
                _replace(target, changed)
        except OSError as error:
            raise ConfigError(f"can't be written: {error.strerror}", str(self.path)) from None


def _keys(source: Source) -> Keys:
    if source.mode is not None and source.mode & READABLE_BY_OTHERS:
        fix = f"chmod 600 {shlex.quote(str(source.path))}"
        raise ConfigError(
            f"others can read it (mode {source.mode:04o}), so that no key of it is used: {fix}",
            str(source.path),
        )
    return MappingProxyType({name: _key(name, value, source) for name, value in source.tables().items()})


def _key(name: str, value: object, source: Source) -> SecretStr:
    key = SecretStr(value) if isinstance(value, str) else None
    why = 'must be a key in quotes, as in groq = "gsk_..."' if key is None else objection(key)
    if key is None or why is not None:
        raise ConfigError(f"{name} {why}", str(source.path), key_lines(source.text).get((name,)))
    return key


def _without(text: str, name: str) -> str:
    number = key_lines(text).get((name,))
    lines = text.splitlines(keepends=True)
    return "".join(line for place, line in enumerate(lines, 1) if place != number)


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _quoted(text: str) -> str:
    """JSON's strings, of what can be a name or a key, are TOML's too."""
    return json.dumps(text)


def _plain(key: SecretStr) -> str:
    return key.get_secret_value()


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
