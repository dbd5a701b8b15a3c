"""Whatever fails in whatever order, what is private opens no connection to a place elsewhere."""

import asyncio
import itertools
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.calls import Hints
from pointsman.catalogue.registry import Registry
from pointsman.errors import PointsmanError
from pointsman.events import Bus
from pointsman.execution.answer import Means
from pointsman.execution.loads import Loads
from pointsman.limits.gate import Gate
from pointsman.modes import Mode, Privacy
from pointsman.net import Sessions
from pointsman.router import Router
from pointsman.routing.names import Names
from pointsman.types import Account, Finding, Place, Tier
from pointsman.watch.border import Border
from tests.execution.test_any_failures import CLOCKS, WALL, Still, troubles
from tests.fakes.engine import FakeEngine
from tests.fakes.faults import Fault
from tests.journeys.clock import Clock, clock_of_this_loop
from tests.routing.house import endpoint, model, played
from tests.wire.asking import chat

HERE, CLOUDS = ("here", "there"), ("a", "b")
NAMES = Names(
    aliases={"main": "here/one", "far": "a/one"},
    roles=played({"worker": "auto"}),
    fallback={
        "main": ("there/one", "a/one", "free"),
        "far": ("local", "free"),
        "here/one": ("b/one", "there/one"),
    },
)
ASKED = ("auto", "main", "far", "worker", "one", "here/one", "a/one", "b/one")


@dataclass(frozen=True, slots=True)
class Way:
    """How prompts are kept here, and what is known of the clouds."""

    mode: Mode = Mode.NORMAL
    privacy: Privacy = Privacy.ANY
    trains: bool | None = False


WAYS = (
    Way(privacy=Privacy.LOCAL),
    Way(Mode.NO_PAID, Privacy.LOCAL),
    Way(privacy=Privacy.NO_TRAIN, trains=None),
    Way(privacy=Privacy.NO_TRAIN, trains=True),
    Way(Mode.LOCAL_ONLY),
    Way(Mode.PAUSED),
)


class Cloud:
    """Counts who connects, and answers nobody."""

    def __init__(self) -> None:
        self.accepted = 0
        self._server: asyncio.Server | None = None

    @property
    def api_base(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    def _accept(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        writer.close()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()


@dataclass(frozen=True, slots=True)
class Breaks:
    """What the next ones to ask an engine meet; the last of it, whoever asks after them."""

    engine: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Dies:
    engine: str


@dataclass(frozen=True, slots=True)
class Returns:
    engine: str


@dataclass(frozen=True, slots=True)
class Passes:
    seconds: float


@dataclass(frozen=True, slots=True)
class Asks:
    names: tuple[str, ...]
    stream: bool


Step = Breaks | Dies | Returns | Passes | Asks

engines = st.sampled_from(HERE)
steps = st.one_of(
    st.builds(Breaks, engines, st.lists(troubles, min_size=1, max_size=3).map(tuple)),
    st.builds(Dies, engines),
    st.builds(Returns, engines),
    st.builds(Passes, st.sampled_from((1.0, 7.0, 700.0))),
    st.builds(Asks, st.lists(st.sampled_from(ASKED), min_size=1, max_size=4).map(tuple), st.booleans()),
    st.builds(Asks, st.just(("auto", "main")), st.booleans()),
)


@dataclass
class House:
    """A router between engines that may die and clouds that count."""

    engines: dict[str, FakeEngine]
    clouds: dict[str, Cloud]
    router: Router
    mode: Mode = Mode.NORMAL
    up: set[str] = field(default_factory=lambda: set(HERE))

    async def take(self, step: Step, privacy: Privacy) -> None:
        match step:
            case Breaks(name, faults):
                self.engines[name].faults(*faults[:-1])
                self.engines[name].fault = faults[-1]
            case Dies(name) if name in self.up:
                self.up.discard(name)
                await self.engines[name].stop()
            case Returns(name) if name not in self.up:
                self.up.add(name)
                await self.engines[name].start()
            case Passes(seconds):
                clock_of_this_loop().advance(seconds)
            case Asks(names, stream):
                with clock_of_this_loop().hurrying():
                    await asyncio.gather(*(self.ask(name, privacy, stream=stream) for name in names))

    async def ask(self, name: str, privacy: Privacy, *, stream: bool = False) -> None:
        call = replace(chat(model=name, stream=stream), hints=Hints(privacy=privacy))
        with suppress(PointsmanError):
            async with self.router.answer(self.router.begin(call)) as answer:
                assert answer.candidate.model.tier is Tier.LOCAL
                if answer.whole is None:
                    async for _ in answer.frames():
                        pass

    @property
    def accepted(self) -> int:
        return sum(cloud.accepted for cloud in self.clouds.values())


async def build(stack: AsyncExitStack, way: Way) -> House:
    loop = asyncio.get_running_loop()
    loads, gate, sessions, bus = Loads(loop.time, lambda: None), Gate(), Sessions(), Bus()
    stack.push_async_callback(sessions.close)
    stack.callback(loads.close)
    registry, numbers = Registry(loads.observe), itertools.count()
    fakes = {name: await stack.enter_async_context(FakeEngine("one")) for name in HERE}
    clouds = {name: await stack.enter_async_context(Cloud()) for name in CLOUDS}
    for name, place in (fakes | clouds).items():
        registry.place(finding(name, place.api_base, way))

    def mode() -> Mode:
        return house.mode

    border = Border(mode, bus, lambda _: None, lambda: WALL)
    clocks = lambda *_: CLOCKS  # noqa: E731
    router = Router(
        registry=registry,
        gate=gate,
        lookout=Still(),
        means=Means(sessions, gate, loads, clocks, lambda *_: None, lambda: WALL, cross=border.cross),
        names=lambda: NAMES,
        bus=bus,
        keep=lambda _: None,
        new_id=lambda: str(next(numbers)),
        wall=lambda: WALL,
        monotonic=loop.time,
        config_file="config.toml",
        mode=mode,
    )
    house = House(fakes, clouds, router)
    return house


def finding(name: str, url: str, way: Way) -> Finding:
    far = name in CLOUDS
    tier, account = (Tier.FREE, Account(name, f"sk-{name}")) if far else (Tier.LOCAL, None)
    at = endpoint(name, place=Place(url), tier=tier, account=account)
    return Finding(at, (model(f"{name}/one", endpoint=at, tier=tier, trains=way.trains),))


async def live(script: list[Step], way: Way) -> None:
    async with AsyncExitStack() as stack:
        house = await build(stack, way)
        house.mode = way.mode
        for step in script:
            await house.take(step, way.privacy)
        assert house.accepted == 0
        house.mode = Mode.NORMAL
        with clock_of_this_loop().hurrying():
            await house.ask("a/one", Privacy.ANY)
        assert house.accepted > 0, "nobody would have noticed"


@settings(max_examples=40, deadline=None)
@given(
    script=st.lists(steps, min_size=4, max_size=14),
    way=st.sampled_from(WAYS),
)
def test_however_engines_die_what_is_private_reaches_no_cloud(script: list[Step], way: Way) -> None:
    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(live(script, way))
