"""When the sweeper looks, and for how long a request waits for it."""

import asyncio
from dataclasses import replace
from pathlib import Path

from pointsman.discovery.sockets import ListeningWatch
from pointsman.discovery.sweep import SETTLE
from pointsman.types import Health
from tests.discovery.house import Fake, House, any_model, finding
from tests.discovery.test_sockets import HEAD, line


async def test_idle_it_looks_every_minute() -> None:
    source = Fake()
    house = House(source)
    await house.sweeper.sweep("start")
    await house.pulses(180)
    assert source.looks == 1 + 3


async def test_while_requests_come_it_looks_every_ten_seconds_and_a_minute_longer() -> None:
    source = Fake()
    house = House(source)
    await house.sweeper.sweep("start")
    house.sweeper.request_seen()
    await house.pulses(60)
    assert source.looks == 1 + 6
    await house.pulses(120)
    assert source.looks == 7 + 2


async def test_who_was_missed_once_is_looked_for_again_soon_and_then_left_in_peace() -> None:
    source = Fake(findings=[finding()])
    house = House(source)
    await house.sweeper.sweep("start")
    source.findings = []
    await house.pulses(60)
    assert (source.looks, house.health) == (2, [Health.UP])
    await house.pulses(10)
    assert (source.looks, house.health) == (3, [Health.AWAY])
    await house.pulses(60)
    assert source.looks == 4


async def test_who_loads_its_model_is_looked_at_again_soon() -> None:
    ready = finding()
    loading = replace(ready, endpoint=replace(ready.endpoint, health=Health.LOADING), models=None)
    source = Fake(findings=[loading])
    house = House(source)
    await house.sweeper.sweep("start")
    source.findings = [ready]
    await house.pulses(10)
    assert (source.looks, house.health) == (2, [Health.UP])
    await house.pulses(60)
    assert source.looks == 3


async def test_while_someone_watches_it_looks_every_ten_seconds() -> None:
    source = Fake()
    house = House(source)
    await house.sweeper.sweep("start")
    with house.bus.watch():
        await house.pulses(60)
    assert source.looks == 1 + 6


async def test_a_pulse_that_comes_a_little_early_does_not_skip_a_beat() -> None:
    source = Fake()
    house = House(source)
    await house.sweeper.sweep("start")
    house.sweeper.request_seen()
    house.clock.now += 9.99
    await house.sweeper.pulse()
    assert source.looks == 2


async def test_a_new_listener_starts_a_sweep(tmp_path: Path) -> None:
    (tmp_path / "tcp").write_text(HEAD)
    source = Fake()
    house = House(source, watch=ListeningWatch({8080}, tcp=[tmp_path / "tcp"]))
    await house.sweeper.sweep("start")
    await house.pulses(5)
    assert source.looks == 1
    (tmp_path / "tcp").write_text(HEAD + line("0100007F:1F90"))
    await house.pulses(5)
    assert source.looks == 2


class OddSockets:
    """The listeners on odd ports, which are others every second if `restless`."""

    def __init__(self, folder: Path, *, restless: bool) -> None:
        self.tcp, self.unix = folder / "tcp", folder / "unix"
        self.restless = restless
        self.inode = 0
        self.tcp.write_text(HEAD)
        self.slept: list[float] = []

    def watch(self) -> ListeningWatch:
        return ListeningWatch((), anywhere=True, tcp=[self.tcp], unix=self.unix)

    def change(self) -> None:
        self.inode += 100
        lines = (line("0100007F:C350", inode=self.inode + at) for at in range(100))
        self.tcp.write_text(HEAD + "".join(lines))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.restless:
            self.change()


async def test_sockets_that_open_all_the_time_and_close_again_start_no_sweep(tmp_path: Path) -> None:
    sockets = OddSockets(tmp_path, restless=True)
    source = Fake()
    house = House(source, watch=sockets.watch(), sleep=sockets.sleep)
    await house.sweeper.sweep("start")
    for _ in range(4):
        sockets.change()
        await house.pulses(5)
    assert source.looks == 1


