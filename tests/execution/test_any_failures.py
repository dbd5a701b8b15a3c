"""Any sequence of failures, met by the whole router: real engines, and time that a test may push ahead.

Whatever fails in whatever order, nothing stays held, nobody is asked before his recovery, nobody is asked
without end, and one account's trouble is no other's.
"""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.calls import Attempt, Outcome
from pointsman.catalogue.registry import Registry
from pointsman.chat import EventKind
from pointsman.errors import PointsmanError
from pointsman.events import Bus
from pointsman.execution.answer import Means
from pointsman.execution.attempts import MOST_ATTEMPTS
from pointsman.execution.clocks import Clocks
from pointsman.execution.loads import Loads
from pointsman.ledger.record import RequestRecord
from pointsman.limits.gate import MOMENT, Gate
from pointsman.net import Sessions
from pointsman.router import Journey, Router
from pointsman.routing.names import Names
from pointsman.types import Account, Endpoint, Finding, Model, Place, Tier
from tests.fakes import answers, faults
from tests.fakes.engine import FakeEngine
from tests.fakes.faults import Fault
from tests.journeys.clock import Clock, clock_of_this_loop
from tests.routing.house import endpoint, model
from tests.wire.asking import chat

CLOCKS = Clocks(connect=5.0, headers=30.0, first_content=60.0, idle=30.0, total=70.0, client=55.0)
WALL = 1_800_000_000.0
PATIENCE = 10.0  # real seconds in which all that was closed must be seen closed
PLACES = {"here": Tier.LOCAL, "a": Tier.FREE, "b": Tier.FREE}  # an engine of this machine, and two accounts
NAMES = ("one", "two")
EVERYWHERE = tuple(f"{place}/{name}" for place, name in itertools.product(PLACES, NAMES))


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an engine does to those who ask. `pause`: seconds that it must be left alone at the least."""

    fault: Fault
    pause: float = 0.0
    whole_account: bool = False


def saying(status: int, words: str, retry_after: str | None = None) -> Fault:
    body = answers.error(status, words, "server_error")
    return faults.status(status, body, retry_after)


TOLD = {  # by words that the error repeats
    "soon": Trouble(saying(429, "soon", "3"), 3.0),
    "later": Trouble(saying(429, "later", "40"), 40.0),
    "unsaid": Trouble(saying(429, "unsaid"), 5.0),
    "no entry": Trouble(saying(401, "no entry"), 600.0, whole_account=True),
    "overloaded": Trouble(saying(503, "overloaded"), 2.0),
    "kept silent": Trouble(faults.SILENCE, 2.0),
}
FRUGAL = "b"  # where every answer's head may tell that nothing is left
USED_UP, FULL_AGAIN = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6s"}, 6.0
UNTOLD = (
    faults.status(500),
    faults.RESET,
    faults.SLOW,
    faults.cut(0),
    faults.cut(2),
    faults.stall(2),
    faults.half_closed(1),
    faults.ends(1),
    faults.malformed(1),
    faults.error_in_200(0),
    faults.error_in_200(2),
    faults.NO_DONE,
    faults.EMPTY,
    faults.TRUNCATED,
    faults.WRONG_TYPE,
    faults.CONTEXT_LENGTH,
    faults.CONTENT_FILTER,
)
troubles = st.sampled_from((faults.OK, faults.OK, *UNTOLD, *(told.fault for told in TOLD.values())))


@dataclass(frozen=True, slots=True)
class Breaks:
    """What the next ones to ask at a place meet; the last of it, whoever asks after them."""

    place: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """One request. Its client goes away after so many seconds, or pieces of the answer; None: he stays."""

    name: str
    stream: bool
    leaves_after: float | None
    pieces: int | None


@dataclass(frozen=True, slots=True)
class Asks:
    wishes: tuple[Wish, ...]


@dataclass(frozen=True, slots=True)
class Passes:
    seconds: float


wishes = st.builds(
    Wish,
    name=st.sampled_from(("auto", "auto", *EVERYWHERE)),
    stream=st.booleans(),
    leaves_after=st.none() | st.none() | st.sampled_from((0.0, 0.001, 1.0, 31.0)),
    pieces=st.none() | st.none() | st.integers(0, 3),
)
steps = st.one_of(
    st.builds(Breaks, st.sampled_from(tuple(PLACES)), st.lists(troubles, min_size=1, max_size=3).map(tuple)),
    st.builds(Asks, st.lists(wishes, min_size=1, max_size=5).map(tuple)),
    st.builds(Passes, st.sampled_from((0.5, 2.0, 7.0, 45.0, 700.0))),
)


class Still:
    """Nobody looks for models: they are what they are."""

    looked_for: tuple[str, ...] = ()

    def request_seen(self) -> None: ...
    async def before_request(self, sufficient: object) -> None: ...


@dataclass
class House:
    """A router among its engines, and what was written down of the requests."""

    engines: dict[str, FakeEngine]
    gate: Gate
    loads: Loads
    registry: Registry
    router: Router
    told: list[RequestRecord]  # what is under way, and what is over
    journeys: list[Journey] = field(default_factory=list)

    @property
    def records(self) -> list[RequestRecord]:
        """The last word on each."""
        return list({record.id: record for record in self.told}.values())

    async def take(self, step: Breaks | Asks | Passes) -> None:
        if isinstance(step, Passes):
            clock_of_this_loop().advance(step.seconds)
        elif isinstance(step, Breaks):
            self.engines[step.place].faults(*step.faults[:-1])
            self.engines[step.place].fault = step.faults[-1]
        else:
            with clock_of_this_loop().hurrying():
                await asyncio.gather(*map(self.ask, step.wishes))
            self.is_at_rest()

    async def ask(self, wish: Wish) -> None:
        asking = asyncio.ensure_future(self.answered(wish))
        await asyncio.wait([asking], timeout=wish.leaves_after)
        asking.cancel()
        await asyncio.wait([asking])
        if not asking.cancelled():
            asking.result()

    async def answered(self, wish: Wish) -> None:
        """What comes to a client is the whole answer, or an error."""
        call = chat(model=wish.name, stream=wish.stream)
        journey = self.router.begin(call)
        self.journeys.append(journey)
        with suppress(PointsmanError):
            async with self.router.answer(journey) as answer:
                if answer.whole is not None:
                    assert answers.TEXT in answer.whole.body.decode()
                    return
                text, left = "", wish.pieces
                async for frame in answer.frames():
                    text += "".join(event.text for event in frame.events if event.kind is EventKind.TEXT)
                    if left is not None and (left := left - 1) < 0:
                        return
                assert text == answers.TEXT

    def is_at_rest(self) -> None:
        """Nothing is held by anybody when nobody asks."""
        outlook = self.gate.outlook(self.registry.snapshot.models, asyncio.get_running_loop().time() + 1e6)
        assert outlook.in_flight == {}
        assert outlook.parked == {}, "somebody is taken for a probe, and is not"
        assert self.loads.waiting == 0
        assert all(seconds < 1e3 for seconds in self.loads.waits().values())

    async def hung_up(self) -> None:
        """Every engine is done with every request: whoever waited has been left."""
        async with asyncio.timeout(PATIENCE):
            for engine in self.engines.values():
                await asyncio.gather(*(seen.ended.wait() for seen in engine.seen))

    def attempts(self) -> Iterator[tuple[float, Attempt]]:
        """All of them, with when their requests came in."""
        return ((one.started, attempt) for one in self.journeys for attempt in one.attempts)


async def build(stack: AsyncExitStack) -> House:
    loop = asyncio.get_running_loop()
    loads, gate, sessions = Loads(loop.time, lambda: None), Gate(), Sessions()
    stack.push_async_callback(sessions.close)
    stack.callback(loads.close)
    registry, told, numbers = Registry(loads.observe), list[RequestRecord](), itertools.count()
    engines = {
        place: await stack.enter_async_context(FakeEngine(*NAMES, llama=tier is Tier.LOCAL))
        for place, tier in PLACES.items()
    }
    for place, engine in engines.items():
        registry.place(finding(place, engine))
    router = Router(
        registry=registry,
        gate=gate,
        lookout=Still(),
        means=Means(sessions, gate, loads, lambda *_: CLOCKS, lambda *_: None, lambda: WALL),
        names=lambda: Names({}, {}, {}),
        bus=Bus(),
        keep=told.append,
        new_id=lambda: str(next(numbers)),
        wall=lambda: WALL,
        monotonic=loop.time,
        config_file="config.toml",
    )
    return House(engines, gate, loads, registry, router, told)


def finding(place: str, engine: FakeEngine) -> Finding:
    tier = PLACES[place]
    account = None if tier is Tier.LOCAL else Account(place, f"sk-{place}")
    at: Endpoint = endpoint(place, place=Place(engine.api_base), tier=tier, account=account)
    models: tuple[Model, ...] = tuple(model(f"{place}/{name}", endpoint=at, tier=tier) for name in NAMES)
    return Finding(replace(at), models)


def trouble_of(attempt: Attempt) -> Trouble | None:
    """What its error tells, as its client's log tells it."""
    return next((told for words, told in TOLD.items() if words in attempt.error), None)


