"""Waiting for one's turn: who waits is called, gives up in time, and leaves nothing behind."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Candidate
from pointsman.errors import UpstreamError
from pointsman.execution.line import Turn
from pointsman.execution.loads import LONGEST_WAIT, Loads, Open
from pointsman.types import Health, Model, ModelState, Priority, Snapshot, Tier
from tests.routing.house import endpoint, model, snapshot

PATIENCE = 10.0
A = model("engine/a", endpoint=endpoint("engine", holds=1))
B = model("engine/b", endpoint=endpoint("engine", holds=1), state=ModelState.UNLOADED)


class House:
    """Loads that know of these models, and what was told of them."""

    def __init__(self, *models: Model) -> None:
        self.loads = Loads(asyncio.get_running_loop().time, self._look)
        self.loads.observe(snapshot(*models))
        self.looks = 0

    def _look(self) -> None:
        self.looks += 1

    async def turn(self, of: Model, seconds: float = PATIENCE, *, patient: bool = True) -> Turn | Open:
        until = asyncio.get_running_loop().time() + seconds
        return await self.loads.turn(Candidate(of, "named"), Priority.NORMAL, until, patient=patient)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House(A, B)
    yield house
    turn = await house.turn(B)  # whatever happened, the engine is free at the end
    assert turn.is_loading
    turn.leave()


async def rest() -> None:
    """Lets every task go on as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_who_waits_is_called_when_the_last_of_the_others_leaves(house: House) -> None:
    first = await house.turn(A)
    waiting = asyncio.ensure_future(house.turn(B))
    await rest()
    assert not waiting.done()
    first.leave()
    (await waiting).leave()
    assert house.looks == 1


async def test_a_model_elsewhere_has_no_line(house: House) -> None:
    remote = model("cloud/x", tier=Tier.PAID, state=ModelState.UNLOADED)
    turns = [await house.turn(remote) for _ in range(100)]
    assert not any(turn.is_loading for turn in turns)


async def test_an_engine_that_was_never_looked_at_is_lined_up_for_too() -> None:
    house = House()
    turn = await house.turn(B)
    assert turn.is_loading
    turn.leave()


async def test_the_wait_has_an_end_and_takes_nobody_elses_turn(house: House) -> None:
    first = await house.turn(A)
    with pytest.raises(UpstreamError, match="its turn at engine did not come in 0 s"):
        await house.turn(B, seconds=0.01)
    again = await house.turn(A)
    first.leave()
    again.leave()


async def test_where_others_may_be_asked_the_wait_is_shorter() -> None:
    """By a clock that is behind: a short wait was over long ago, a long one is not."""
    loop = asyncio.get_running_loop()
    loads = Loads(lambda: loop.time() - LONGEST_WAIT, lambda: None)
    loads.observe(snapshot(A, B))
    until = loop.time() + PATIENCE
    first = await loads.turn(Candidate(A, "named"), Priority.NORMAL, until)
    with pytest.raises(UpstreamError, match="did not come"):
        await loads.turn(Candidate(B, "named"), Priority.NORMAL, until, patient=False)
    first.leave()


async def test_a_turn_that_is_called_for_somebody_who_just_left_is_passed_on(house: House) -> None:
    first = await house.turn(A)
    gone, next_one = (asyncio.ensure_future(house.turn(B)) for _ in range(2))
    await rest()
    first.leave()  # calls the one that leaves in the same moment
    gone.cancel()
    turn = await next_one
    assert turn.is_loading
    turn.leave()
    assert gone.cancelled()


async def test_who_waits_for_an_engine_that_goes_away_moves_on_at_once(house: House) -> None:
    first = await house.turn(A)
    waiting = asyncio.ensure_future(house.turn(B))
    await rest()
    away = endpoint("engine", health=Health.AWAY, note="it can't be reached")
    house.loads.observe(Snapshot(2, (away,), (A, B)))
    with pytest.raises(UpstreamError, match="engine is away: it can't be reached"):
        await waiting
    first.leave()


async def test_waits_are_told_for_each_model_that_has_one(house: House) -> None:
    assert house.loads.waits() == {}
    loading = await house.turn(B)
    assert house.loads.waits() == pytest.approx({"engine/a": 10.0, "engine/b": 10.0}, abs=1)
    loading.leave()


@given(st.integers(0, 2**32))
def test_however_requests_come_and_go_nothing_is_left(seed: int) -> None:
    """Tasks draw from a source of their own: Hypothesis's ends with the example."""
    asyncio.run(_crowd(random.Random(seed)))  # noqa: S311 - nothing is secret here


async def _crowd(source: random.Random) -> None:
    house = House(A, B)
    crowd = [asyncio.ensure_future(_request(house, source)) for _ in range(20)]
    for _ in range(30):
        if source.random() < 0.3:
            source.choice(crowd).cancel()
        await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        await asyncio.wait(crowd)
    for each in (A, B):
        (await house.turn(each)).leave()


async def _request(house: House, source: random.Random) -> None:
    """Asks, has its answer or fails, and goes; it may be cancelled anywhere."""
    await _moments(source)
    try:
        turn = await house.turn(source.choice((A, B)))
    except UpstreamError:
        return
    try:
        await _moments(source)
        if source.random() < 0.7:
            turn.loaded()
            await _moments(source)
            turn.answered()
        elif source.random() < 0.5:
            turn.leave(UpstreamError("it answered 500", upstream_status=500))
    finally:
        turn.leave()


async def _moments(source: random.Random) -> None:
    for _ in range(source.randrange(4)):
        await asyncio.sleep(0)
