"""What a client says of its request in `X-Pointsman-*` headers: the same in every dialect."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from typing import TypeVar

from pointsman.calls import Hints
from pointsman.errors import BadRequest
from pointsman.modes import Privacy
from pointsman.money import NANO
from pointsman.types import Grade, Priority, TaskKind

M = TypeVar("M", bound=IntEnum)

NOTHING = Hints()

LONGEST_NAME = 100  # characters of an application's name
PREFIX = "x-pointsman-"
UNDERSTOOD = frozenset(
    PREFIX + name
    for name in (
        *("app", "hop", "priority", "privacy", "role", "profile", "floor", "task"),
        *("max-cost", "session", "revision"),
    )
)
YES, NO = frozenset({"1", "true", "yes"}), frozenset({"", "0", "false", "no"})
MOST = 10**6  # US dollars


def read_hints(headers: Mapping[str, str]) -> Hints:
    """Raises BadRequest for a value that means nothing; `headers` is looked up without regard to case."""
    if not any(name[: len(PREFIX)].lower() == PREFIX for name in headers):
        return NOTHING
    _refuse_unclear(headers)
    priority = headers.get("X-Pointsman-Priority")
    return Hints(
        app=_name(headers, "App"),
        privacy=_privacy(headers.get("X-Pointsman-Privacy", "any")),
        priority=None if priority is None else _member(Priority, priority, "Priority"),
        role=_name(headers, "Role"),
        profile=_name(headers, "Profile"),
        floor=_member(Grade, floor, "Floor") if (floor := headers.get("X-Pointsman-Floor")) else None,
        kind=_kind(headers.get("X-Pointsman-Task")),
        at_most=_dollars(headers.get("X-Pointsman-Max-Cost")),
        session=_name(headers, "Session"),
        revises=_flag(headers.get("X-Pointsman-Revision", "")),
    )


def _name(headers: Mapping[str, str], what: str) -> str:
    name = headers.get(f"X-Pointsman-{what}", "").strip()
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise BadRequest(f"X-Pointsman-{what} is a printable name of at most {LONGEST_NAME} characters")
    return name


def _refuse_unclear(headers: Mapping[str, str]) -> None:
    """A wish that is silently not granted is worse than none: it may be a limit on what is spent, or seen."""
    ours = [name.lower() for name, _ in headers.items() if name[: len(PREFIX)].lower() == PREFIX]
    for name in ours:
        if name not in UNDERSTOOD:
            raise BadRequest(f"{name[:LONGEST_NAME]} is not understood by this version of Pointsman")
        if ours.count(name) > 1:
            raise BadRequest(f"{name} is there more than once: which of them counts?")


def _privacy(word: str) -> Privacy:
    try:
        return Privacy(word.strip().lower())
    except ValueError:
        raise BadRequest(f"X-Pointsman-Privacy is local, no-train or any, not {word!r}") from None


def _member(kind: type[M], word: str, what: str) -> M:
    try:
        return kind[word.strip().upper()]
    except KeyError:
        words = ", ".join(one.name.lower() for one in kind)
        raise BadRequest(f"X-Pointsman-{what} is one of {words}, not {word[:LONGEST_NAME]!r}") from None


def _kind(word: str | None) -> TaskKind | None:
    if word is None:
        return None
    try:
        return TaskKind(word.strip().lower())
    except ValueError:
        raise BadRequest(
            f"X-Pointsman-Task is one of {', '.join(TaskKind)}, not {word[:LONGEST_NAME]!r}"
        ) from None


def _dollars(text: str | None) -> int | None:
    """Nano-dollars, rounded down."""
    if text is None:
        return None
    try:
        dollars = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation:
        dollars = Decimal(-1)
    if not dollars.is_finite() or not 0 <= dollars <= MOST:
        raise BadRequest(
            f"X-Pointsman-Max-Cost is an amount of US dollars such as 0.05, not {text[:LONGEST_NAME]!r}"
        )
    return int(dollars * NANO)


def _flag(word: str) -> bool:
    known = word.strip().lower()
    if known not in YES | NO:
        raise BadRequest(f"X-Pointsman-Revision is true or false, not {word[:LONGEST_NAME]!r}")
    return known in YES
