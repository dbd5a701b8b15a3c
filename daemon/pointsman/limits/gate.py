"""The gate before every attempt: leave is given, or refused with the reason, in one synchronous step.

A ticket is settled exactly once, on every way out. What is in flight is counted here, and what failed is
shut; budgets hang themselves in at `admit` and `settle`.
"""

from collections.abc import Iterable
from types import MappingProxyType
from typing import NamedTuple

from pointsman.errors import UpstreamError
from pointsman.limits.circuit import Circuits, keys_of
from pointsman.types import Model, Outcome, Outlook


class Recovery(NamedTuple):
    """`seconds` until somebody may be asked again. `limited`: nothing but rate limits keeps them from it."""

    seconds: float
    limited: bool


class Ticket:
    """Leave for one attempt. Who has it settles it, on every way out."""

    __slots__ = ("_gate", "_settled", "keys", "model", "probed")

    def __init__(self, gate: "Gate", model: Model) -> None:
        self._gate = gate
        self._settled = False
        self.model = model
        self.keys = keys_of(model)
        self.probed = gate.circuits.probe(self.keys)

    def content(self) -> None:
        """It brings content: if it is a probe, what was shut is open again."""
        self._gate.circuits.opened(self.probed)

    def settle(self, outcome: Outcome, now: float, error: UpstreamError | None = None) -> None:
        """`now` is on the loop's clock. Raises RuntimeError when called twice: an attempt ends once."""
        if self._settled:
            raise RuntimeError(f"the ticket for {self.model.id} was settled before")
        self._settled = True
        self._gate.take_back(self, outcome, now, error)


class Gate:
    def __init__(self) -> None:
        self._in_flight: dict[str, int] = {}
        self.circuits = Circuits()

    def outlook(self, models: Iterable[Model], now: float) -> Outlook:
        """What the limits allow now, as a frozen view. `now` is on the loop's clock."""
        parked = (
            {model.id: parked for model in models if (parked := self.circuits.parked(keys_of(model), now))}
            if self.circuits
            else {}
        )
        in_flight = MappingProxyType(dict(self._in_flight))
        return Outlook(in_flight=in_flight, parked=MappingProxyType(parked), now=now)

    def recovery(self, models: Iterable[Model], now: float) -> Recovery | None:
        """When the first of these may be asked again; None unless all of them are parked."""
        parked = [self.circuits.parked(keys_of(model), now) for model in models]
        known = [one for one in parked if one]
        if not known or len(known) < len(parked):
            return None
        seconds = max(0.0, min(one.until for one in known) - now)
        return Recovery(seconds, limited=all(one.limited for one in known))

    def admit(self, model: Model, now: float) -> Ticket:
        """Raises UpstreamError, which says why it may not be asked now; that is no attempt."""
        if parked := self.circuits.parked(keys_of(model), now):
            raise UpstreamError(f"parked for {parked.until - now:.0f} s more: {parked.reason}")
        self._in_flight[model.id] = self._in_flight.get(model.id, 0) + 1
        return Ticket(self, model)

    def take_back(self, ticket: Ticket, outcome: Outcome, now: float, error: UpstreamError | None) -> None:
        """Called by the ticket alone."""
        if error is not None:
            self.circuits.failed(ticket.keys, now, error)
        elif outcome is Outcome.OK:
            self.circuits.opened(ticket.probed)
        self.circuits.release(ticket.probed)
        left = self._in_flight[ticket.model.id] - 1
        if left:
            self._in_flight[ticket.model.id] = left
        else:
            del self._in_flight[ticket.model.id]
