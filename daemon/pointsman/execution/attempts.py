"""One request's attempts: the first model that brings content answers it.

Until the first content a failure costs nothing but time: the next candidate is asked. From then on
the answer is that model's alone, whole or ended by an error: no other model's text is glued on.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from pointsman.chat import CHARS_PER_TOKEN, EventKind
from pointsman.errors import NoRoute, PointsmanError, Refused, UpstreamError
from pointsman.execution.clocks import Clocks
from pointsman.execution.line import Turn
from pointsman.execution.loads import Loads, Open
from pointsman.execution.upstream import LARGEST_ANSWER, Upstream, send
from pointsman.limits.gate import Gate, Recovery
from pointsman.money import Usage
from pointsman.net import Sessions
from pointsman.types import (
    Attempt,
    Call,
    Candidate,
    Decision,
    Endpoint,
    Frame,
    Model,
    Outcome,
    Whole,
    tier_word,
)
from pointsman.wire.formats import speech

MOST_ATTEMPTS = 6
REFUSALS = frozenset({400, 413, 415, 422})  # the request is wrong, says a provider; another may not mind
LARGEST_PRELUDE = 4 * 1024 * 1024  # bytes that may come before the first content


@dataclass(frozen=True, slots=True)
class Means:
    """What attempts are made with. `on_failure` is told of every failure, by whoever keeps watch.

    `hold`: nothing of a stream is passed on before all of it is there.
    """

    sessions: Sessions
    gate: Gate
    loads: Loads
    clocks: Callable[[Candidate, Call], Clocks]
    on_failure: Callable[[Endpoint, UpstreamError], None]
    wall: Callable[[], float]
    hold: bool = False


class Answer:
    """One attempt, and once its first content is there, the answer: `whole` if plain, else `frames()`.

    Made by `first_answer`. `close` it on every way out; it needs no await, settles what is open, and
    leaves its turn at the engine. One that failed keeps its turn: there may be a second try.
    """

    def __init__(
        self,
        call: Call,
        decision: Decision,
        candidate: Candidate,
        means: Means,
        *,
        turn: Turn | Open,
        clocks: Clocks,
        started: float,
    ) -> None:
        model = candidate.model
        self._call = call
        self._task = decision.task
        self._means = means
        self._started = started
        self._loop = asyncio.get_running_loop()
        self._turn = turn
        self._clocks = clocks
        self._deadline = started + clocks.total
        self._speech = speech(call, candidate)
        self._reader = self._speech.StreamReader(
            model.id, keep_usage=call.wants_usage, known_as=model.known_as
        )
        self._prelude: deque[Frame] = deque()
        self._upstream: Upstream | None = None
        self._ticket = means.gate.admit(model, self._loop.time())
        self.candidate = candidate
        self.whole: Whole | None = None
        self.attempt = Attempt(
            model=model.id,
            endpoint=model.endpoint.id,
            tier=tier_word(model.tier),
            started=self._loop.time() - started,
        )

    async def open(self) -> None:
        """Asks, and waits for the first content, or for all of a plain answer. Raises UpstreamError."""
        model = self.candidate.model
        self._upstream = await send(
            self._means.sessions,
            model.endpoint,
            self._speech.PATH,
            self._speech.encode(self._call, self.candidate),
            headers=self._call.headers,
            at_root=self._speech.AT_ROOT,
            connect=self._clocks.connect,
            until=self._until(self._clocks.headers),
            wall=self._means.wall,
        )
        self.attempt.status = 200
        if self._call.stream:
            await self._first_content(self._upstream)
            self.attempt.first_content = self._now()
            self._ticket.content()
            if self._means.hold:
                await self._hold(self._upstream)
        else:
            body = await self._upstream.whole(self._clocks.idle, self._deadline)
            try:
                self.whole = self._speech.read_whole(body, self._call, self.candidate)
            except UpstreamError:
                self._turn.loaded(timed=False)  # a bad answer is no failed load
                raise
            self.attempt.first_content = self._now()
            self._settle(Outcome.OK, usage=self.whole.usage, text_size=self.whole.text_size)

    async def frames(self) -> AsyncIterator[Frame]:
        """The streamed answer. Raises UpstreamError when it breaks off: what was sent is not the whole."""
        if self._upstream is None:
            raise RuntimeError("an answer is opened before it is read")
        try:
            while self._prelude:
                yield self._prelude.popleft()
            while not self._reader.done:
                frame = await self._next(self._upstream, self._until(self._clocks.idle))
                yield frame
                _refuse_error(frame)
        except UpstreamError as error:
            self._settle(Outcome.CUT, error, self._reader.usage, self._reader.text_size)
            self._means.on_failure(self.candidate.model.endpoint, error)
            raise
        self._settle(Outcome.OK, usage=self._reader.usage, text_size=self._reader.text_size)
        await self._upstream.finish()

    def fail(self, error: UpstreamError) -> None:
        """Nothing of what the attempt brought was passed on, and the next one may be made."""
        self.attempt.status = error.upstream_status or self.attempt.status
        self._settle(Outcome.FAILED, error, self._reader.usage, self._reader.text_size)
        self._means.on_failure(self.candidate.model.endpoint, error)
        self._hang_up()

    def close(self) -> None:
        """Hangs up. An attempt that is still open was given up by the client."""
        self._settle(Outcome.CANCELLED, usage=self._reader.usage, text_size=self._reader.text_size)
        self._hang_up()
        self._turn.leave()

    def cost_max(self) -> int | None:
        """Nano-dollars this answer can cost at the most; None: unknown."""
        model = self.candidate.model
        output = self._call.max_tokens or model.max_output or model.context or 0
        usage = Usage(self._task.prompt_tokens, output * self._call.choices)
        return usage.cost(model.price) if model.price else None

    def _hang_up(self) -> None:
        if self._upstream is not None:
            self._upstream.close()

    async def _first_content(self, upstream: Upstream) -> None:
        until = self._until(self._clocks.first_content)
        size = 0
        while True:
            frame = await self._next(upstream, until)
            _refuse_error(frame)
            self._prelude.append(frame)
            size += len(frame.raw)
            if frame.has_content or self._reader.done:
                self._turn.loaded()
            if frame.has_content:
                return
            if self._reader.done:
                raise UpstreamError("its answer is empty")
            if size > LARGEST_PRELUDE:
                raise UpstreamError(f"it sent {size:,} bytes without saying anything")

    async def _hold(self, upstream: Upstream) -> None:
        """Takes in what follows the first content, to the end. Raises UpstreamError if there is none."""
        size = sum(len(frame.raw) for frame in self._prelude)
        while not self._reader.done:
            frame = await self._next(upstream, self._until(self._clocks.idle))
            _refuse_error(frame)
            self._prelude.append(frame)
            size += len(frame.raw)
            if size > LARGEST_ANSWER:
                raise UpstreamError(f"its answer is larger than {LARGEST_ANSWER >> 20} MiB")
        self._settle(Outcome.OK, usage=self._reader.usage, text_size=self._reader.text_size)

    async def _next(self, upstream: Upstream, until: float) -> Frame:
        chunk = await upstream.read(until)
        return self._reader.feed(chunk) if chunk else self._reader.end()

    def _settle(
        self,
        outcome: Outcome,
        error: UpstreamError | None = None,
        usage: Usage | None = None,
        text_size: int = 0,
    ) -> None:
        """Ends the attempt; the first call is the one that counts."""
        if self.attempt.outcome is not Outcome.OPEN:
            return
        if usage is None and text_size:
            usage = Usage(self._task.prompt_tokens, round(text_size / CHARS_PER_TOKEN), estimated=True)
        price = self.candidate.model.price
        self.attempt.outcome = outcome
        self.attempt.error = error.message if error else ""
        self.attempt.ended = self._now()
        self.attempt.usage = usage
        self.attempt.cost = (usage or Usage()).cost(price) if price else None
        self._ticket.settle(outcome, self._loop.time(), error)
        if outcome is Outcome.OK:
            self._turn.answered()

    def _now(self) -> float:
        return self._loop.time() - self._started

    def _until(self, seconds: float) -> float:
        return min(self._loop.time() + seconds, self._deadline)


async def first_answer(
    call: Call, decision: Decision, means: Means, attempts: list[Attempt], started: float
) -> Answer:
    """Asks the candidates in order until one brings content. `started`: the request, on the loop's clock.

    Every attempt is in `attempts` before it is made. Raises NoRoute when nobody is left, and Refused
    when all say that the request itself is wrong, or one that it will not answer what it asks.
    """
    late: list[str] = []  # of those that were waited for in vain
    for candidate, patient in _with_patience(decision.candidates):
        clocks = means.clocks(candidate, call)
        until = started + clocks.total
        if len(attempts) == MOST_ATTEMPTS or asyncio.get_running_loop().time() >= until:
            break
        try:
            turn = await means.loads.turn(candidate, decision.task.priority, until, patient=patient)
        except UpstreamError as error:
            late.append(f"{candidate.model.id}: {error}")
            continue
        make = partial(Answer, call, decision, candidate, means, turn=turn, clocks=clocks, started=started)
        try:
            return await _opened(make, turn, attempts)
        except UpstreamError as error:
            turn.leave(error)
            if error.final:
                raise Refused(f"{candidate.model.id}: {error}", error.upstream_status or 400) from error
        except BaseException:
            turn.leave()
            raise
    raise _nobody(attempts, late, means.gate.recovery(_models(decision), asyncio.get_running_loop().time()))


def _models(decision: Decision) -> list[Model]:
    return [candidate.model for candidate in decision.candidates]


async def _opened(make: Callable[[], Answer], turn: Turn | Open, attempts: list[Attempt]) -> Answer:
    """One candidate's answer, asked for twice where that may help. Raises the last UpstreamError."""
    most = min(len(attempts) + 2, MOST_ATTEMPTS)
    while True:
        answer = make()
        attempts.append(answer.attempt)
        try:
            await answer.open()
            return answer
        except UpstreamError as error:
            answer.fail(error)
            load_failed = turn.is_loading and error.upstream_status
            if len(attempts) == most or not error.again or load_failed:
                raise
        except BaseException:
            answer.close()
            raise


def _with_patience(candidates: Sequence[Candidate]) -> Iterator[tuple[Candidate, bool]]:
    """Each with whether to wait for it as long as it takes: nobody elsewhere is left to be asked."""
    for number, candidate in enumerate(candidates, 1):
        here = candidate.model.endpoint.id
        yield candidate, all(other.model.endpoint.id == here for other in candidates[number:])


def _refuse_error(frame: Frame) -> None:
    for event in frame.events:
        if event.kind is EventKind.ERROR:
            raise UpstreamError(f"it broke off with an error: {event.text or 'without a word'}")


def _nobody(attempts: Sequence[Attempt], late: Sequence[str], recovery: Recovery | None) -> PointsmanError:
    tried = "; ".join([*(f"{attempt.model}: {attempt.error}" for attempt in attempts), *late])
    refusal = next((attempt.status for attempt in attempts if attempt.status in REFUSALS), None)
    if refusal and not late and all(attempt.status in REFUSALS for attempt in attempts):
        return Refused(tried, refusal)
    words = f"every model that may answer was tried, and none did. {tried}"
    if recovery is None:
        return NoRoute(words)
    return NoRoute(words, retry_after=recovery.seconds, limited=recovery.limited)
