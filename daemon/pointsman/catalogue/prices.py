"""What models cost whose own list does not say: a table of known prices, by the host of their API.

The table is `prices.json`, written from the `genai-prices` package by `catalogue.prices_table` when Pointsman
is made: the package itself takes some 30 MB and a quarter of a second, the table 0.4 MB and a millisecond. It
is asked after the user's word and after the provider's own list. Whom it does not know has no price, and
nothing in it costs nothing: a zero in a table of prices is as often a gap as a gift.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

import msgspec

from pointsman.money import Price, PriceTier

PACKAGED = Path(__file__).with_name("prices.json")
LIST_PREFIX = "models/"  # Google's list says `models/gemini-...`, its documentation `gemini-...`
COMPACT_DATE = re.compile(r"-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")

Known = Callable[[str, str], Price | None]
"""What a model costs, by its API's URL and its name; None: not known."""

Clause = str | tuple[str, ...]  # a test of a name by its first character, or several that all must hold


class Row(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """One price as the table writes it; `above` and the times of day are those of a tier."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_hour: int | None = None
    request: int = 0
    unpriced: tuple[str, ...] = ()
    above: int = 0
    utc_start: int | None = None
    utc_end: int | None = None
    audio: int | None = None
    audio_output: int | None = None


class Period(msgspec.Struct, frozen=True, array_like=True):
    """What holds from a day on; the first row is the plain price, the others are its tiers."""

    since: date | None
    rows: tuple[Row, ...]


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A model by the names it goes by, any of which will do."""

    names: tuple[Clause, ...]
    periods: tuple[Period, ...]  # in order


class Table(msgspec.Struct, frozen=True):
    """The file. `source` names the package and its version, `licence` is the package's."""

    source: str
    written: date
    licence: str
    hosts: dict[str, tuple[Entry, ...]]


@dataclass(frozen=True, slots=True)
class Library:
    """The table, ready to be asked. An empty one knows no price."""

    hosts: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    written: date = date.min

    def price(self, api: str, name: str, today: date) -> Price | None:
        """What a model costs at the API with that URL; None: not known."""
        plain = name.lower().removeprefix(LIST_PREFIX)
        entries = self.hosts.get(urlsplit(api).hostname or "", ())
        for spelled in dict.fromkeys((plain, COMPACT_DATE.sub(r"-\1-\2-\3", plain))):
            for entry in entries:
                if any(_is_called(spelled, clause) for clause in entry.names):
                    return _in_force(entry.periods, today)
        return None


def packaged() -> Library:
    """The table that comes with Pointsman."""
    table = msgspec.json.decode(PACKAGED.read_bytes(), type=Table)
    return Library(MappingProxyType(table.hosts), table.written)


def known_prices(wall: Callable[[], float]) -> Known:
    """The table that comes with Pointsman, at each day's prices."""
    library = packaged()

    def price(api: str, name: str) -> Price | None:
        return library.price(api, name, datetime.fromtimestamp(wall(), UTC).date())

    return price


def _is_called(name: str, clause: Clause) -> bool:
    if not isinstance(clause, str):
        return all(_is_called(name, one) for one in clause)
    how, what = clause[0], clause[1:]
    match how:
        case "=":
            return name == what
        case "^":
            return name.startswith(what)
        case "$":
            return name.endswith(what)
        case "*":
            return what in name
        case _:
            return re.search(what, name) is not None


def _in_force(periods: tuple[Period, ...], today: date) -> Price | None:
    begun = [period for period in periods if period.since is None or period.since <= today]
    return _price(begun[-1].rows) if begun else None


def _price(rows: tuple[Row, ...]) -> Price | None:
    """None: for a time it has none."""
    if not rows:
        return None
    plain, *tiers = rows
    return _plain(
        plain, tuple(PriceTier(_plain(row), row.above, row.utc_start, row.utc_end) for row in tiers)
    )


def _plain(row: Row, tiers: tuple[PriceTier, ...] = ()) -> Price:
    return Price(
        input=row.input,
        output=row.output,
        cache_read=row.cache_read,
        cache_write=row.cache_write,
        cache_write_hour=row.cache_write_hour,
        audio=row.audio,
        audio_output=row.audio_output,
        request=row.request,
        tiers=tiers,
        unpriced=row.unpriced,
    )
