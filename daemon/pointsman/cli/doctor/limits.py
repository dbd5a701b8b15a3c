"""What is left alone: by a quota, a rate limit, or for its key."""

from collections.abc import Iterator

from pointsman.calls import lasting
from pointsman.cli.doctor.case import Case
from pointsman.cli.doctor.finding import Finding, note, ok, warn

TOPIC = "limits"
FEW = 5  # that are named; the daemon's own command names all
RESET = "pointsman limits shows them, pointsman limits --reset asks all of them again"


def limits(case: Case) -> Iterator[Finding]:
    shut = _shut(case)
    for kind, name, seconds, reason in shut[:FEW]:
        whose = f"the free models of {name}" if kind == "free" else f"{kind} {name}"
        yield warn(TOPIC, f"{whose} is left alone for {lasting(seconds)}", reason, case.by_daemon(RESET))
    if len(shut) > FEW:
        yield note(TOPIC, f"{len(shut) - FEW} more are left alone", "", case.by_daemon(RESET))
    if not shut:
        yield ok(TOPIC, "nothing is left alone")


def _shut(case: Case) -> list[tuple[str, str, float, str]]:
    """The daemon knows more than it keeps: a key that was refused is tried again by a new start."""
    if status := case.running.status:
        told = (one for one in status["limits"] if one["seconds"])
        return [(one["kind"], one["id"], one["seconds"], one["reason"]) for one in told]
    kept = ((one, min(one.until - case.now, one.until - one.at)) for one in case.past.limits)
    return [(one.kind, one.id, rest, one.reason) for one, rest in kept if rest > 0]
