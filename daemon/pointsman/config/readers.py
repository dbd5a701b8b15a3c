"""How a value of the file becomes one of ours, and how it is written back.

A reader takes what TOML gave, or raises what `wrong` makes; it never guesses. No message holds the
value: in the wrong place it may be a key.
"""

import math
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum
from types import MappingProxyType
from typing import Literal, TypeVar
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from pointsman.config.keys import objection

E = TypeVar("E", bound=Enum)

LONGEST = 366 * 86_400  # seconds
NO_LIMIT = "none"
A_DURATION = 'a duration such as "30m", "6h" or "1d", a number of seconds above 0, or false for never'
A_SIGN = 'words in small letters a to z, such as "deploy|release ... server", "on call" or "^ translate"'
A_SOCKET = '"auto", an absolute path in quotes, or false for none'

_DURATION = re.compile(r"(?:[0-9]{1,9}[smhd])+")
_PLACE = r"(?:[a-z][a-z0-9']*[+#]{0,2}|0)(?:\|(?:[a-z][a-z0-9']*[+#]{0,2}|0))*"
_PHRASES = rf"{_PLACE}(?: (?:\.\.\. )?{_PLACE})*"
_SIGN = re.compile(rf"(?:\^ )?{_PHRASES}(?:, {_PHRASES})*")
_UNITS = MappingProxyType({"d": 86_400, "h": 3_600, "m": 60, "s": 1})  # seconds, the longest first


def wrong(message: str) -> PydanticCustomError:
    return PydanticCustomError("wrong", "{message}", {"message": message})


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant, or nothing."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=0.6)), "")


def word(value: Enum) -> str:
    """How a member is written in the file."""
    return value.value if isinstance(value.value, str) else value.name.lower()


def words(kind: type[Enum]) -> str:
    return "one of " + ", ".join(word(member) for member in kind)


def one_of(kind: type[E]) -> Callable[[object], E]:
    """A reader of a member by its word."""
    members = MappingProxyType({word(member): member for member in kind})

    def read(value: object) -> E:
        if isinstance(value, kind):
            return value
        if isinstance(value, str) and value in members:
            return members[value]
        near = nearest(value, members) if isinstance(value, str) else ""
        raise wrong(f"must be {words(kind)}" + (f"; did you mean {near}?" if near else ""))

    return read


def read_names(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def read_sign(value: str) -> str:
    """As `routing.signs` reads it. A word that is spelled otherwise would never be seen."""
    if not _SIGN.fullmatch(value):
        raise wrong(f"must be {A_SIGN}")
    return value


def read_decimal(value: object) -> object:
    """TOML's numbers come as int and Decimal; a float comes from Python code, and counts as it is printed."""
    if isinstance(value, float) and math.isfinite(value):
        return Decimal(str(value))
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def read_limit(value: object) -> object:
    """None for "none", which has none. A missing value is no such word."""
    if value == NO_LIMIT:
        return None
    if value is None or isinstance(value, str):
        raise wrong(
            'must be a number, in US dollars: 5.00 without quotes or a currency, or "none" for no limit'
        )
    return value


def show_limit(limit: Decimal | None) -> float | str:
    return NO_LIMIT if limit is None else float(limit)


def read_duration(value: object) -> float | None:
    """Seconds; None for false, which is never."""
    if value is False or value is None:
        return None
    if isinstance(value, str) and _DURATION.fullmatch(value):
        value = sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"([0-9]+)([smhd])", value))
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not 0 < value <= LONGEST:
        raise wrong(f"must be {A_DURATION}, and at most a year")
    return float(value)


def show_duration(seconds: float | None) -> str | float | Literal[False]:
    """As it would be written: "6h", "1h30m"; plain seconds where they have a fraction."""
    if seconds is None:
        return False
    if not seconds.is_integer():
        return seconds
    left, shown = int(seconds), ""
    for unit, size in _UNITS.items():
        count, left = divmod(left, size)
        shown += f"{count}{unit}" if count else ""
    return shown


def read_url(value: str) -> str:
    """An address that paths can be added to; a slash at its end means nothing and is left out.

    A server on a Unix socket has the socket's path for its address: `unix:/run/llama.sock`.
    """
    if value.startswith("unix:/") and value.isprintable():
        return value
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that don't close, a port that is no number
        usable = False
    if not usable or not value.isprintable() or " " in value:
        raise wrong(
            "must be an http:// or https:// address with a host, such as http://127.0.0.1:8080/v1, "
            "or unix: and the whole path of a Unix socket"
        )
    _nothing_but_a_place(parts)
    return value.rstrip("/")


def _nothing_but_a_place(parts: SplitResult) -> None:
    if "@" in parts.netloc:
        raise wrong("must not hold a user name or a password: give the key as api_key")
    if parts.query or parts.fragment:
        raise wrong("must end with its path, with no ? or # after it")


def read_socket(value: object) -> object:
    """A relative path would mean another file in each folder that the daemon is started from."""
    if value is False or value == "auto":
        return value
    if isinstance(value, str) and value.startswith(("/", "~/")) and value.isprintable():
        return value
    raise wrong(f"must be {A_SOCKET}")


def read_reference(value: SecretStr) -> SecretStr:
    if (why := objection(value)) is not None:
        raise wrong(why)
    return value
