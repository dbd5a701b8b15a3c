"""What becomes of the limits' changes: an event for whoever watches, a row in the ledger for the next start.

Kept is what a rate limit or a quota has shut, what models told of their limits, and every request that its
provider counts because it costs nothing. What was merely broken, or refused for its key, is tried again by a
new start.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from pointsman.errors import LedgerError, Shuts, Unrecorded
from pointsman.events import Bus
from pointsman.funds import Stand
from pointsman.ledger.queries import Reader
from pointsman.ledger.record import (
    BudgetRecord,
    CeilingsRecord,
    ClockRecord,
    FreeCallRecord,
    LimitRecord,
    Record,
)
from pointsman.ledger.writer import Writer
from pointsman.limits.book import KEPT
from pointsman.limits.ceilings import Told
from pointsman.limits.circuit import Key, Opened, Shut
from pointsman.limits.free import FreeCall
from pointsman.limits.gate import Gate
from pointsman.limits.heads import Ceiling
from pointsman.steps import Step

FREE_CALLS_READ = 2 * 86_400.0  # seconds: today's, in every zone
LATELY = 2 * 86_400.0  # seconds that the budgets of an hour know of
COMMITS_WITHIN = 5.0  # seconds; it takes one thousandth of one

log = logging.getLogger(__name__)


class Keeper:
    """`wall` tells the time of day, `monotonic` is the gate's clock."""

    def __init__(
        self,
        bus: Bus,
        keep: Callable[[Record], None],
        *,
        wall: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._bus = bus
        self._keep = keep
        self._wall = wall
        self._monotonic = monotonic
        self._unread = ""  # why it is not known what was spent before

    def changed(self, change: Shut | Opened) -> None:
        key, wall = change.key, self._wall()
        if isinstance(change, Opened):
            self._bus.publish("limit.open", wall, kind=key.shuts.value, id=key.id, limited=change.limited)
        else:
            self._bus.publish(
                "limit.shut",
                wall,
                kind=key.shuts.value,
                id=key.id,
                seconds=round(change.seconds, 1),
                reason=change.reason,
                limited=change.limited,
                failures=change.failures,
            )
        if change.limited:
            self._keep(_limit_record(change, wall))

    def told(self, told: Told) -> None:
        self._keep(_ceilings_record(told, self._wall()))

    def counted(self, call: FreeCall, counts: bool) -> None:
        self._keep(FreeCallRecord(call.account, call.model, call.at, call.number, counts))

    def stepped(self, stand: Stand, step: Step) -> None:
        """A budget holds back more, or less, than before."""
        budget = stand.budget
        self._bus.publish(
            "budget.step",
            self._wall(),
            budget=budget.name,
            step=step.value,
            share=round(stand.share, 4),
            spent=stand.spent,
            limit=budget.limit,
        )

    def ahead(self, day: int) -> None:
        """The clock was ahead: what was counted for days that are not yet is that day's."""
        self._keep(ClockRecord(self._wall(), day))

    def jumped(self, gate: Gate, slept: float) -> None:
        """The clocks went apart. `slept` 0: the time of day was set, and what is kept goes by it."""
        if slept:
            gate.woke_up(slept)
        wall = self._wall()
        for one in gate.circuits.report(self._monotonic()):
            if one.limited:
                self._keep(_limit_record(one, wall))

    def restore(self, gate: Gate, reader: Reader) -> None:
        """What the last start knew and is not over.

        A ledger that can't be read is no reason not to start, but one to spend nothing.
        """
        wall, now = self._wall(), self._monotonic()
        budgets = gate.budgets
        try:
            limits, ceilings = reader.limits(), reader.ceilings()
            spent, lately = reader.charges(KEPT), reader.recent_charges(LATELY)
            calls = reader.free_calls(wall - FREE_CALLS_READ)
        except LedgerError as error:
            log.warning("the limits of the last start are not known: %s", error.message)
            self._unread = error.message
            return
        gate.circuits.restore(_shut(limits, wall), now)
        gate.ceilings.restore(_known(ceilings, wall), now)
        budgets.restore(spent, lately)
        gate.free.restore((FreeCall(one.account, one.model, one.at, one.number) for one in calls), now)

    async def recorded(self, writer: Writer) -> None:
        """Returns when all that was kept until now would outlast a crash. Raises Unrecorded if not.

        Without it money might be spent of which nobody would know.
        """
        if self._unread:
            unknown = "nothing that costs money is asked, as it is not known what was spent before this start"
            raise Unrecorded(f"{unknown}: {self._unread}. Start Pointsman again when it can be read")
        try:
            async with asyncio.timeout(COMMITS_WITHIN):
                await asyncio.wrap_future(writer.flush())
        except (LedgerError, TimeoutError) as error:
            why = str(error) or f"the ledger was not written within {COMMITS_WITHIN:g} s"
            words = f"nothing that costs money is asked while it can't be written down: {why}"
            raise Unrecorded(words) from error


async def committed(writer: Writer) -> None:
    """Returns when all that was kept until now would outlast a crash.

    Where the ledger can't be written, which `status` tells, nobody is kept from an answer: what is counted
    is known as long as the daemon runs.
    """
    with suppress(LedgerError, TimeoutError):
        async with asyncio.timeout(COMMITS_WITHIN):
            await asyncio.wrap_future(writer.flush())


def _limit_record(change: Shut | Opened, wall: float) -> LimitRecord:
    key = change.key
    if isinstance(change, Opened):
        return LimitRecord(key.shuts.value, key.id, key.account, wall, wall, 0, "")
    until = wall + change.seconds
    failures, reason = change.failures, change.reason
    return LimitRecord(
        key.shuts.value, key.id, key.account, wall, until, failures, reason, unpaid=change.unpaid
    )


def _ceilings_record(told: Told, wall: float) -> CeilingsRecord:
    budgets = (
        BudgetRecord(
            one.budget, one.limit, one.remaining, None if one.seconds is None else wall + one.seconds
        )
        for one in told.ceilings
    )
    return CeilingsRecord(told.key.id, told.key.account, wall, tuple(budgets))


def _shut(records: Sequence[LimitRecord], wall: float) -> Iterator[Shut]:
    for one in records:
        if (rest := _rest(one.at, one.until, wall)) > 0:
            key = Key(Shuts(one.kind), one.id, one.account)
            yield Shut(key, rest, one.failures, one.reason, limited=True, unpaid=one.unpaid)


def _known(records: Sequence[CeilingsRecord], wall: float) -> Iterator[Told]:
    by_model: dict[Key, list[Ceiling]] = defaultdict(list)
    for told in records:
        for one in told.budgets:
            rest = 0.0 if one.until is None else _rest(told.at, one.until, wall)
            if rest > 0:
                key = Key(Shuts.MODEL, told.id, told.account)
                by_model[key].append(Ceiling(one.name, one.limit, one.remaining, rest))
    return (Told(key, tuple(ceilings)) for key, ceilings in by_model.items())


def _rest(at: float, until: float, wall: float) -> float:
    """Seconds. A clock that was set back meanwhile makes it no longer than it was when it was told."""
    return min(until - wall, until - at)
