"""One request's attempts: the first model that brings content answers it.

Until the first content a failure costs nothing but time: the next candidate is asked. From then on
the answer is that model's alone, whole or ended by an error: no other model's text is glued on.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pointsman.calls import PARKED, Attempt, Call, Candidate, Decision
from pointsman.errors import NoRoute, PointsmanError, Refused, Then, UpstreamError
from pointsman.execution.answer import Answer, Means
from pointsman.execution.clocks import Clocks
from pointsman.execution.line import Turn
from pointsman.execution.loads import LONGEST_WAIT, Open
from pointsman.execution.retries import REFUSALS
from pointsman.types import Model, Tier

MOST_ATTEMPTS = 6


async def first_answer(
    call: Call, decision: Decision, means: Means, attempts: list[Attempt], started: float
) -> Answer:
    """Asks the candidates in order until one brings content. `started`: the request, on the loop's clock.

    Every attempt is in `attempts` before it is made. Raises NoRoute when nobody is left, and Refused
    when all say that the request itself is wrong, or one that it will not answer what it asks.
    """
    asking = _Asking(call, decision, means, attempts, started)
    for candidate, patient in _with_patience(decision.candidates):
        if asking.is_over(candidate) or asking.passes_by(candidate):
            continue
        try:
            return await asking.ask(candidate, patient=patient)
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
    late: list[str] = field(default_factory=list)  # who was waited for in vain, and why
    cold: list[float] = field(default_factory=list)  # seconds until those are there whose loads go on
    smaller: list[str] = field(default_factory=list)  # who was passed by for his context, and its size
    too_long: bool = False  # somebody said so of the prompt
    too_small: int = 0  # tokens: a context that did not hold it

    def is_over(self, candidate: Candidate) -> bool:
        """Whether there are no more attempts, or no more time, for this one."""
        return len(self.attempts) >= MOST_ATTEMPTS or _now() >= self.started + self._clocks(candidate).total

    def passes_by(self, candidate: Candidate) -> bool:
        """Whether it has refused this request or failed it, or its context is no larger than one too small.

        Whether those elsewhere that failed may be asked again, their circuits say; an engine here has none.
        """
        earlier = [one for one in self.attempts if one.model == candidate.model.id]
        if any(candidate.model.tier is Tier.LOCAL or one.status in REFUSALS for one in earlier):
            return True
        size = _context(candidate)
        if not 0 < size <= self.too_small:
            return False
        self.smaller.append(f"{candidate.model.id}: its context of {size:,} tokens is no larger")
        return True

    async def ask(self, candidate: Candidate, *, patient: bool) -> Answer:
        """One candidate's answer. Raises UpstreamError, and then it has left its turn."""
        turn = await self._turn(candidate, patient=patient)
        try:
            return await self._opened(candidate, turn, patient=patient)
        except StillLoading:
            self._note_cold(candidate)
            raise
        except UpstreamError as error:
            turn.leave(error)
            if error.then is Then.LARGER:
                self.too_long, self.too_small = True, max(self.too_small, _context(candidate))
            raise
        except BaseException:
            turn.leave()
            raise

    def nobody(self) -> PointsmanError:
        """What the client is told when none has answered: all that was said, and when to come again."""
        asked = [f"{attempt.model}: {attempt.error}" for attempt in self.attempts]
        tried = "; ".join([*asked, *self.smaller, *self.late, *_parked(self.decision)])
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
        """Leave to ask it now. A plain request waits for a load only as long as its client waits for it."""
        clocks = self._clocks(candidate)
        cold = not self.call.stream and not self.means.loads.has(candidate)
        until = self.started + (min(clocks.client, clocks.total) if cold else clocks.total)
        try:
            return await self.means.loads.turn(candidate, self.decision.task.priority, until, patient=patient)
        except UpstreamError as error:
            self._note_late(candidate, error)
            raise

    def _note_late(self, candidate: Candidate, error: UpstreamError) -> None:
        self.late.append(f"{candidate.model.id}: {error}")
        self._note_cold(candidate)

    def _note_cold(self, candidate: Candidate) -> None:
        if (rest := self.means.loads.rest(candidate.model)) is not None:
            self.cold.append(rest)

    async def _opened(self, candidate: Candidate, turn: Turn | Open, *, patient: bool) -> Answer:
        """Asked for twice where that may help. Raises the last UpstreamError."""
        most = min(len(self.attempts) + 2, MOST_ATTEMPTS)
        while True:
            answer = self._admitted(candidate, turn)
            try:
                await self._open(answer, turn, self._patience(candidate, turn, patient=patient))
                return answer
            except StillLoading:
                raise
            except UpstreamError as error:
                load_failed = turn.is_loading and error.upstream_status
                spoke = answer.attempt.first_content is not None
                again = error.then is Then.AGAIN and len(self.attempts) < most
                again = again and not load_failed and not spoke
                answer.fail(error, again=again)
                if not again:
                    raise
            except BaseException:
                answer.close()
                raise

    def _admitted(self, candidate: Candidate, turn: Turn | Open) -> Answer:
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
            )
        except UpstreamError as error:
            self.late.append(f"{candidate.model.id}: {error}")
            raise
        self.attempts.append(answer.attempt)
        return answer

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
        return self.means.clocks(candidate, self.means.asked(self.call), self.decision.task)


class StillLoading(UpstreamError):
    """The request goes elsewhere, and the load that it began goes on without it."""


def _with_patience(candidates: Sequence[Candidate]) -> Iterator[tuple[Candidate, bool]]:
    """Each with whether to wait for it as long as it takes: nobody elsewhere is left to be asked.

    Nobody waits for one that is not here.
    """
    for number, candidate in enumerate(candidates, 1):
        here = candidate.model.endpoint
        others = (candidates[place].model.endpoint.id for place in range(number, len(candidates)))
        yield candidate, candidate.model.tier is Tier.LOCAL and all(other == here.id for other in others)


def _parked(decision: Decision) -> Iterator[str]:
    """Who was not asked for now, by the reasons: of many that share one the first is named."""
    for one in decision.excluded:
        if one.rule == PARKED:
            yield f"{one.models[0]}{' and others' if len(one.models) > 1 else ''}: {one.reason}"


def _context(candidate: Candidate) -> int:
    """In tokens; 0: unknown."""
    return candidate.context or candidate.model.context or 0


def _now() -> float:
    return asyncio.get_running_loop().time()