async def test_who_listens_on_an_odd_port_is_looked_at_once_he_stays(tmp_path: Path) -> None:
    sockets = OddSockets(tmp_path, restless=False)
    source = Fake()
    house = House(source, watch=sockets.watch(), sleep=sockets.sleep)
    await house.sweeper.sweep("start")
    sockets.change()
    await house.pulses(5)
    assert source.looks == 2
    assert sockets.slept == [SETTLE]
    await house.pulses(20)
    assert (source.looks, sockets.slept) == (2, [SETTLE])


async def test_in_the_first_sweep_a_request_waits_for_the_first_sufficient_model_only() -> None:
    quick, slow = Fake("quick", findings=[finding("quick")]), Fake("slow")
    slow.go_on.clear()
    house = House(quick, slow)
    async with asyncio.timeout(1):
        await house.sweeper.before_request(any_model)
    assert house.registry.snapshot.swept_at is None
    slow.go_on.set()
    await house.sweeper.sweep("join")


async def test_in_the_first_sweep_a_request_waits_for_its_end_when_nothing_is_there() -> None:
    source = Fake()
    source.go_on.clear()
    house = House(source)
    request = asyncio.create_task(house.sweeper.before_request(any_model))
    await source.begun.wait()
    assert not request.done()
    source.go_on.set()
    await request
    assert house.registry.snapshot.swept_at is not None


async def test_in_the_first_sweep_a_request_waits_for_remote_providers_too() -> None:
    here, there = Fake("here"), Fake("there", remote=True)
    there.go_on.clear()
    house = House(here, there)
    house.sweeper.hurry("start", everything=True)
    request = asyncio.create_task(house.sweeper.before_request(any_model))
    await there.begun.wait()
    assert not request.done()
    there.go_on.set()
    await request


async def test_with_a_model_at_hand_a_request_waits_for_nothing() -> None:
    source = Fake(findings=[finding()])
    house = House(source)
    await house.sweeper.sweep("start")
    house.clock.now += 1000
    await house.sweeper.before_request(any_model)
    assert source.looks == 1


async def test_without_a_model_a_request_looks_again_once_the_last_look_is_old() -> None:
    source = Fake()
    house = House(source)
    await house.sweeper.sweep("start")
    source.findings = [finding()]
    house.clock.now += 9.0
    await house.sweeper.before_request(any_model)
    assert source.looks == 1
    house.clock.now += 1.0
    await house.sweeper.before_request(any_model)
    assert source.looks == 2
    assert any_model(house.registry.snapshot)


async def test_many_requests_without_a_model_share_one_look() -> None:
    source = Fake()
    source.go_on.clear()
    house = House(source)
    requests = asyncio.gather(*(house.sweeper.before_request(any_model) for _ in range(20)))
    await source.begun.wait()
    source.go_on.set()
    await requests
    assert source.looks == 1


async def test_remote_providers_are_asked_at_start_and_when_they_are_due_but_not_in_the_rhythm() -> None:
    here, there = Fake("here"), Fake("there", remote=True)
    house = House(here, there, remote_every=3600.0)
    await house.sweeper.sweep("start", everything=True)
    await house.pulses(1800)
    assert (there.looks, here.looks) == (1, 31)
    await house.pulses(1800)
    assert there.looks == 2


async def test_remote_providers_that_are_never_due_are_asked_when_the_user_asks() -> None:
    there = Fake("there", remote=True)
    house = House(there)
    await house.sweeper.sweep("start", everything=True)
    await house.pulses(7200)
    await house.sweeper.sweep("discover", everything=True)
    assert there.looks == 2


async def test_remote_providers_that_gave_no_list_are_asked_again_after_a_minute_and_no_others_are() -> None:
    well, there = Fake("well", remote=True), Fake("there", remote=True)
    there.error = OSError("no network yet")
    house = House(well, there, remote_every=21_600.0)
    await house.sweeper.sweep("start", everything=True)
    there.error = None
    await house.pulses(55)
    assert there.looks == 1
    await house.pulses(10)
    await house.pulses(3600)
    assert (there.looks, well.looks) == (2, 1)


async def test_a_look_elsewhere_leaves_the_time_of_the_local_sweep_alone() -> None:
    house = House(Fake("there", remote=True))
    await house.sweeper.sweep("start", everything=True)
    swept_at = house.registry.snapshot.swept_at
    house.clock.now += 60
    house.sweeper.lost(finding().endpoint, "nobody of that name")
    assert house.registry.snapshot.swept_at == swept_at
