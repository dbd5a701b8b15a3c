"""What a client says of its request in `X-Pointsman-*` headers: the same in every dialect."""

from collections.abc import Mapping

from pointsman.calls import Hints, Priority
from pointsman.errors import BadRequest
from pointsman.modes import Privacy

LONGEST_NAME = 100  # characters of an application's name
PREFIX = "x-pointsman-"
UNDERSTOOD = frozenset({"x-pointsman-app", "x-pointsman-hop", "x-pointsman-priority", "x-pointsman-privacy"})


def read_hints(headers: Mapping[str, str]) -> Hints:
    """Raises BadRequest for a value that means nothing; `headers` is looked up without regard to case."""
    _refuse_unclear(headers)
    app = headers.get("X-Pointsman-App", "").strip()
    if len(app) > LONGEST_NAME or not app.isprintable():
        raise BadRequest(f"X-Pointsman-App is a printable name of at most {LONGEST_NAME} characters")
    return Hints(
        app=app,
        privacy=_privacy(headers.get("X-Pointsman-Privacy", "any")),
        priority=_priority(headers.get("X-Pointsman-Priority", "normal")),
    )


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


def _priority(word: str) -> Priority:
    try:
        return Priority[word.strip().upper()]
    except KeyError:
        raise BadRequest(f"X-Pointsman-Priority is critical, normal or background, not {word!r}") from None
