"""Where keys are: a reference names the place, and only `resolve_key` reads it.

A reference is `env:NAME`, `file:PATH` or `keyring:NAME`; anything else is the key itself. No error and
nothing shown ever holds a key.
"""

import hashlib
import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr

from pointsman.config.source import at_once
from pointsman.errors import ConfigError

HIDDEN = "(set)"
KEYRING_SERVICE = "pointsman"  # what our entries in a keyring are filed under
LARGEST_KEY_FILE = 16_384  # bytes
A_KEY = "printable ASCII, not empty, with no space at its ends"

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Reader = Callable[[str, Mapping[str, str]], str]


def resolve_key(reference: SecretStr, environ: Mapping[str, str]) -> str:
    """The key that a reference stands for. Raises ConfigError when there is none that can be sent."""
    if (why := objection(reference)) is not None:
        raise ConfigError(f"the key {why}")
    text = reference.get_secret_value()
    if not is_reference(reference):
        return text
    scheme, _, name = text.partition(":")
    key = _READERS[scheme](name, environ)
    if not sendable(key):
        raise ConfigError(f"{text}: what is there must be {A_KEY}")
    return key


def fingerprint(key: str) -> str:
    """Eight hex digits that tell one key from another, and nothing else of it."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


def sendable(key: str) -> bool:
    """A key is sent in a header: a line break in it would be another header."""
    return bool(key) and key.isascii() and key.isprintable() and key == key.strip()


def is_reference(key: SecretStr) -> bool:
    scheme, colon, _ = key.get_secret_value().partition(":")
    return bool(colon) and scheme in _READERS


def show_key(key: SecretStr | None) -> str | None:
    """A reference as it is; of a key only that there is one."""
    if key is None:
        return None
    return key.get_secret_value() if is_reference(key) else HIDDEN


def objection(key: SecretStr) -> str | None:
    """Why no key can be meant by this, or None. It also finds, and doesn't show, a key after `env:`."""
    text = key.get_secret_value()
    scheme, _, name = text.partition(":")
    if not is_reference(key):
        return None if sendable(text) else f"must be {A_KEY}"
    if scheme == "env" and not _VARIABLE.fullmatch(name):
        return "must name an environment variable after env: (letters, digits, _)"
    if scheme == "file" and not name.startswith(("/", "~")):
        return "must name a file after file: by an absolute path, or by one that begins with ~/"
    return None if name and name.isprintable() else f"must name what is meant after {scheme}:"


def expand(path: str, environ: Mapping[str, str]) -> Path:
    """`~/` is the home folder that the environment names."""
    if path.startswith("~/") and environ.get("HOME"):
        return Path(environ["HOME"], path[2:])
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ConfigError(
            f"the home folder that {path} begins with is not known: write the whole path"
        ) from None


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    if not environ.get(name):
        raise ConfigError(
            f"env:{name}: the environment variable {name} is not set: set it, or name another key"
        )
    return environ[name]


def _from_file(name: str, environ: Mapping[str, str]) -> str:
    path = expand(name, environ)
    try:
        with open(path, "rb", opener=at_once) as file:
            content = file.read(LARGEST_KEY_FILE + 1) or b""  # of a pipe that nobody has written into: None
    except OSError as error:
        raise ConfigError(f"file:{name}: can't be read: {error.strerror}") from None
    if len(content) > LARGEST_KEY_FILE:
        raise ConfigError(f"file:{name}: is larger than {LARGEST_KEY_FILE:,} bytes: it can't be one key")
    return content.decode("ascii", errors="replace").rstrip("\r\n")


def keep_in_keyring(name: str, key: SecretStr) -> SecretStr:
    """Files a key, and gives the reference to it. Raises ConfigError."""
    with _keyring(name) as keyring:
        keyring.set_password(KEYRING_SERVICE, name, key.get_secret_value())
    return SecretStr(f"keyring:{name}")


def remove_from_keyring(name: str) -> None:
    """Raises ConfigError; that there was none is as well."""
    with _keyring(name) as keyring:
        if keyring.get_password(KEYRING_SERVICE, name) is not None:
            keyring.delete_password(KEYRING_SERVICE, name)


@contextmanager
def _keyring(name: str) -> Iterator[Any]:
    """The library, which is no dependency; what it raises may hold what it was given."""
    try:
        keyring = importlib.import_module("keyring")
        errors = importlib.import_module("keyring.errors")
    except ImportError:
        raise ConfigError(
            f"keyring:{name}: the keyring can't be asked: pip install 'pointsman[keyring]'"
        ) from None
    try:
        yield keyring
    except errors.KeyringError as error:
        raise ConfigError(f"keyring:{name}: the keyring doesn't answer ({type(error).__name__})") from None


def _from_keyring(name: str, _environ: Mapping[str, str]) -> str:
    with _keyring(name) as keyring:
        key: str | None = keyring.get_password(KEYRING_SERVICE, name)
    if key is None:
        raise ConfigError(f"keyring:{name}: there is none yet: keyring set {KEYRING_SERVICE} {name}")
    return key


_READERS: Mapping[str, Reader] = MappingProxyType(
    {"env": _from_environment, "file": _from_file, "keyring": _from_keyring}
)
