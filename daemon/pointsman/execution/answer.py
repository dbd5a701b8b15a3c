"""One attempt at one model, under its clocks, settled on every way out: the answer, if it succeeds."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from pointsman.calls import Attempt, Call, CallKind, Candidate, Decision, Empty, Frame, Outcome, Task, Whole
from pointsman.chat import CHARS_PER_TOKEN, EventKind
from pointsman.errors import UpstreamError
from pointsman.execution.bill import Bill, bill, is_charged, order, with_ceiling
from pointsman.execution.clocks import Clocks
from pointsman.execution.line import Turn
from pointsman.execution.loads import Loads, Open
from pointsman.execution.retries import inside
from pointsman.execution.upstream import LARGEST_ANSWER, Upstream, send
from pointsman.limits.gate import Gate
from pointsman.money import Usage
from pointsman.net import Sessions, without_key
from pointsman.types import Endpoint, Model, Tier, tier_word
from pointsman.wire.formats import COLLECTORS, Collector, as_stream, speech
from pointsman.wire.sse import is_stream

LOADING = 1.0  # seconds after which an engine is asked again that is loading its model
LAST_WORDS = 0.5  # seconds for the terminal mark of an answer that is complete: some never send it
LAST_FIGURES = 5.0  # seconds for its usage: some never send that either
NOTED_AFTER = 0.1  # seconds: what costs nothing, and is over by then, is written down once
LARGEST_PRELUDE = 4 * 1024 * 1024  # bytes that may come before the first content


async def _nothing_to_commit() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Means:
    """What attempts are made with. `on_failure` is told of every failure, by whoever keeps watch.

    `hold`: nothing of a stream is passed on before all of it is there. `collect`: plain answers are asked
    for as streams. `cross` is told before a call goes out, and raises UpstreamError where it may not.
    `committed` returns when all that was counted until now is written down, if it can be; `recorded` when it
    is, and raises Unrecorded where it can't be.
    """

    sessions: Sessions
    gate: Gate
    loads: Loads
    clocks: Callable[[Candidate, Call, Task], Clocks]
    on_failure: Callable[[Endpoint, UpstreamError], None]
    wall: Callable[[], float]
    hold: bool = False
    collect: bool = False
    cross: Callable[[Call, Model], None] = lambda _call, _model: None
    committed: Callable[[], Awaitable[None]] = _nothing_to_commit
    recorded: Callable[[], Awaitable[None]] = _nothing_to_commit

    def asked(self, call: Call) -> Call:
        """The call as servers are asked it."""
        return as_stream(call) if self.collect else call


class Answer:
    """One attempt, and once its first content is there, the answer: `whole` if plain, else `frames()`.

    Made by `attempts.first_answer`. `close` it on every way out; it needs no await, settles what is open, and
    leaves its turn at the engine. One that failed keeps its turn: there may be a second try. `note` hands
    what is known of the request to the ledger.
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
        loads_until: float,
        note: Callable[[], None],
    ) -> None:
        model = candidate.model
        self._loop = asyncio.get_running_loop()
        self._ticket = means.gate.admit(
            order(call, decision, candidate, means.gate.ratios), self._loop.time()
        )
        self._call = with_ceiling(means.asked(call), model, self.cap)
        self._collector = COLLECTORS[call.format](model.id) if self._call.stream and not call.stream else None
        self._task = decision.task
        self._means = means
        self._note = note
        self.started = started
        self._turn = turn
        self._clocks = clocks
        self._loads_until = loads_until
        self.deadline = started + clocks.total
        self._speech = speech(call, candidate)
        self._reader = self._speech.StreamReader(
            model.id,
            keep_usage=call.wants_usage or not call.stream,
            known_as=model.known_as,
        )
        self._prelude: deque[Frame] = deque()
        self._noting: asyncio.TimerHandle | None = None
        self._upstream: Upstream | None = None
        self.candidate = candidate
        self.whole: Whole | None = None
        self.attempt = Attempt(
            model=model.id,
            endpoint=model.endpoint.id,
            tier=tier_word(model.tier),
            started=self._loop.time() - started,
            provider=model.endpoint.provider,
            at=self._ticket.reserved.at,
            day=self._ticket.reserved.day,
            reserved=self._ticket.reserved.amount,
        )

    async def open(self) -> None:
        """Asks, and waits for the first content, or for all of a plain answer. Raises UpstreamError."""
        await self._written_down()
        self._means.cross(self._call, self.candidate.model)
        self._ticket.goes_out()
        self._upstream = await self._sent()
        self.attempt.status = 200
        if self._call.stream:
            await self._first_content(self._upstream)
            self.attempt.first_content = self._now()
            self._ticket.content()
            if self._collector is not None:
                await self._collect(self._upstream, self._collector)
            elif self._means.hold:
                await self._hold(self._upstream)
        else:
            silence = min(self._clocks.idle, self._clocks.first_content)
            body = await self._upstream.whole(silence, self.deadline)
            try:
                self.whole = self._read_whole(body)
            except UpstreamError as error:
                self._turn.loaded(timed=False)  # a bad answer is no failed load
                if isinstance(error, Empty):
                    self.whole = Whole(b"", error.usage, 0)
                raise self._inside(error) from None
            self.attempt.first_content = self._now()
            self._settle(Outcome.OK)

    async def _written_down(self) -> None:
        """A crash a moment later must not make a request that costs money, or is counted, unknown.

        That of one that is free, or local, is known a moment later.
        """
        if self.candidate.model.tier is Tier.PAID:
            self._note()
            await self._means.recorded()
            return
        self._noting = self._loop.call_later(NOTED_AFTER, self._note)
        if self._ticket.counted:
            await self._means.committed()

    async def _sent(self) -> Upstream:
        """Asks; an engine here that is still loading its model again, until it has or takes too long."""
        until = self._until(self._clocks.headers)
        while True:
            try:
                return await self._send(until)
            except UpstreamError as error:
                is_here = self.candidate.model.tier is Tier.LOCAL
                if not (error.loading and is_here) or self._loop.time() + LOADING >= self._loads_until:
                    raise
            await asyncio.sleep(LOADING)

    async def _send(self, until: float) -> Upstream:
        return await send(
            self._means.sessions,
            self.candidate.model.endpoint,
            self._speech.PATH,
            self._speech.encode(self._call, self.candidate),
            headers=self._call.headers,
            at_root=self._speech.AT_ROOT,
            connect=self._clocks.connect,
            until=until,
            wall=self._means.wall,
            heard=self._heard,
        )

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
                self._refuse_error(frame)
        except UpstreamError as error:
            self._settle(Outcome.CUT, error)
            self._means.on_failure(self.candidate.model.endpoint, error)
            raise
        self._settle(Outcome.OK)
        await self._upstream.finish()

    def fail(self, error: UpstreamError, *, again: bool) -> None:
        """Nothing of it was passed on. `again`: one more try follows, until which nothing is shut."""
        self.attempt.status = error.upstream_status or self.attempt.status
        self._settle(Outcome.FAILED, error, shut=not again)
        self._means.on_failure(self.candidate.model.endpoint, error)
        self._hang_up()

    def give_up(self, error: UpstreamError) -> None:
        """The request goes elsewhere; what was asked may go on until `close`."""
        self._settle(Outcome.FAILED, error)

    def close(self) -> None:
        """Hangs up. An attempt that is still open was given up by the client."""
        self._settle(Outcome.CANCELLED)
        self._hang_up()
        self._turn.leave()

    @property
    def cost_max(self) -> int | None:
        """Nano-dollars this answer can cost at the most; None: unknown."""
        return self._ticket.reserved.amount

    @property
    def cap(self) -> int | None:
        """Tokens that it may have, for what it costs; None: as many as it likes."""
        return self._ticket.reserved.cap

    def _heard(self, status: int, headers: Mapping[str, str]) -> None:
        """The head came, and what it tells of its provider's limits counts at once."""
        self._ticket.told(headers, self._loop.time(), self._means.wall(), refused=status != 200)

    def _hang_up(self) -> None:
        if self._upstream is not None:
            self._upstream.close()

    async def _first_content(self, upstream: Upstream) -> None:
        until = self._until(self._clocks.first_content)
        size = 0
        while True:
            frame = await self._next(upstream, until)
            self._refuse_error(frame)
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
        """Takes in all of a stream, which is passed on when its end is there."""
        self._prelude = deque([frame async for frame in self._all(upstream)])
        self._settle(Outcome.OK)

    async def _collect(self, upstream: Upstream, collector: Collector) -> None:
        """Puts a plain answer together from all of its stream."""
        async for frame in self._all(upstream):
            collector.feed(frame.raw)
        self.whole = Whole(collector.whole(), self._reader.usage, self._reader.text_size)
        self._settle(Outcome.OK)
        await upstream.finish()

    def _read_whole(self, body: bytes) -> Whole:
        """A plain answer; or put together from the stream that some servers send unasked."""
        if not is_stream(body) or self._call.format not in COLLECTORS:
            return self._speech.read_whole(body, self._call, self.candidate)
        collector = COLLECTORS[self._call.format](self.candidate.model.id)
        said = False
        for read in (partial(self._reader.feed, body), self._reader.end):
            frame = read()
            self._refuse_error(frame)
            collector.feed(frame.raw)
            said = said or frame.has_content
        if not said:
            raise UpstreamError("its answer is empty")
        return Whole(collector.whole(), self._reader.usage, self._reader.text_size)

    async def _all(self, upstream: Upstream) -> AsyncIterator[Frame]:
        """What has come and what follows, to the end. Raises UpstreamError if there is none."""
        size = 0
        while self._prelude or not self._reader.done:
            known = self._prelude.popleft() if self._prelude else None
            frame = known or await self._next(upstream, self._until(self._clocks.idle))
            self._refuse_error(frame)
            size += len(frame.raw)
            if size > LARGEST_ANSWER:
                raise UpstreamError(f"its answer is larger than {LARGEST_ANSWER >> 20} MiB")
            yield frame

    async def _next(self, upstream: Upstream, until: float) -> Frame:
        """What comes next. An answer that lacks nothing but its terminal mark is not waited for long."""
        lacks_nothing = self._reader.complete and self._call.choices == 1
        if lacks_nothing:
            until = min(until, self._until(LAST_WORDS if self._reader.usage else LAST_FIGURES))
        try:
            chunk = await upstream.read(until)
        except UpstreamError as error:
            if not lacks_nothing:
                raise self._in_time(error) from error
            chunk = b""
        frame = self._reader.feed(chunk) if chunk else self._reader.end()
        return frame._replace(raw=without_key(frame.raw, self.candidate.model.endpoint.account))

    def _in_time(self, error: UpstreamError) -> UpstreamError:
        """A model that had begun to speak when the request's time was over has not failed by that."""
        if self.attempt.first_content is None or self._loop.time() < self.deadline:
            return error
        return UpstreamError(
            f"its answer was not finished after {self._clocks.total:g} s (`[timeouts] total`)"
        )

    def _refuse_error(self, frame: Frame) -> None:
        for event in frame.events:
            if event.kind is EventKind.ERROR:
                words = f"it broke off with an error: {event.text or 'without a word'}"
                raise self._inside(UpstreamError(words, said=event.said))

    def _inside(self, error: UpstreamError) -> UpstreamError:
        return inside(error, self._means.wall(), self.candidate.model.endpoint.account)

    def _settle(self, outcome: Outcome, error: UpstreamError | None = None, *, shut: bool = True) -> None:
        """Ends the attempt; the first call is the one that counts. `shut`: whatever the error shuts."""
        if self.attempt.outcome is not Outcome.OPEN:
            return
        if self._noting is not None:
            self._noting.cancel()
        usage = self._usage(outcome)
        billed = self._bill(outcome, usage, error)
        self.attempt.outcome = outcome
        self.attempt.error = error.message if error else ""
        self.attempt.ended = self._now()
        self.attempt.usage = usage
        self.attempt.cost, self.attempt.priced, self.attempt.is_told = billed
        self._ticket.settle(outcome, self._loop.time(), error if shut else None, billed.cost or 0)
        if usage is not None and not usage.estimated:
            self._means.gate.ratios.learn(self.candidate.model.id, self._task, usage.input)
        if outcome is Outcome.OK:
            self._turn.answered(self.attempt)

    def _bill(self, outcome: Outcome, usage: Usage | None, error: UpstreamError | None) -> Bill:
        model, ok = self.candidate.model, outcome is Outcome.OK
        answered, spoke = self.attempt.status == 200, self.attempt.first_content is not None
        seconds = self._now() - self.attempt.started
        if not ok and not (
            self._ticket.is_out and is_charged(error, answered=answered, spoke=spoke, seconds=seconds)
        ):
            return Bill(0, 0)
        told = usage is not None and not usage.estimated
        whole = ok or (told and (self.whole is not None or self._reader.complete))
        return bill(model, usage, wall=self._means.wall(), whole=whole, reserved=self.attempt.reserved)

    def _usage(self, outcome: Outcome) -> Usage | None:
        """As it was told; or by what was said, where nothing was told, or not yet all of it."""
        told = self.whole or self._reader
        usage, written = told.usage, round(told.text_size / CHARS_PER_TOKEN)
        ended = outcome is Outcome.OK or self._reader.complete
        if told.text_size and (usage is None or (not ended and usage.output < written)):
            return replace(usage or Usage(self._task.prompt_tokens), output=written, estimated=True)
        if usage is None and outcome is Outcome.OK and self._call.kind is CallKind.EMBEDDING:
            return Usage(round(self._task.text_bytes / CHARS_PER_TOKEN), estimated=True)
        return usage

    def _now(self) -> float:
        return self._loop.time() - self.started

    def _until(self, seconds: float) -> float:
        return min(self._loop.time() + seconds, self.deadline)
