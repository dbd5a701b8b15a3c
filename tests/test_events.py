import asyncio

from pointsman.events import Bus, Happening


async def test_a_watcher_sees_what_happens_in_order() -> None:
    bus = Bus()
    with bus.watch() as watcher:
        bus.publish("request.done", 1.0, id="a")
        bus.publish("endpoint.found", 2.0)
        assert await watcher.next() == Happening("request.done", 1.0, {"id": "a"})
        assert await watcher.next() == Happening("endpoint.found", 2.0, {})


async def test_each_watcher_sees_everything_from_its_coming_to_its_leaving() -> None:
    bus = Bus()
    bus.publish("before", 0.0)
    with bus.watch() as first, bus.watch() as second:
        bus.publish("during", 1.0)
        for watcher in (first, second):
            assert (await watcher.next(0)) == Happening("during", 1.0, {})
    bus.publish("after", 2.0)
    assert await first.next(0) is None


async def test_watchers_are_counted_and_leaving_twice_is_leaving_once() -> None:
    bus = Bus()
    with bus.watch() as watcher:
        assert bus.watchers == 1
        bus.leave(watcher)
    assert bus.watchers == 0


async def test_a_slow_watcher_loses_the_oldest_and_is_told_how_many() -> None:
    bus = Bus(depth=2)
    with bus.watch() as slow:
        for number in range(5):
            bus.publish("tick", float(number))
        assert slow.lost == 3
        assert [(await slow.next(0)), (await slow.next(0))] == [Happening("tick", n, {}) for n in (3.0, 4.0)]
        assert await slow.next(0) is None


async def test_a_slow_watcher_costs_a_quick_one_nothing() -> None:
    bus = Bus(depth=1)
    with bus.watch(), bus.watch() as quick:
        for number in range(3):
            bus.publish("tick", float(number))
            assert await quick.next(0) == Happening("tick", float(number), {})
        assert quick.lost == 0


async def test_waiting_ends_with_the_next_happening() -> None:
    bus = Bus()
    with bus.watch() as watcher:
        waiting = asyncio.ensure_future(watcher.next())
        await asyncio.sleep(0)
        assert not waiting.done()
        bus.publish("tick", 1.0)
        assert await waiting == Happening("tick", 1.0, {})


async def test_waiting_in_vain_gives_none_and_loses_nothing() -> None:
    bus = Bus()
    with bus.watch() as watcher:
        assert await watcher.next(timeout=0.001) is None
        bus.publish("tick", 1.0)
        assert await watcher.next(timeout=0.001) == Happening("tick", 1.0, {})


async def test_without_watchers_nothing_is_kept() -> None:
    bus = Bus()
    bus.publish("tick", 1.0)
    with bus.watch() as late:
        assert await late.next(0) is None
        assert late.lost == 0
