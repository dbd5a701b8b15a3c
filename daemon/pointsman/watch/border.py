"""What leaves this machine: whether it may, now; and the first time that it did, or cost money."""

import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from pointsman.calls import Call
from pointsman.errors import LedgerError, UpstreamError
from pointsman.events import Bus
from pointsman.ledger.queries import Reader
from pointsman.ledger.record import DepartureRecord
from pointsman.modes import Mode
from pointsman.routing.policy import ruled_out
from pointsman.types import Model, Tier

UNKNOWN = "unknown"  # a program that did not say its name
MOST_PROGRAMS = 2_000  # that are remembered: a client may call itself anything

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gone:
    """Whose prompts went to one place: how many programs', and whose were the first."""

    to: str
    programs: int
    first: str
    at: float  # wall clock, seconds


class Border:
    """`mode` is asked before every attempt: what was decided a moment ago may be ruled out by now."""

    def __init__(
        self,
        mode: Callable[[], Mode],
        bus: Bus,
        keep: Callable[[DepartureRecord], None],
        wall: Callable[[], float],
    ) -> None:
        self._mode = mode
        self._bus = bus
        self._keep = keep
        self._wall = wall
        self._known: dict[str, dict[str, float]] = {}  # when, by program, then by place
        self._has_paid = False

    def cross(self, call: Call, model: Model) -> None:
        """A prompt is about to be sent. Raises UpstreamError where the mode has come to forbid it."""
        if (objection := ruled_out(model.tier, self._mode())) is not None:
            raise UpstreamError(objection)
        if model.tier is not Tier.LOCAL:
            self._left(call.hints.app or UNKNOWN, model)
        if model.tier is Tier.PAID and not self._has_paid:
            self._has_paid = True
            self._bus.publish("paid.first", self._wall(), app=call.hints.app or UNKNOWN, model=model.id)

    def gone(self) -> list[Gone]:
        """By place, those with the most programs first."""
        by_place: dict[str, list[tuple[float, str]]] = defaultdict(list)
        for app, places in self._known.items():
            for to, at in places.items():
                by_place[to].append((at, app))
        found = (Gone(to, len(who), min(who)[1], min(who)[0]) for to, who in by_place.items())
        return sorted(found, key=lambda one: (-one.programs, one.to))

    def restore(self, reader: Reader) -> None:
        """What the last start knew. A ledger that can't be read is no reason not to start."""
        try:
            for one in reader.departures():
                self._known.setdefault(one.app, {})[one.to] = one.at
            self._has_paid = reader.ever_paid()
        except LedgerError as error:
            log.warning("what has left this machine before is not known: %s", error.message)

    def _left(self, app: str, model: Model) -> None:
        to = model.runs_at or model.endpoint.id
        is_first = app not in self._known
        if (is_first and len(self._known) >= MOST_PROGRAMS) or to in self._known.get(app, {}):
            return
        at = self._wall()
        self._known.setdefault(app, {})[to] = at
        self._keep(DepartureRecord(app, to, at))
        if is_first:
            self._bus.publish("privacy.left", at, app=app, to=to, model=model.id)