def nobody_was_asked_too_early(house: House) -> None:
    """From the end of a refusal on, for the time that it names, and longer if it was not the first."""
    found = list(house.attempts())
    for came, failed in found:
        trouble = trouble_of(failed)
        if trouble is None or failed.tier == Tier.LOCAL.word or failed.ended is None:
            continue
        shut = came + failed.ended
        for later, attempt in found:
            same = attempt.model == failed.model or (
                trouble.whole_account and attempt.endpoint == failed.endpoint
            )
            begun = later + attempt.started
            assert not (same and shut < begun < shut + trouble.pause), (failed, attempt)


def nobody_was_asked_who_had_nothing_left(house: House) -> None:
    """From the first content of an answer on, whose head said so some time before."""
    found = [one for one in house.attempts() if one[1].endpoint == FRUGAL]
    for came, answered in found:
        if answered.first_content is not None and house.engines[FRUGAL].headers:
            begun = [later + attempt.started for later, attempt in found if attempt.model == answered.model]
            told, full = came + answered.first_content, came + answered.started + FULL_AGAIN
            assert not [at for at in begun if told < at < full], answered


def nobody_is_parked_for_anothers_trouble(house: House) -> None:
    failed = {attempt.model for _, attempt in house.attempts() if attempt.error}
    asked = {attempt.model for _, attempt in house.attempts()}
    refused = {attempt.endpoint for _, attempt in house.attempts() if attempt.status in (401, 402, 403)}
    now = asyncio.get_running_loop().time()
    for one, parked in house.gate.outlook(house.registry.snapshot.models, now).parked.items():
        place = one.partition("/")[0]
        assert PLACES[place] is not Tier.LOCAL or parked.until <= now + MOMENT
        frugal = one in asked and bool(house.engines[place].headers)
        assert one in failed or place in refused or frugal


