"""What is seen of the daemon: an icon's kind, a title, a menu. Nothing here asks, draws or waits."""

import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from pointsman.cli.show import count, flat, money
from pointsman.cli.story import six_lines
from pointsman.server.control.choice_shapes import ProfilesShape
from pointsman.server.control.shapes import BudgetShape, EndpointShape, RequestShape, StatusShape

NAME = "Pointsman"
WIDE = 72  # characters of a menu's line; what is longer goes on below
FEW = 4  # places that are named for each tier
TOTAL, DAY = "total", "day"  # a budget's scope and window
TIERS = ("local", "free", "paid")
NORMAL, PAUSED = "normal", "paused"
MODES: Mapping[str, str] = MappingProxyType(
    {NORMAL: "all that is allowed", "no-paid": "nothing paid", "local-only": "local only", PAUSED: "paused"}
)


class Kind(StrEnum):
    """What the icon says: who answered last, or that nobody will."""

    LOCAL = "local"
    FREE = "free"
    PAID = "paid"
    IDLE = "idle"
    PAUSED = "paused"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Change:
    """What a click tells the daemon: that a field has this value, at a path of its control API."""

    path: str
    field: str
    value: str


class Quit:
    """The click that ends the tray."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the menu. Without a deed it only tells, or opens what is under it."""

    label: str  # empty: a line between others
    deed: Change | Quit | None = None
    chosen: bool | None = None  # None: it is not one of several to choose from
    items: tuple["Item", ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    kind: Kind
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Glance:
    """What the daemon said at one moment."""

    status: StatusShape
    profiles: ProfilesShape
    last: RequestShape | None  # None: there was no request yet


SEPARATOR = Item("")
QUIT = Item("Quit this icon", Quit())


def view(glance: Glance) -> View:
    status, last = glance.status, glance.last
    items = (
        *_told(_who(last)),
        *_told(_spent_today(status)),
        *(item for budget in _other_budgets(status) for item in _told(_budget(budget))),
        *(_why(last) if last else ()),
        SEPARATOR,
        *(item for tier in TIERS for item in _told(_tier(tier, status))),
        SEPARATOR,
        Item(f"Profile: {flat(glance.profiles['active'])}", items=tuple(_profiles(glance.profiles))),
        Item(f"Mode: {_mode(status)}", items=tuple(_modes(status["mode"]["mode"]))),
        SEPARATOR,
        QUIT,
    )
    return View(_kind(status, last), _title(status, last), items)


def away(trouble: str) -> View:
    """Nobody answers, for this reason."""
    return View(Kind.AWAY, f"{NAME}: no daemon", (*_told(trouble), SEPARATOR, QUIT))


def untold(trouble: str) -> View:
    """A daemon runs, and does not tell how it stands, for this reason."""
    return View(Kind.AWAY, f"{NAME}: the daemon runs, and can't be shown", (*_told(trouble), SEPARATOR, QUIT))


def _kind(status: StatusShape, last: RequestShape | None) -> Kind:
    if status["mode"]["mode"] == PAUSED:
        return Kind.PAUSED
    tier = last["request"]["tier"] if last else ""
    return Kind(tier) if tier in TIERS else Kind.IDLE


def _title(status: StatusShape, last: RequestShape | None) -> str:
    said = "" if status["mode"]["mode"] == NORMAL else _mode(status)
    return flat(f"{NAME}: {', '.join(filter(None, (_model(last), _spent_today(status), said)))}")


def _mode(status: StatusShape) -> str:
    return MODES.get(status["mode"]["mode"], status["mode"]["mode"])


def _model(last: RequestShape | None) -> str:
    """`llama-server/qwen3 (local)`"""
    if last is None:
        return "no request yet"
    request = last["request"]
    return f"{request['model']} ({request['tier']})" if request["model"] else "nobody answered"


def _who(last: RequestShape | None) -> str:
    """`llama-server/qwen3 (local), for aider at 14:03`"""
    if last is None:
        return "No request yet"
    return f"{_model(last)}, for {last['request']['app'] or 'an unknown program'} {_when(last)}"


def _when(last: RequestShape) -> str:
    """By the clock: a menu stands for longer than `just now` is true."""
    at = time.localtime(last["request"]["at"])
    today = at[:3] == time.localtime()[:3]
    return time.strftime("at %H:%M" if today else "on %-d %b at %H:%M", at)


def _spent_today(status: StatusShape) -> str:
    """`$0.42 of $1.00 today`, by the day's tightest budget."""
    if daily := [one for one in status["budgets"] if _is_daily(one)]:
        return f"{_of(min(daily, key=lambda one: one['left'] or 0))} today"
    sums = status["today"].values()
    unpriced = sum(one["unpriced"] for one in sums)
    unknown = f" and {count(unpriced, 'attempt')} of unknown cost" if unpriced else ""
    return f"{money(sum(one['cost'] for one in sums))}{unknown} today"


def _is_daily(budget: BudgetShape) -> bool:
    return budget["window"] == DAY and budget["scope"] == TOTAL and budget["limit"] is not None


def _other_budgets(status: StatusShape) -> Iterator[BudgetShape]:
    return (one for one in status["budgets"] if one["limit"] is not None and not _is_daily(one))


def _budget(budget: BudgetShape) -> str:
    step = "" if budget["step"] == NORMAL else f", {budget['step']}"
    return f"Budget {budget['name']}: {_of(budget)}{step}"


def _of(budget: BudgetShape) -> str:
    return f"{money(budget['spent'])} of {money(budget['limit'])}"


def _why(last: RequestShape) -> Iterator[Item]:
    yield Item("Why the last one?", items=tuple(_told(*six_lines(last, _when(last)))))


def _tier(tier: str, status: StatusShape) -> str:
    """`Local: 3 models, of llama-server and ollama (away)`"""
    number = status["models"].get(tier, 0)
    places = [_place(one) for one in status["endpoints"] if tier in (one["tiers"] or [one["tier"]])]
    if len(places) > FEW:
        places[FEW:] = [count(len(places) - FEW, "other")]
    of = f", of {_listed(places)}" if places else ""
    return f"{tier.capitalize()}: {count(number, 'model') if number else 'none'}{of}"


def _listed(names: Sequence[str]) -> str:
    *some, last = names
    return f"{', '.join(some)} and {last}" if some else last


def _place(endpoint: EndpointShape) -> str:
    return endpoint["id"] if endpoint["health"] == "up" else f"{endpoint['id']} ({endpoint['health']})"


def _profiles(profiles: ProfilesShape) -> Iterator[Item]:
    for one in profiles["profiles"]:
        name = one["name"]
        yield Item(flat(name), Change("/profile", "profile", name), chosen=name == profiles["active"])


def _modes(mode: str) -> Iterator[Item]:
    for name, label in MODES.items():
        yield Item(label, Change("/mode", "mode", name), chosen=name == mode)


def _told(*texts: str) -> Sequence[Item]:
    """On as many lines as it takes. Columns are for terminals."""
    wrapper = textwrap.TextWrapper(WIDE, subsequent_indent="    ", break_on_hyphens=False)
    return [Item(line) for text in texts for line in wrapper.wrap(" ".join(flat(text).split()))]
