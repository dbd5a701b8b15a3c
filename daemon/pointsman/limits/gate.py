"""The gate before every attempt: leave is given, or refused with the reason, in one synchronous step.

A ticket is settled exactly once, on every way out. What is counted here today is what is in flight;
circuits, rates and budgets hang themselves in at `admit` and `settle`.
"""

from types import MappingProxyType
from typing import Self

from pointsman.money import Usage
from pointsman.types import Model, Outcome, Outlook


class Ticket:
    """Leave for one attempt. Hold it in a `with`: leaving without a word settles it as cancelled."""

    __slots__ = ("_gate", "_settled", "model")

    def __init__(self, gate: "Gate", model: Model) -> None:
        self._gate = gate
        self._settled = False
        self.model = model

    def settle(self, outcome: Outcome, usage: Usage | None = None) -> None:
        """Raises RuntimeError when called twice: an attempt ends once."""
        if self._settled:
            raise RuntimeError(f"the ticket for {self.model.id} was settled before")
        self._settled = True
        self._gate.take_back(self, outcome, usage)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._settled:
            self.settle(Outcome.CANCELLED)


class Gate:
    def __init__(self) -> None:
        self._in_flight: dict[str, int] = {}

    def outlook(self) -> Outlook:
        """What the limits allow now, as a frozen view."""
        return Outlook(in_flight=MappingProxyType(dict(self._in_flight)))

    def admit(self, model: Model) -> Ticket:
        self._in_flight[model.id] = self._in_flight.get(model.id, 0) + 1
        return Ticket(self, model)

    def take_back(self, ticket: Ticket, outcome: Outcome, usage: Usage | None) -> None:  # noqa: ARG002 - limits' news
        """Called by the ticket alone."""
        left = self._in_flight[ticket.model.id] - 1
        if left:
            self._in_flight[ticket.model.id] = left
        else:
            del self._in_flight[ticket.model.id]
