"""The gate before every attempt: leave is given, or refused with the reason, in one synchronous step.

A ticket is settled exactly once, on every way out. What is in flight is counted here, what costs nothing is
counted before it is asked, what failed is shut, and what an answer's head tells of its model's limits is
heeded before they are reached. What it may cost is set aside.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC
from types import MappingProxyType
from typing import NamedTuple

from pointsman.calls import Outcome, Outlook, Parked
from pointsman.dates import Calendar, Window
from pointsman.errors import Shuts, UpstreamError
from pointsman.funds import NOBODY, Budget, Caller
from pointsman.limits.budget import Budgets, Reservation
from pointsman.limits.ceilings import Ceilings, Told
from pointsman.limits.circuit import Circuits, Opened, Shut, keys_of
from pointsman.limits.crowd import Crowd, longest
from pointsman.limits.free import DAY, FreeCall, FreeTiers
from pointsman.limits.heads import Ceiling, read_ceilings
from pointsman.limits.orders import Order, Ratios
from pointsman.types import Model, Tier

MOMENT = 10.0  # seconds


class Recovery(NamedTuple):
    """`seconds` until somebody may be asked again. `limited`: rate limits are all that is wrong."""

    seconds: float
    limited: bool


class Ticket:
    """Leave for one attempt. Who has it settles it, on every way out.

    `counted`: the provider counts it. `reserved`: what is set aside for it. What is counted, or costs money,
    is in the ledger before it `goes_out`.
    """

    __slots__ = ("_gate", "_settled", "counted", "is_out", "keys", "model", "reserved")

    def __init__(self, gate: "Gate", model: Model, counted: FreeCall | None, reserved: Reservation) -> None:
        self._gate = gate
        self._settled = False
        self.is_out = False
        self.model = model
        self.counted = counted
        self.reserved = reserved
        self.keys = keys_of(model)
        gate.circuits.probe(self.keys, self)

    def goes_out(self) -> None:
        """From now on it may reach its provider."""
        self.is_out = True

    def reached(self, error: UpstreamError | None) -> bool:
        """Whether its provider may have seen it, and so counted it; a connection that failed says not."""
        return self.is_out and (error is None or error.shuts is not Shuts.ENDPOINT)

    def told(self, headers: Mapping[str, str], now: float, wall: float, *, refused: bool = False) -> None:
        """The head of its answer came. `now` is on the loop's clock, `wall` the time of day.

        `refused`: it is no answer; how long to stay away is told by what it is settled with.
        """
        if self.model.tier is not Tier.LOCAL and (ceilings := read_ceilings(headers, wall)):
            self._gate.told(self, ceilings, now, refused=refused)

    def content(self) -> None:
        """It brings content: if it is a probe, what was shut is open again."""
        self._gate.circuits.opened(self.keys, self)

    def settle(self, outcome: Outcome, now: float, error: UpstreamError | None = None, cost: int = 0) -> None:
        """`now` is on the loop's clock, `cost` in nano-dollars.

        Raises RuntimeError when called twice: an attempt ends once.
        """
        if self._settled:
            raise RuntimeError(f"the ticket for {self.model.id} was settled before")
        self._settled = True
        self._gate.take_back(self, outcome, now, error, cost)


def _counts(error: UpstreamError, model: Model) -> bool:
    """An engine on this machine knows no quota, but may be busy for a moment, and say for how long."""
    return model.tier is not Tier.LOCAL or (error.wait is not None and error.wait <= MOMENT)


def _nobody(_: object) -> None:
    pass


def _no_limit() -> Budgets:
    return Budgets(Calendar(UTC), lambda: 0.0, budgets=[Budget("none", Window.MONTH, None)])


class Gate:
    """`on_change` hears of what is shut and open again, `on_told` of what models tell of their limits.

    `free` counts what costs nothing, `budgets` what costs money; None: nobody counts it.
    """

    def __init__(
        self,
        on_change: Callable[[Shut | Opened], object] = _nobody,
        on_told: Callable[[Told], object] = _nobody,
        free: FreeTiers | None = None,
        budgets: Budgets | None = None,
    ) -> None:
        self._in_flight: dict[str, int] = {}
        self.circuits = Circuits(on_change)
        self.ceilings = Ceilings(on_told)
        self.free = free or FreeTiers()
        self._crowd = Crowd((), self.free)
        self.budgets = budgets or _no_limit()
        self.ratios = Ratios()

    def outlook(
        self, models: Sequence[Model], now: float, caller: Caller = NOBODY, at_most: int | None = None
    ) -> Outlook:
        """What the limits allow a caller now, as a frozen view. `now` is on the loop's clock.

        The same models again, the very same object, are not looked through once more.
        """
        if models is not self._crowd.models:
            self._crowd = Crowd(models, self.free)
        parked = self._crowd.parked(self.circuits, self.free, now)
        in_flight = MappingProxyType(dict(self._in_flight))
        purse = self.budgets.purse(caller, at_most)
        return Outlook(in_flight=in_flight, parked=MappingProxyType(parked), now=now, purse=purse)

    def recovery(self, models: Iterable[Model], now: float) -> Recovery | None:
        """When the first of these that are parked may be asked again; None: none of them is."""
        found = [self._parked(model, now) for model in models]
        if not any(found):
            return None
        seconds = max(0.0, min(one.until for one in found if one) - now)
        return Recovery(seconds, limited=all(one is not None and one.limited for one in found))

    def admit(self, order: Order, now: float) -> Ticket:
        """Raises UpstreamError, which says why it may not be asked now; that is no attempt."""
        model = order.model
        if parked := self._parked(model, now):
            raise UpstreamError(parked.words(now))
        reserved = self.budgets.reserve(order)
        self._in_flight[model.id] = self._in_flight.get(model.id, 0) + 1
        return Ticket(self, model, self.free.count(model, now), reserved)

    def _parked(self, model: Model, now: float) -> Parked | None:
        """What keeps a model from being asked, the longest of it; None: nothing does."""
        shut = self.circuits.parked(keys_of(model), now) if self.circuits else None
        return longest(shut, self.free.parked(model, now))

    def told(self, ticket: Ticket, ceilings: list[Ceiling], now: float, *, refused: bool) -> None:
        """Called by the ticket alone. A model that has nothing left is not asked until it has."""
        key = ticket.keys[-1]
        self.ceilings.told(Told(key, tuple(ceilings)), now)
        last = max(ceilings, key=lambda one: one.rest)
        if last.rest and not refused:
            self.circuits.park(key, now, last.rest, last.used_up)

    def forget(self, account: str) -> None:
        """Nobody is asked with it any more. What was counted stays: the account may come back."""
        self.circuits.forget(account)
        self.ceilings.forget(account)
        self.budgets.forget_credit(account)

    def reconsider(self) -> None:
        """How models are counted is other than it was; what was counted stays."""
        self.free.reconsider()
        self._crowd = Crowd((), self.free)

    def woke_up(self, slept: float) -> None:
        """The machine slept for so many seconds, in which the loop's clock stood still."""
        self.circuits.woke_up(slept)
        self.ceilings.woke_up(slept)
        self.free.woke_up(slept)

    def take_back(
        self, ticket: Ticket, outcome: Outcome, now: float, error: UpstreamError | None, cost: int
    ) -> None:
        """Called by the ticket alone."""
        self.budgets.settle(ticket.reserved, cost)
        if ticket.counted is not None:
            self.free.ended(ticket.counted, reached=ticket.reached(error))
        if error is not None and error.shuts is Shuts.FREE and error.span == DAY:
            self.free.refused(ticket.model, error.most)
        if error is not None and _counts(error, ticket.model):
            most = MOMENT if ticket.model.tier is Tier.LOCAL else math.inf
            self.circuits.failed(ticket.keys, now, error, ticket, most)
        elif outcome is Outcome.OK:
            self.circuits.opened(ticket.keys, ticket)
        self.circuits.release(ticket.keys, ticket)
        left = self._in_flight[ticket.model.id] - 1
        if left:
            self._in_flight[ticket.model.id] = left
        else:
            del self._in_flight[ticket.model.id]
