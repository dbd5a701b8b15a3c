"""The router by itself, where a whole daemon can't show it: what happens between two looks at a clock."""

import asyncio
import selectors
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from pointsman.catalogue.registry import Registry
from pointsman.errors import NoRoute
from pointsman.events import Bus
from pointsman.execution.answer import Means
from pointsman.execution.clocks import Clocks
from pointsman.execution.loads import Loads
from pointsman.limits.circuit import keys_of
from pointsman.limits.gate import Gate
from pointsman.net import Sessions
from pointsman.router import WAITS_FOR, Router
from pointsman.routing.names import Names
from pointsman.types import Account, Finding, Model, Place, Tier
from tests.fakes import answers
from tests.fakes.engine import FakeEngine
from tests.routing.house import endpoint, model
from tests.wire.asking import chat

CLOCKS = Clocks(connect=5.0, headers=30.0, first_content=60.0, idle=30.0, total=70.0, client=55.0)
TICK = 0.001  # seconds
LOOKS = 60  # more than a request takes to be told that nobody may answer it


class Brief(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(TICK if timeout is None else min(timeout, TICK))


class Ticking(asyncio.SelectorEventLoop):
    """Its time goes on whenever somebody looks at it, and at no other: no two looks see the same."""

    def __init__(self) -> None:
        self._ticks = 0
        super().__init__(Brief())

    def time(self) -> float:
        self._ticks += 1
        return self._ticks * TICK


class Still:
    """Nobody looks for models: they are what they are."""

    looked_for: tuple[str, ...] = ()

    def request_seen(self) -> None: ...
    async def before_request(self, sufficient: object) -> None: ...


def models_of(engine: FakeEngine) -> tuple[Model, ...]:
    at = endpoint("a", place=Place(engine.api_base), tier=Tier.FREE, account=Account("a", "sk-a"))
    return tuple(model(f"a/{name}", endpoint=at, tier=Tier.FREE) for name in engine.models)


def router_of(models: Sequence[Model], gate: Gate, sessions: Sessions) -> Router:
    clock = asyncio.get_running_loop().time
    loads = Loads(clock, lambda: None)
    registry = Registry(loads.observe)
    registry.place(Finding(models[0].endpoint, tuple(models)))
    return Router(
        registry=registry,
        gate=gate,
        lookout=Still(),
        means=Means(sessions, gate, loads, lambda *_: CLOCKS, lambda *_: None, lambda: 0.0),
        names=lambda: Names({}, {}, {}),
        bus=Bus(),
        keep=lambda _: None,
        new_id=lambda: "1",
        wall=lambda: 0.0,
        monotonic=clock,
        config_file="config.toml",
    )


@asynccontextmanager
async def house() -> AsyncIterator[tuple[FakeEngine, Sessions]]:
    async with FakeEngine("one", "two", llama=False) as engine, AsyncExitStack() as stack:
        sessions = Sessions()
        stack.push_async_callback(sessions.close)
        yield engine, sessions


async def asked_while_parked(engine: FakeEngine, sessions: Sessions, *seconds: float) -> str:
    """What one is answered who asks when each of two models is parked for so long."""
    gate, models = Gate(), models_of(engine)
    router = router_of(models, gate, sessions)
    now = asyncio.get_running_loop().time()
    for one, rest in zip(models, seconds, strict=True):
        gate.circuits.park(keys_of(one)[-1], now, rest, "nothing is left of its requests")
    async with router.answer(router.begin(chat(model="auto"))) as answer:
        assert answer.whole is not None
        return answer.whole.body.decode()


@pytest.mark.parametrize("other", [0.0, 600.0], ids=["as the other", "long before the other"])
def test_who_recovers_just_when_he_is_looked_at_is_asked(other: float) -> None:
    """Whichever two looks at the clock his time comes between."""

    async def ask_at_any_time() -> None:
        async with house() as (engine, sessions):
            for looks in range(LOOKS):
                soon = (looks + 0.5) * TICK
                assert answers.TEXT in await asked_while_parked(engine, sessions, soon, other or soon)

    with asyncio.Runner(loop_factory=Ticking) as runner:
        runner.run(ask_at_any_time())


def test_who_recovers_too_late_is_named_with_his_time() -> None:
    late = WAITS_FOR + 1

    async def ask_too_early() -> None:
        async with house() as (engine, sessions):
            await asked_while_parked(engine, sessions, late, late + 1)

    with asyncio.Runner(loop_factory=Ticking) as runner, pytest.raises(NoRoute) as refusal:
        runner.run(ask_too_early())
    assert refusal.value.status == 429
    assert refusal.value.retry_after == pytest.approx(late, abs=0.1)
