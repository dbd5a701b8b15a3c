"""What one start of the daemon knows of limits, the next one knows too."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pointsman.calls import Outcome
from pointsman.catalogue.free import allowances
from pointsman.errors import Shuts, UpstreamError
from pointsman.events import Bus
from pointsman.ledger.queries import Reader
from pointsman.ledger.writer import Writer
from pointsman.limits.free import FreeTiers
from pointsman.limits.gate import Gate
from pointsman.limits.heads import Ceiling
from pointsman.limits.orders import Order
from pointsman.types import Account, Model, Tier
from pointsman.watch.keeper import Keeper, committed
from tests.routing.house import endpoint, model

WALL = 1_800_000_000.0
PLACE = replace(endpoint("cloud"), account=Account("cloud-1f", "sk-secret"))


def cloud(name: str) -> Model:
    return model(f"cloud/{name}", endpoint=PLACE, tier=Tier.PAID)


LIMITED = UpstreamError("it answered 429", shuts=Shuts.MODEL, wait=60.0, limited=True)
QUOTA = UpstreamError("it answered 402", shuts=Shuts.ACCOUNT, wait=3600.0, limited=True, upstream_status=402)
BROKEN = UpstreamError("it answered 503", shuts=Shuts.MODEL)
REFUSED = UpstreamError("it answered 401", shuts=Shuts.ACCOUNT)


class Start:
    """One life of the daemon on a ledger: its gate, with a clock that begins anew and the time of day."""

    def __init__(self, path: Path, wall: float) -> None:
        self.now, self.wall = 100.0, wall
        self.bus = Bus()
        self.writer, reader = Writer(path), Reader(path)
        self.keeper = Keeper(
            self.bus, self.writer.enqueue, wall=lambda: self.wall, monotonic=lambda: self.now
        )
        free = FreeTiers(lambda one: allowances(one, {}), lambda: self.wall, self.keeper.counted)
        self.gate = Gate(self.keeper.changed, self.keeper.told, free)
        self.writer.start()
        with closing(reader):
            self.keeper.restore(self.gate, reader)

    def fail(self, one: Model, error: UpstreamError) -> None:
        self.gate.admit(Order(one), self.now).settle(Outcome.FAILED, self.now, error)

    def hear(self, one: Model, remaining: int) -> None:
        told = (("limit", 30), ("remaining", remaining), ("reset", 60))
        headers = {f"x-ratelimit-{name}-requests-minute": str(value) for name, value in told}
        ticket = self.gate.admit(Order(one), self.now)
        ticket.told(headers, self.now, self.wall)
        ticket.settle(Outcome.OK, self.now)

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds

    @property
    def shut(self) -> dict[str, float]:
        return {one.key.id: round(one.seconds, 3) for one in self.gate.circuits.report(self.now)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def first(path: Path) -> Iterator[Start]:
    start = Start(path, WALL)
    yield start
    start.writer.stop()


def again(first: Start, path: Path, after: float) -> Start:
    """The next start, so many seconds later by the time of day."""
    first.writer.stop()
    start = Start(path, first.wall + after)
    start.writer.stop()
    return start


def test_what_is_limited_is_limited_after_a_restart_until_the_same_time(first: Start, path: Path) -> None:
    first.fail(cloud("one"), LIMITED)
    first.fail(cloud("two"), QUOTA)
    first.pass_by(10)
    second = again(first, path, after=5)
    assert second.shut == {"cloud/one": 45.0, "cloud-1f": 3585.0}
    with pytest.raises(UpstreamError, match="parked for 1 h 0 min more: it answered 402"):
        second.gate.admit(Order(cloud("one")), second.now)
    for start in (first, second):
        known = {one.key.id: one.unpaid for one in start.gate.circuits.report(start.now)}
        assert known == {"cloud/one": False, "cloud-1f": True}
        told = start.gate.recovery([cloud("one")], start.now)
        assert told is not None
        assert not told.limited, "money is no rate limit"


async def test_where_it_is_not_known_what_was_spent_before_nothing_more_is(first: Start, path: Path) -> None:
    await first.keeper.recorded(first.writer)
    with closing(Reader(path.with_name("gone"))) as gone:
        first.keeper.restore(first.gate, gone)
    with pytest.raises(UpstreamError, match="not known what was spent before this start"):
        await first.keeper.recorded(first.writer)


def test_what_was_broken_or_refused_for_its_key_is_tried_by_a_new_start(first: Start, path: Path) -> None:
    first.fail(cloud("one"), BROKEN)
    first.fail(cloud("two"), REFUSED)
    assert again(first, path, after=0).shut == {}


def test_what_is_over_is_not_restored(first: Start, path: Path) -> None:
    first.fail(cloud("one"), LIMITED)
    assert again(first, path, after=60).shut == {}


def test_what_is_open_again_or_was_reset_is_not_restored(first: Start, path: Path) -> None:
    first.fail(cloud("one"), LIMITED)
    first.fail(cloud("two"), LIMITED)
    first.gate.circuits.reset()
    assert again(first, path, after=0).shut == {}


def test_a_clock_that_was_set_back_while_nobody_ran_parks_nobody_for_longer(first: Start, path: Path) -> None:
    first.fail(cloud("one"), LIMITED)
    assert again(first, path, after=-86_400).shut == {"cloud/one": 60.0}


@pytest.mark.parametrize("seconds", [7200.0, -7200.0])
def test_a_clock_that_is_set_while_we_run_changes_no_recovery_even_over_a_restart(
    first: Start, path: Path, seconds: float
) -> None:
    first.fail(cloud("one"), LIMITED)
    first.fail(cloud("two"), BROKEN)
    first.wall += seconds
    first.keeper.jumped(first.gate, slept=0.0)
    assert first.shut == {"cloud/one": 60.0, "cloud/two": 2.0}
    assert again(first, path, after=1).shut == {"cloud/one": 59.0}


def test_a_sleep_counts_for_what_is_limited_now_and_over_a_restart(first: Start, path: Path) -> None:
    first.fail(cloud("one"), LIMITED)
    first.fail(cloud("two"), BROKEN)
    first.wall += 40
    first.keeper.jumped(first.gate, slept=40.0)
    assert first.shut == {"cloud/one": 20.0}
    assert again(first, path, after=5).shut == {"cloud/one": 15.0}


def test_what_models_told_of_their_limits_is_known_again(first: Start, path: Path) -> None:
    first.hear(cloud("one"), remaining=12)
    first.hear(cloud("one"), remaining=0)
    second = again(first, path, after=20)
    (told,) = second.gate.ceilings.report(second.now)
    assert (told.key.id, told.ceilings) == ("cloud/one", (Ceiling("requests-minute", 30, 0, 40.0),))
    assert second.shut == {"cloud/one": 40.0}
    assert again(first, path, after=60).gate.ceilings.report(second.now) == []


async def test_every_change_is_an_event(first: Start) -> None:
    with first.bus.watch() as watcher:
        first.fail(cloud("one"), LIMITED)
        first.gate.circuits.reset()
        shut, opened = await watcher.next(), await watcher.next()
    assert shut is not None
    assert opened is not None
    assert (shut.kind, shut.at) == ("limit.shut", WALL)
    assert shut.data == {
        "kind": "model",
        "id": "cloud/one",
        "seconds": 60.0,
        "reason": "it answered 429",
        "limited": True,
        "failures": 1,
    }
    assert (opened.kind, opened.data) == (
        "limit.open",
        {"kind": "model", "id": "cloud/one", "limited": True},
    )


def test_a_ledger_that_can_not_be_read_is_no_reason_not_to_start(
    first: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(Reader(tmp_path / "nowhere.sqlite3")) as reader:
        first.keeper.restore(first.gate, reader)
    assert first.shut == {}
    assert "the limits of the last start are not known" in caplog.text


def gift() -> Model:
    place = replace(endpoint("openrouter"), account=Account("openrouter-1f", "sk-secret"))
    return model("openrouter/gift:free", endpoint=place, tier=Tier.FREE)


def test_what_was_counted_is_counted_after_a_restart(first: Start, path: Path) -> None:
    for _ in range(20):
        ticket = first.gate.admit(Order(gift()), first.now)
        ticket.goes_out()
        ticket.settle(Outcome.OK, first.now)
    first.gate.admit(Order(cloud("paid")), first.now).settle(Outcome.OK, first.now)
    soon = again(first, path, after=5.0)
    recovery = soon.gate.recovery([gift()], soon.now)
    assert recovery is not None
    assert (round(recovery.seconds), recovery.limited) == (60, True)
    assert [one.used for one in soon.gate.free.report([gift(), cloud("paid")], soon.now)] == [20, 20]


async def test_what_is_counted_is_in_the_ledger_when_it_is_committed(first: Start, path: Path) -> None:
    first.gate.admit(Order(gift()), first.now).goes_out()
    await committed(first.writer)
    with closing(Reader(path)) as reader:
        assert len(reader.free_calls(0.0)) == 1


async def test_a_ledger_that_can_not_be_written_keeps_nobody_from_an_answer(first: Start) -> None:
    first.writer.stop()
    first.gate.admit(Order(gift()), first.now)
    await committed(first.writer)
    assert [one.used for one in first.gate.free.report([gift()], first.now)] == [1, 1]
