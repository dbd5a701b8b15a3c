"""When a place elsewhere is asked for its list again, by itself and among others."""

import asyncio

import pytest

from pointsman.catalogue.providers import GENERIC
from pointsman.catalogue.registry import Registry
from pointsman.config.schema import Config
from pointsman.discovery.dues import Dues
from pointsman.discovery.sweep import Sweeper, make_sweeper
from pointsman.discovery.written import Written
from pointsman.events import Bus
from pointsman.net import Sessions
from pointsman.types import Health, Place, Tier
from tests.discovery import bodies
from tests.discovery.conftest import Listen
from tests.discovery.house import Clock
from tests.discovery.servers import Page, Server, page, plain

EVERY = 21_600.0
LIST = page(bodies.models("gpt"))
BROKEN = page({}, 502)


def seconds_until_due(dues: Dues, clock: Clock, name: str) -> float:
    began = clock.now
    while not dues.is_due(name):
        clock.now += 1.0
    return clock.now - began


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dues(clock: Clock) -> Dues:
    return Dues(clock, EVERY)


def test_who_gives_no_list_is_asked_in_pauses_that_grow_up_to_a_quarter_of_an_hour(
    dues: Dues, clock: Clock
) -> None:
    pauses = []
    for _ in range(6):
        dues.asked("a")
        pauses.append(seconds_until_due(dues, clock, "a"))
    assert pauses == [60, 120, 240, 480, 900, 900]


def test_a_list_that_was_had_holds_for_long_and_makes_the_pauses_short_again(
    dues: Dues, clock: Clock
) -> None:
    for _ in range(3):
        dues.asked("a")
    dues.had("a")
    assert seconds_until_due(dues, clock, "a") == EVERY
    dues.asked("a")
    assert seconds_until_due(dues, clock, "a") == 60


def test_a_list_that_is_had_is_never_due_again_where_the_user_wants_none(clock: Clock) -> None:
    dues = Dues(clock)
    dues.asked("a")
    dues.had("a")
    clock.now += 10**9
    assert not dues.reached


def test_who_is_hurried_while_he_is_asked_is_asked_once_more(dues: Dues) -> None:
    dues.asked("a")
    dues.asked("b")
    dues.hurry("a", "nobody")
    dues.had("a")
    dues.had("b")
    assert (dues.is_due("a"), dues.is_due("b")) == (True, False)


def test_who_is_gone_is_due_no_more(dues: Dues) -> None:
    dues.asked("a")
    dues.hurry()
    assert dues.reached
    dues.keep({"b"})
    assert not dues.reached


class Elsewhere:
    """A sweeper over places that count as elsewhere, its clock moved by hand."""

    def __init__(self, sessions: Sessions, clock: Clock, **ports: int) -> None:
        self.clock = clock
        self.registry = Registry()
        bus = Bus()
        self.watcher = bus.watch()
        self.places = [self._place(name, port) for name, port in ports.items()]
        self.sweeper: Sweeper = make_sweeper(
            Config.model_validate({"discovery": {"local": False}}),
            {},
            sessions,
            self.registry,
            bus,
            monotonic=clock,
            wall=lambda: 1000.0,
            places=self.places,
        )

    def _place(self, name: str, port: int) -> Written:
        return Written(name, GENERIC, Place(f"http://0.0.0.0:{port}/v1"), None, None, Tier.PAID, ())

    async def until(self, why: str) -> None:
        """A sweep for that reason has ended."""
        async with asyncio.timeout(5):
            while (happening := await self.watcher.next()) is None or happening.data.get("why") != why:
                continue

    async def after(self, seconds: float) -> None:
        """That much later, when all who are due were asked."""
        self.clock.now += seconds
        await self.sweeper.pulse()
        await self.until("time to ask again")

    @property
    def health(self) -> dict[str, Health]:
        return {one.id: one.health for one in self.registry.snapshot.endpoints}


async def test_after_a_502_the_list_is_asked_for_a_minute_later_and_the_others_are_left_in_peace(
    sessions: Sessions, listen: Listen, clock: Clock
) -> None:
    first, other = Server({"/v1/models": BROKEN}), plain()
    there = Elsewhere(sessions, clock, first=await listen(first), other=await listen(other))
    await there.sweeper.sweep("start", everything=True)
    first.pages["/v1/models"] = LIST
    await there.after(60)
    assert [model.id for model in there.registry.snapshot.models] == ["first/gpt", "other/gpt"]
    assert (len(first.asked), len(other.asked)) == (2, 1)
    await there.after(EVERY)
    assert (len(first.asked), len(other.asked)) == (3, 2)


async def test_a_dead_place_has_nobody_else_asked_and_takes_nobody_else_away(
    sessions: Sessions, listen: Listen, clock: Clock
) -> None:
    well = plain()
    there = Elsewhere(sessions, clock, dead=9, well=await listen(well))
    await there.sweeper.sweep("start", everything=True)
    for pause in (60, 120, 240, 480, 900):
        await there.after(pause)
    assert (len(well.asked), there.health) == (1, {"dead": Health.AWAY, "well": Health.UP})
    await there.sweeper.sweep("discover", everything=True)
    assert len(well.asked) == 2


@pytest.mark.parametrize("now", [LIST, BROKEN])
async def test_who_is_lost_elsewhere_is_asked_at_once_and_alone(
    sessions: Sessions, listen: Listen, clock: Clock, now: Page
) -> None:
    lost, well = plain(), plain()
    there = Elsewhere(sessions, clock, lost=await listen(lost), well=await listen(well))
    await there.sweeper.sweep("start", everything=True)
    lost.pages["/v1/models"] = now
    gone = next(one for one in there.registry.snapshot.endpoints if one.id == "lost")
    there.sweeper.lost(gone, "no connection")
    clock.now += 1
    await there.until("lost was lost")
    assert (len(lost.asked), len(well.asked)) == (2, 1)
    assert there.health == {"lost": Health.UP, "well": Health.UP}
