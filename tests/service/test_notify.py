"""What a service manager is told, at a socket of its kind; and that nobody has to be there."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pointsman.service.notify import CallLater, Notifier, in_use
from pointsman.types import Endpoint, FoundBy, Health, Model, Place, Snapshot, Tier
from tests.service.manager import Told

PID = 42


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest) -> Iterator[Told]:
    with TemporaryDirectory(prefix="pm-") as folder:
        address = f"@{folder}" if request.param == "abstract" else f"{folder}/notify"
        with Told(address) as told:
            yield told


def notifier_of(manager: Told, **environ: str) -> Notifier:
    return Notifier({"NOTIFY_SOCKET": manager.address, **environ}, PID)


def test_each_deed_is_one_message(manager: Told) -> None:
    notifier = notifier_of(manager)
    notifier.look()
    there = ["3 models", "no models"]
    notifier.ready(lambda: there[0])
    assert manager.next() == ["READY=1", "STATUS=3 models"]
    there.pop(0)
    notifier.look()
    assert manager.next() == ["STATUS=no models"]
    notifier.stopping()
    stopping = manager.next()
    assert stopping[0] == "STOPPING=1"
    notifier.look()
    assert manager.next() == stopping[1:], "it goes on to say so"


def test_a_reload_says_since_when_and_ready_again(manager: Told) -> None:
    notifier = notifier_of(manager)
    times = []
    for _ in range(2):
        notifier.reloading()
        said, since = manager.next()
        assert said == "RELOADING=1"
        times.append(int(since.removeprefix("MONOTONIC_USEC=")))
        notifier.ready(lambda: "3 models")
        assert manager.next()[0] == "READY=1"
    assert 0 < times[0] <= times[1]


@pytest.mark.parametrize("text", ["a\nREADY=1", "a\r\nb", "\n", "half \ud83d of a character"])
def test_no_status_passes_for_another_message(manager: Told, text: str) -> None:
    notifier_of(manager).ready(lambda: text)
    _, line = manager.next()
    assert line.startswith("STATUS=")


def test_without_a_manager_nothing_is_said_and_nothing_armed() -> None:
    notifier = Notifier({"WATCHDOG_USEC": "1000"}, PID)
    notifier.ready(str)
    notifier.stopping()
    with notifier.pinging(lambda *_: pytest.fail("nobody waits for signs of life")):
        pass


def test_a_manager_that_is_gone_is_told_of_once_and_found_when_it_is_back(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    with TemporaryDirectory(prefix="pm-") as folder:
        notifier = Notifier({"NOTIFY_SOCKET": f"{folder}/notify"}, PID)
        notifier.ready(lambda: "here")
        notifier.look()
        (said,) = caplog.messages
        assert said.startswith("the service manager can't be told READY=1: ")
        with Told(f"{folder}/notify") as manager:
            notifier.look()
            assert manager.next() == ["STATUS=here"]


def test_a_manager_that_does_not_listen_keeps_nobody_waiting(
    caplog: pytest.LogCaptureFixture, manager: Told
) -> None:
    notifier = notifier_of(manager)
    notifier.ready(lambda: "x" * 1000)
    while not caplog.messages:  # until its queue is full
        notifier.look()
    notifier.look()


@pytest.mark.parametrize("address", ["vsock:2:1234", "relative/path"])
def test_an_address_of_another_kind_is_told_of(caplog: pytest.LogCaptureFixture, address: str) -> None:
    Notifier({"NOTIFY_SOCKET": address}, PID).ready(str)
    assert address in caplog.text


class Timers:
    """Those that were asked for; each is due at once."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.handles: list[asyncio.TimerHandle] = []
        self.third = asyncio.Event()

    @property
    def call_later(self) -> CallLater:
        loop = asyncio.get_running_loop()

        def call_later(delay: float, then: object) -> asyncio.TimerHandle:
            self.delays.append(delay)
            self.handles.append(loop.call_later(0, then))  # type: ignore[arg-type]
            if len(self.delays) == 3:
                self.third.set()
            return self.handles[-1]

        return call_later


@pytest.mark.parametrize("environ", [{}, {"WATCHDOG_PID": str(PID)}])
async def test_signs_of_life_come_from_the_loop_at_half_the_time(
    manager: Told, environ: dict[str, str]
) -> None:
    timers = Timers()
    with notifier_of(manager, WATCHDOG_USEC="3000000", **environ).pinging(timers.call_later):
        assert manager.rest() == [["WATCHDOG=1"]]
        await timers.third.wait()
        assert manager.rest() == [["WATCHDOG=1"]] * 2
    assert set(timers.delays) == {1.5}
    assert timers.handles[-1].cancelled()


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "41"},
        *({"WATCHDOG_USEC": usec} for usec in ("0", "-1", "", "1.5", "soon", "²")),
    ],
)
async def test_none_where_nobody_waits_for_them(
    caplog: pytest.LogCaptureFixture, manager: Told, environ: dict[str, str]
) -> None:
    timers = Timers()
    with notifier_of(manager, **environ).pinging(timers.call_later):
        assert manager.rest() == []
    malformed = "WATCHDOG_PID" not in environ and bool(environ)
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * malformed


def endpoint(name: str, tier: Tier, health: Health = Health.UP) -> Endpoint:
    place = Place("http://127.0.0.1:1")
    return Endpoint(name, name, place, FoundBy.PORT, tier=tier, health=health)


def model(at: Endpoint, name: str) -> Model:
    return Model(f"{at.id}/{name}", name, name, at, at.tier)


def test_what_is_used_is_named_by_tier_and_what_is_away_is_not() -> None:
    here, there = endpoint("llama-server", Tier.LOCAL), endpoint("groq", Tier.FREE)
    away = endpoint("vllm", Tier.LOCAL, Health.AWAY)
    models = (model(here, "a"), model(there, "a"), model(there, "b"), model(away, "c"))
    told = in_use(Snapshot(endpoints=(here, there, away), models=models))
    assert told == "3 models; local: llama-server; free: groq"
    assert in_use(Snapshot(endpoints=(here,), models=models[:1])) == "1 model; local: llama-server"
    assert in_use(Snapshot(endpoints=(away,), models=models[3:])) == "no models"
