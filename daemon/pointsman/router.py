"""The life of one request. READ THIS FIRST.

A `Call` (from `wire`) is classified, its name resolved, the candidates decided, and asked in order
until one answers; what happened is written down. Deciding is pure; here it is handed the frozen
views it needs, and what it decided is done.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Protocol

from pointsman.calls import Attempt, Call, Decision, Machine, some
from pointsman.catalogue.registry import Registry
from pointsman.errors import NoRoute, OverBudget, PointsmanError, UnknownModel
from pointsman.events import Bus
from pointsman.execution.answer import Answer, Means
from pointsman.execution.attempts import MOST_ATTEMPTS, first_answer
from pointsman.funds import Caller, Purse
from pointsman.ledger.record import RequestRecord, kind_of
from pointsman.ledger.sums import took
from pointsman.limits.ceilings import Told
from pointsman.limits.circuit import Shut
from pointsman.limits.free import Used
from pointsman.limits.gate import Gate, Recovery
from pointsman.modes import Mode
from pointsman.profiles import AUTO
from pointsman.routing.degrade import RULES as MONEY
from pointsman.routing.explain import is_too_long, nobody_left
from pointsman.routing.names import Names
from pointsman.routing.policy import decide, few_words, routable
from pointsman.routing.sticky import NO_CONVERSATION, Conversation, Conversations, conversation_of
from pointsman.routing.understand import addressed, may_mention, understand
from pointsman.types import Health, Model, Snapshot, Tier

LOADS_FOR = 5.0  # seconds after which to come again while the only engine is loading
WAITS_FOR = 10.0  # seconds that a request waits for a model that is parked, where there is no other
CLIENT_GONE = 499  # in the ledger alone: nobody was there to be told a status
UNDER_WAY = 0  # in the ledger alone: nobody was told one yet


class Lookout(Protocol):
    """Whoever looks for models. During its first look requests wait for it; later, when none is left."""

    @property
    def looked_for(self) -> tuple[str, ...]: ...
    def request_seen(self) -> None: ...
    async def before_request(self, sufficient: Callable[[Snapshot], bool]) -> None: ...


@dataclass(slots=True)
class Journey:
    """One request on its way: what is known of it so far."""

    id: str
    at: float  # wall clock
    started: float  # on the event loop's clock
    day: int  # of the calendar, in which it came in: an ordinal
    call: Call
    app: str = ""  # the program that asks, by the name under which it is counted
    user: str = ""  # whose program it is
    conversation: Conversation = NO_CONVERSATION  # of which it is a turn
    decision: Decision | None = None
    attempts: list[Attempt] = field(default_factory=list)
    error: str = ""
    status: int = 500  # until there is an answer, or an error that knows better

    def abandon(self, words: str = "the client went away") -> None:
        """The client has not got its answer, by its own doing. The first words are the ones that count."""
        self.status, self.error = CLIENT_GONE, self.error or words


class Router:
    def __init__(
        self,
        *,
        registry: Registry,
        gate: Gate,
        lookout: Lookout,
        means: Means,
        names: Callable[[], Names],
        bus: Bus,
        keep: Callable[[RequestRecord], None],
        new_id: Callable[[], str],
        wall: Callable[[], float],
        monotonic: Callable[[], float],
        config_file: str,
        mode: Callable[[], Mode] = lambda: Mode.NORMAL,
        counted_as: Callable[[str], str] = str,
        machine: Callable[[], Machine] = Machine,
    ) -> None:
        self._registry = registry
        self._gate = gate
        self._lookout = lookout
        self._means = means
        self._names = names
        self._bus = bus
        self._keep = keep
        self._new_id = new_id
        self._wall = wall
        self._monotonic = monotonic
        self._config_file = config_file
        self._mode = mode
        self._counted_as = counted_as
        self._machine = machine
        self._conversations = Conversations(monotonic)

    def use(self, means: Means) -> None:
        """From the next request on; those under way keep what they have."""
        self._means = means

    def explain(self, call: Call, user: str = "") -> Decision:
        """What would be done for a call, without doing it. Raises UnknownModel or BadRequest."""
        app, began = call.hints.app, conversation_of(call, user, call.hints.app)
        journey = Journey(self._new_id(), 0.0, 0.0, 0, call, app, user, began)
        return self._decide(journey, self._registry.snapshot)

    def names(self) -> list[str]:
        """What a request may ask for beside models: auto, and what the user named."""
        names = self._names()
        return [AUTO, *dict.fromkeys([*names.roles, *names.aliases])]

    def routable(self, form: str = "openai.chat") -> list[Model]:
        """The models that a plain request of that format could be given now, in their order."""
        return routable(self._registry.snapshot, few_words(form, self._mode()), self.purse())

    def purse(self) -> Purse:
        """What may be spent now, by somebody who has not said his name."""
        return self._gate.budgets.purse()

    def limits(self) -> list[Shut]:
        """What is left alone for now, because it failed or said so."""
        return self._gate.circuits.report(self._monotonic())

    def ceilings(self) -> list[Told]:
        """What models have told of their limits, as it is now."""
        return self._gate.ceilings.report(self._monotonic())

    def free(self) -> list[Used]:
        """How much is used up of what costs nothing."""
        return self._gate.free.report(self._registry.snapshot.models, self._monotonic())

    def reset_limits(self) -> None:
        """Asks again whatever was left alone; only what was counted here still counts."""
        self._gate.circuits.reset()
        self._gate.free.reset()

    def begin(self, call: Call, user: str = "") -> Journey:
        self._lookout.request_seen()
        app = self._counted_as(call.hints.app)
        today, began = self._gate.budgets.today(), conversation_of(call, user, call.hints.app)
        return Journey(self._new_id(), self._wall(), self._monotonic(), today, call, app, user, began)

    @asynccontextmanager
    async def answer(self, journey: Journey) -> AsyncIterator[Answer]:
        """The answer to a call, from the first model that brings one.

        Raises UnknownModel, BadRequest, NoRoute or Refused. Leaving it settles and writes down what happened,
        without an await, so that a client that vanishes at any moment leaves nothing open.
        """
        answer: Answer | None = None
        try:
            answer = await self._first_answer(journey)
            journey.status = 200
            yield answer
            self._answered(journey, answer.candidate.model)
        except PointsmanError as error:
            journey.error = error.message
            if answer is None:
                journey.status = error.status
            raise
        except asyncio.CancelledError:
            journey.abandon()
            raise
        except Exception as error:
            journey.error = f"something went wrong inside Pointsman: {type(error).__name__}"
            raise
        finally:
            if answer is not None:
                answer.close()
            self._write_down(journey, answer)

    def _answered(self, journey: Journey, model: Model) -> None:
        if journey.decision and not journey.error:
            self._conversations.answered(journey.conversation, journey.decision.wanted, model)

    async def _first_answer(self, journey: Journey) -> Answer:
        """Decides and asks; once more where somebody may soon be asked again."""
        while True:
            journey.decision = decision = await self._decision(journey)
            if not decision.candidates:
                raise self._nobody_left(decision)
            try:
                return await first_answer(
                    journey.call,
                    decision,
                    self._means,
                    journey.attempts,
                    journey.started,
                    note=lambda: self._keep(self._record(journey, status=UNDER_WAY)),
                )
            except NoRoute as error:
                if len(journey.attempts) >= MOST_ATTEMPTS or not self._may_wait(journey, error.retry_after):
                    raise
                recovery = error.retry_after or 0.0
            await asyncio.sleep(recovery)

    def _may_wait(self, journey: Journey, seconds: float | None) -> bool:
        """Whether it is worth while: 0 for somebody who has recovered meanwhile."""
        waited = self._monotonic() - journey.started
        return seconds is not None and (not seconds or waited + seconds <= WAITS_FOR)

    async def _decision(self, journey: Journey) -> Decision:
        """Decides, after giving discovery its chance where nothing good enough is known yet."""

        def decided(snapshot: Snapshot) -> Decision | None:
            try:
                decision = self._decide(journey, snapshot)
            except UnknownModel:
                return None
            first = decision.candidates[0].model.tier if decision.candidates else None
            good = first is Tier.LOCAL or (first is not None and snapshot.swept_at is not None)
            good = good and not may_mention(journey.call, self._names(), snapshot)
            good = good or decision.task.mode is Mode.PAUSED
            return decision if good else None

        if (decision := decided(self._registry.snapshot)) is not None:
            return decision
        await self._lookout.before_request(lambda snapshot: decided(snapshot) is not None)
        try:
            return await self._once_recovered(journey)
        except UnknownModel as error:
            raise self._loading() or error from None

    async def _once_recovered(self, journey: Journey) -> Decision:
        """Decides; where all are parked, after waiting for the first of them, if that is not long."""
        while True:
            decision = self._decide(journey, self._registry.snapshot)
            recovery = None if decision.candidates else self._recovery(decision)
            if recovery is None or not self._may_wait(journey, recovery.seconds):
                return decision
            await asyncio.sleep(recovery.seconds)

    def _recovery(self, decision: Decision) -> Recovery | None:
        """When one of those that were only parked may be asked again: at once, if its time has just come."""
        now = self._monotonic()
        if any(self._gate.recovery([one], now) is None for one in decision.parked):
            return Recovery(0.0, limited=False)
        return self._gate.recovery(decision.parked, now)

    def _decide(self, journey: Journey, snapshot: Snapshot) -> Decision:
        names = self._names()
        journey.call = call = addressed(journey.call, names, snapshot)
        wanted, task = understand(call, names, snapshot, journey.app)
        caller = Caller(journey.app, wanted.role, journey.user)
        outlook = self._gate.outlook(snapshot.models, self._monotonic(), caller, task.at_most)
        loads = self._means.loads
        outlook = replace(
            outlook, waits=loads.waits(), paces=loads.paces, machine=self._machine(), wall=self._wall()
        )
        stays_with = self._conversations.model(journey.conversation, wanted, in_tool_loop=task.in_tool_loop)
        task = replace(task, mode=self._mode(), caller=caller, stays_with=stays_with)
        return decide(journey.id, wanted, task, snapshot, outlook)

    def _nobody_left(self, decision: Decision) -> NoRoute:
        endpoints = self._registry.snapshot.endpoints
        if not decision.excluded and (loading := self._loading()):
            return loading
        words = nobody_left(decision, self._lookout.looked_for, self._config_file, endpoints)
        if MONEY.issuperset(rules := {one.rule for one in decision.excluded} - {"named"}) and rules:
            return OverBudget(words)
        if (recovery := self._recovery(decision)) is None:
            return NoRoute(words, too_long=is_too_long(decision))
        return NoRoute(words, retry_after=recovery.seconds, limited=recovery.limited)

    def _loading(self) -> NoRoute | None:
        """What is told while nothing is known but that an engine here is loading what it will serve."""
        loading = [one.id for one in self._registry.snapshot.endpoints if one.health is Health.LOADING]
        if not loading or self._registry.snapshot.models:
            return None
        words = f"{some(loading)} is loading its model, and no other is known: it will answer in a while"
        return NoRoute(words, retry_after=LOADS_FOR)

    def _write_down(self, journey: Journey, answer: Answer | None) -> None:
        record = self._record(journey, answer, status=journey.status)
        self._keep(record)
        self._bus.publish(
            "request.done",
            record.at,
            id=record.id,
            app=record.app,
            asked=record.asked,
            model=record.answered_by,
            tier=record.tier,
            status=record.status,
            error=record.error,
            seconds=round(record.seconds, 4),
            attempts=len(record.attempts),
            **took(record.attempts),
        )
        if answer is not None and record.attempts[0].model != record.answered_by:
            self._tell_fallback(record)

    def _tell_fallback(self, record: RequestRecord) -> None:
        first = record.attempts[0]
        self._bus.publish(
            "fallback", record.at, id=record.id, of=first.model, to=record.answered_by, reason=first.error
        )

    def _record(self, journey: Journey, answer: Answer | None = None, *, status: int) -> RequestRecord:
        """What is known of a request by now."""
        candidate = answer.candidate if answer else None
        tier = candidate.model.tier if candidate else None
        decision, call = journey.decision, journey.call
        return RequestRecord(
            id=journey.id,
            at=journey.at,
            app=journey.app,
            format=call.format,
            asked=call.asked,
            stream=call.stream,
            status=status,
            answered_by=candidate.model.id if candidate else "",
            tier=tier.word if tier is not None else "",
            reason=candidate.reason if candidate else "",
            error=journey.error,
            seconds=self._monotonic() - journey.started,
            decision=decision,
            attempts=tuple(map(copy, journey.attempts)),  # the ledger's thread must not see them change
            day=journey.day,
            kind=kind_of(call, decision),
            role=decision.wanted.role if decision else "",
            user=journey.user,
        )
