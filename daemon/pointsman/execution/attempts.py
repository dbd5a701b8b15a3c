"""One request's attempts: the first model that brings content answers it.

Until the first content a failure costs nothing but time: the next candidate is asked. From then on
the answer is that model's alone, whole or ended by an error: no other model's text is glued on.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from pointsman.calls import PARKED, Attempt, Call, Candidate, Decision, some
from pointsman.errors import (
    NoRoute,
    OverBudget,
    PointsmanError,
    Refused,
    Then,
    Unaffordable,
    Unrecorded,
    UpstreamError,
)
from pointsman.execution.answer import NOTED_AFTER, Answer, Means
from pointsman.execution.clocks import Clocks
from pointsman.execution.line import Turn
from pointsman.execution.loads import LONGEST_WAIT, OVERDUE, Open
from pointsman.execution.retries import BUSY, REFUSALS
from pointsman.types import Model, Tier

MOST_ATTEMPTS = 6
ENOUGH = 2  # failures of one request at one place, after which it comes behind all others
BRIEF = 3.0  # seconds of an attempt that is worth a second one at the same model, where others may be asked


def _no_note() -> None:
    pass


async def first_answer(
    call: Call,
    decision: Decision,
    means: Means,
    attempts: list[Attempt],
    started: float,
    *,
    note: Callable[[], None] = _no_note,
) -> Answer:
    """Asks the candidates in order until one brings content. `started`: the request, on the loop's clock.

    Every attempt is in `attempts` before it is made, and `note` is told: of one that costs money before that,
    of others, and of what waits in line, a moment later. Raises NoRoute when nobody is left, and Refused when
    all say that the request itself is wrong, or one that it will not answer what it asks.
    """
    asking = _Asking(call, decision, means, attempts, started, note)
    for candidate in asking.in_turn():
        if asking.is_over(candidate) or asking.passes_by(candidate):
            continue
        try:
            return await asking.ask(candidate)
        except UpstreamError as error:
            if error.then is Then.NOBODY:
                raise Refused(f"{candidate.model.id}: {error}", error.upstream_status or 400) from error
    raise asking.nobody()


@dataclass(slots=True)
class _Asking:
    """A request on its way from one candidate to the next, and what it was told by those before."""

    call: Call
    decision: Decision
    means: Means
    attempts: list[Attempt]
    started: float
    note: Callable[[], None]
    place: int = 0  # in the decision's order: of the next
    later: list[Candidate] = field(default_factory=list)  # whose places have failed this request
    late: list[tuple[str, str]] = field(default_factory=list)  # who was waited for in vain, and why
    cold: list[float] = field(default_factory=list)  # seconds until those are there whose loads go on
    smaller: list[tuple[str, str]] = field(default_factory=list)  # who was passed by for its context
    dear: int = 0  # how many there was no money for
    unrecorded: str = ""  # why what costs money can't be written down, and so is not asked
    too_long: bool = False  # somebody said so of the prompt
    too_small: int = 0  # tokens: a context that did not hold it
    known: dict[str, Clocks] = field(default_factory=dict)  # by model

    def in_turn(self) -> Iterator[Candidate]:
        """The decision's order; but where it was ours to choose, a place that has failed twice comes last."""
        candidates = self.decision.candidates
        while self.place < len(candidates):
            self.place += 1
            candidate = candidates[self.place - 1]
            if self.decision.wanted.chosen and self._failures(candidate.model.endpoint.id) >= ENOUGH:
                self.later.append(candidate)
            else:
                yield candidate
        while self.later:
            yield self.later.pop(0)

    def is_over(self, candidate: Candidate) -> bool:
        """Whether there are no more attempts, or no more time, for this one."""
        return len(self.attempts) >= MOST_ATTEMPTS or _now() >= self.started + self._clocks(candidate).total

    def passes_by(self, candidate: Candidate) -> bool:
        """Whether it has refused this request or failed it, costs what can't be written down, or its context
        is no larger than one too small.

        Whether those elsewhere that failed may be asked again, their circuits say; an engine here has one
        only while it is busy.
        """
        here = candidate.model.tier is Tier.LOCAL
        earlier = [one.status for one in self.attempts if one.model == candidate.model.id]
        if any(status in REFUSALS or (here and status not in BUSY) for status in earlier):
            return True
        if self.unrecorded and candidate.model.tier is Tier.PAID:
            self.late.append((candidate.model.id, self.unrecorded))
            return True
        size = _context(candidate)
        if not 0 < size <= self.too_small:
            return False
        self.smaller.append((candidate.model.id, f"its context of {size:,} tokens is no larger"))
        return True

    async def ask(self, candidate: Candidate) -> Answer:
        """One candidate's answer. Raises UpstreamError, and then it has left its turn."""
        patient = self._is_last_resort(candidate)
        turn = await self._turn(candidate, patient=patient)
        try:
            return await self._opened(candidate, turn, patient=patient)
        except StillLoading:
            self._note_cold(candidate)
            raise
        except UpstreamError as error:
            turn.leave(error)
            if error.loading:
                self.cold.append(OVERDUE)
            if isinstance(error, Unrecorded):
                self.unrecorded = error.message
            if error.then is Then.LARGER:
                self.too_long, self.too_small = True, max(self.too_small, _context(candidate))
            raise
        except BaseException:
            turn.leave()
            raise

    def nobody(self) -> PointsmanError:
        """What the client is told when none has answered: all that was said, and when to come again."""
        asked = [(attempt.model, attempt.error) for attempt in self.attempts]
        parked = [
            (one, why.reason) for why in self.decision.excluded if why.rule == PARKED for one in why.models
        ]
        tried = _together([*asked, *self.smaller, *self.late, *parked])
        if self.dear and not self.attempts and self.dear == len(self.late):
            return OverBudget(f"no model that costs money may be asked now. {tried}")
        statuses = [attempt.status for attempt in self.attempts]
        refusal = next((status for status in statuses if status in REFUSALS), None)
        error = self._no_route(f"every model that may answer was tried, and none did. {tried}")
        heals = error.is_soon_over or error.limited  # a 400 may tell of a quota
        if refusal and not heals and not self.late and REFUSALS.issuperset(statuses):
            return Refused(tried, refusal, too_long=self.too_long)
        return error

    def _no_route(self, words: str) -> NoRoute:
        if self.cold:
            return NoRoute(words, retry_after=min(self.cold))
        later = [model for model in self.decision.parked if not 0 < (model.context or 0) <= self.too_small]
        if any(map(self._is_well_again, later)):
            return NoRoute(words, retry_after=0.0)
        models = [*(candidate.model for candidate in self.decision.candidates), *later]
        recovery = self.means.gate.recovery(models, _now())
        if recovery:
            return NoRoute(words, retry_after=recovery.seconds, limited=recovery.limited)
        return NoRoute(words)

    def _is_well_again(self, parked: Model) -> bool:
        """Whether it was parked when this was decided, and could be asked now for the first time."""
        asked = any(attempt.model == parked.id for attempt in self.attempts)
        return not asked and self.means.gate.recovery([parked], _now()) is None

    async def _turn(self, candidate: Candidate, *, patient: bool) -> Turn | Open:
        """Leave to ask it now. A plain request waits for a load only as long as its client waits for it.

        What waits in line is told to `note`, as what is asked is.
        """
        clocks = self._clocks(candidate)
        cold = not self.call.stream and not self.means.loads.has(candidate)
        until = self.started + (min(clocks.client, clocks.total) if cold else clocks.total)
        noting = asyncio.get_running_loop().call_later(NOTED_AFTER, self.note)
        try:
            return await self.means.loads.turn(candidate, self.decision.task.priority, until, patient=patient)
        except UpstreamError as error:
            self._note_late(candidate, error)
            raise
        finally:
            noting.cancel()

    def _note_late(self, candidate: Candidate, error: UpstreamError) -> None:
        self.late.append((candidate.model.id, error.message))
        self._note_cold(candidate)

    def _note_cold(self, candidate: Candidate) -> None:
        if (rest := self.means.loads.rest(candidate.model)) is not None:
            self.cold.append(rest)

    async def _opened(self, candidate: Candidate, turn: Turn | Open, *, patient: bool) -> Answer:
        """Asked for twice where that may help. Raises the last UpstreamError."""
        most = len(self.attempts) + 2
        while True:
            answer = self._admitted(candidate, turn, patient=patient)
            try:
                await self._open(answer, turn, self._patience(candidate, turn, patient=patient))
                return answer
            except StillLoading:
                raise
            except UpstreamError as error:
                load_failed = turn.is_loading and error.upstream_status
                again = error.then is Then.AGAIN and len(self.attempts) < most and not load_failed
                again = again and self._has_room_for_more() and (self._is_last() or _was_brief(answer))
                answer.fail(error, again=again)
                if not again:
                    raise
            except BaseException:
                answer.close()
                raise

    def _admitted(self, candidate: Candidate, turn: Turn | Open, *, patient: bool) -> Answer:
        """One attempt more. Raises UpstreamError where others had it parked meanwhile."""
        clocks = self._clocks(candidate)
        try:
            answer = Answer(
                self.call,
                self.decision,
                candidate,
                self.means,
                turn=turn,
                clocks=clocks,
                started=self.started,
                loads_until=self._loads_until(candidate, patient=patient),
                note=self.note,
            )
        except UpstreamError as error:
            self.late.append((candidate.model.id, error.message))
            self.dear += isinstance(error, Unaffordable)
            raise
        self.attempts.append(answer.attempt)
        return answer

    def _loads_until(self, candidate: Candidate, *, patient: bool) -> float:
        """As long as one is waited for that says only when asked that it is loading its model."""
        if patient:
            clocks = self._clocks(candidate)
            return self.started + (clocks.first_content if self.call.stream else clocks.client)
        model = candidate.model
        if model.tier is not Tier.LOCAL or self.means.loads.expected(model) > LONGEST_WAIT:
            return 0.0
        return _now() + LONGEST_WAIT

    def _failures(self, endpoint: str) -> int:
        """Of this request at one place."""
        return sum(attempt.endpoint == endpoint and bool(attempt.error) for attempt in self.attempts)

    def _left(self) -> Iterator[Candidate]:
        """Who follows."""
        candidates = self.decision.candidates
        yield from (candidates[place] for place in range(self.place, len(candidates)))
        yield from self.later

    def _is_last(self) -> bool:
        return next(self._left(), None) is None

    def _is_last_resort(self, candidate: Candidate) -> bool:
        """Whether to wait for its load as long as that takes: nobody elsewhere is left to be asked."""
        here = candidate.model
        return here.tier is Tier.LOCAL and all(
            one.model.endpoint.id == here.endpoint.id for one in self._left()
        )

    def _has_room_for_more(self) -> bool:
        """Whether one attempt more leaves one for each place that was not asked yet."""
        asked, others = {attempt.endpoint for attempt in self.attempts}, set[str]()
        for one in self._left():
            others |= {one.model.endpoint.id} - asked
            if len(self.attempts) + len(others) >= MOST_ATTEMPTS:
                return False
        return len(self.attempts) < MOST_ATTEMPTS

    def _patience(self, candidate: Candidate, turn: Turn | Open, *, patient: bool) -> float | None:
        """Seconds to wait for a load that begins now; None: as long as the clocks allow.

        0 where it is expected to take too long: for a plain request's client, or while others may answer.
        """
        if not turn.is_loading:
            return None
        waited = _now() - self.started
        expected = self.means.loads.expected(candidate.model)
        if not patient and waited + expected > LONGEST_WAIT:
            return 0.0
        if self.call.stream:
            return None
        rest = self._clocks(candidate).client - waited
        expected += self.means.loads.reading(candidate.model, self.decision.task.prompt_tokens)
        return rest if expected <= rest else 0.0

    async def _open(self, answer: Answer, turn: Turn | Open, patience: float | None) -> None:
        """Raises StillLoading when its model's load, which goes on, takes longer than that."""
        if patience is None or isinstance(turn, Open):
            return await answer.open()
        opening = asyncio.create_task(answer.open())
        try:
            await asyncio.wait([opening], timeout=max(0.0, patience))
        except BaseException:
            opening.cancel()
            raise
        if opening.done() or not turn.is_loading:
            return await opening
        answer.give_up(late := StillLoading("its model is still being loaded, and the load goes on"))
        self.means.loads.see_through(turn, opening, answer.close)
        raise late

    def _clocks(self, candidate: Candidate) -> Clocks:
        """Looked up often, and the same for the whole request."""
        if (known := self.known.get(candidate.model.id)) is None:
            known = self.means.clocks(candidate, self.means.asked(self.call), self.decision.task)
            self.known[candidate.model.id] = known
        return known


class StillLoading(UpstreamError):
    """The request goes elsewhere, and the load that it began goes on without it."""


def _was_brief(answer: Answer) -> bool:
    """Whether it failed before it had begun to speak, and at once: a stalled one is not asked twice."""
    attempt = answer.attempt
    return attempt.first_content is None and _now() - answer.started - attempt.started < BRIEF


def _together(told: Iterable[tuple[str, str]]) -> str:
    """Who failed by what was said of them, each word once."""
    groups: dict[str, dict[str, None]] = {}
    for model, why in told:
        groups.setdefault(why, {})[model] = None
    return "; ".join(f"{some([*models])}: {why}" for why, models in groups.items())


def _context(candidate: Candidate) -> int:
    """In tokens; 0: unknown."""
    return candidate.context or candidate.model.context or 0


def _now() -> float:
    return asyncio.get_running_loop().time()