def all_is_written_down(house: House) -> None:
    assert len(house.records) == len(house.journeys)
    for record in house.records:
        assert record.error or record.status == 200, "an error says what is wrong"
        assert len(record.attempts) <= MOST_ATTEMPTS
        assert all(
            attempt.outcome is not Outcome.OPEN and attempt.ended is not None for attempt in record.attempts
        )
        assert all((attempt.ended or 0.0) <= CLOCKS.total + 1 for attempt in record.attempts)
        whole = [attempt for attempt in record.attempts if attempt.outcome is Outcome.OK]
        assert whole in ([], list(record.attempts[-1:])), "who has the whole answer asks nobody else"
        if record.status == 200 and not record.error:
            assert record.attempts[-1].outcome in (Outcome.OK, Outcome.CANCELLED)


async def live(script: list[Breaks | Asks | Passes], *, frugal: bool) -> None:
    async with AsyncExitStack() as stack:
        house = await build(stack)
        house.engines[FRUGAL].headers = USED_UP if frugal else {}
        for step in script:
            await house.take(step)
            nobody_is_parked_for_anothers_trouble(house)
        await house.hung_up()
        nobody_was_asked_too_early(house)
        nobody_was_asked_who_had_nothing_left(house)
        all_is_written_down(house)


@settings(max_examples=40, deadline=None)
@given(script=st.lists(steps, min_size=6, max_size=20), frugal=st.booleans())
def test_however_engines_fail_nothing_is_held_and_nobody_is_asked_too_early(
    script: list[Breaks | Asks | Passes], frugal: bool
) -> None:
    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(live(script, frugal=frugal))


async def probe_while_others_wait() -> None:
    """The first content of a probe is enough: nobody waits for the end of its answer."""
    async with AsyncExitStack() as stack:
        house = await build(stack)
        house.engines["a"].faults(TOLD["later"].fault, faults.stall(2))
        await house.answered(Wish("a/one", stream=True, leaves_after=None, pieces=None))
        clock_of_this_loop().advance(TOLD["later"].pause)
        probe = house.router.begin(chat(model="a/one", stream=True))
        async with house.router.answer(probe) as answer:
            await anext(answer.frames())
            await house.answered(Wish("a/one", stream=False, leaves_after=None, pieces=None))
        assert [record.status for record in house.records][-2:] == [200, 200]


def test_the_first_content_of_a_probe_lets_all_others_in() -> None:
    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(probe_while_others_wait())
