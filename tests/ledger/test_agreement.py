"""Budgets, the lasting sums and the sum of attempts agree: in all windows and zones, and after a start."""

from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pointsman.dates import Calendar, Window, days_of
from pointsman.funds import Budget
from pointsman.ledger.queries import Reader
from pointsman.ledger.rows import save, to_entry
from pointsman.ledger.schema import open_ledger
from pointsman.limits.book import KEPT
from pointsman.limits.budget import Budgets
from pointsman.limits.orders import Order
from pointsman.money import NANO
from pointsman.types import FoundBy, Tier
from pointsman.watch.keeper import LATELY
from tests.fakes.records import attempt, record
from tests.routing.house import endpoint, model

BUDGETS = [Budget(window.value, window, NANO, unpriced=True) for window in Window]
BIG = model("cloud/big", endpoint=endpoint("cloud", tier=Tier.PAID, found_by=FoundBy.CONFIG), tier=Tier.PAID)


class Life(NamedTuple):
    """Money that is spent here and there in time."""

    zone: ZoneInfo
    day: date
    minutes: int  # after its midnight, or before
    steps: Sequence[tuple[int, int]]  # minutes that pass, nano-dollars that are spent then


HALF_AN_HOUR = "Australia/Lord_Howe"  # of summer time
ZONES = (
    "Europe/Zurich",
    "America/New_York",
    HALF_AN_HOUR,
    "America/Havana",
    "Asia/Kathmandu",
    "UTC",
)
SWITCHES = (
    date(2026, 3, 29),  # Europe: an hour is taken away at two
    date(2026, 10, 25),  # ... and comes twice at two
    date(2026, 3, 8),  # America: at midnight, in Havana
    date(2026, 11, 1),
    date(2026, 4, 5),  # Lord Howe: by half an hour
    date(2026, 10, 4),
    date(2026, 12, 31),
)
lives = st.builds(
    Life,
    st.sampled_from(ZONES).map(ZoneInfo),
    st.sampled_from(SWITCHES),
    st.integers(-1_440, 1_440),
    st.lists(
        st.tuples(st.integers(0, 60) | st.integers(0, 40_000), st.integers(1, 10**6)), min_size=1, max_size=12
    ),
)


class Wall:
    def __init__(self, begins: float) -> None:
        self.now = begins

    def __call__(self) -> float:
        return self.now


def is_now(window: Window, at: float, now: float, zone: ZoneInfo) -> bool:
    """As a person would tell it by the clock on the wall, and a calendar beside it.

    Where that clock is changed by half an hour, hours go on from midnight: tests/test_dates.py.
    """
    then, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone)
    match window:
        case Window.HOUR if zone.key == HALF_AN_HOUR:
            midnight = datetime.combine(today.date(), time(), zone).timestamp()
            return then.date() == today.date() and (at - midnight) // 3600 == (now - midnight) // 3600
        case Window.HOUR:
            same_hour = (then.date(), then.hour) == (today.date(), today.hour)
            return same_hour and then.utcoffset() == today.utcoffset()
        case Window.DAY:
            return then.date() == today.date()
        case Window.WEEK:
            return then.isocalendar()[:2] == today.isocalendar()[:2]
        case Window.MONTH:
            return (then.year, then.month) == (today.year, today.month)


@given(lives)
@example(Life(ZoneInfo("Europe/Zurich"), date(2026, 10, 25), 90, [(0, 1), (60, 2), (60, 4), (60, 8)]))
@example(Life(ZoneInfo("America/Havana"), date(2026, 3, 7), 1_410, [(0, 1), (60, 2), (1_350, 4)]))
@example(Life(ZoneInfo(HALF_AN_HOUR), date(2026, 4, 5), 60, [(60, 1), (30, 2)]))
@example(Life(ZoneInfo(HALF_AN_HOUR), date(2026, 10, 4), 120, [(0, 1), (29, 2), (1, 4), (30, 8)]))
@settings(max_examples=60, deadline=None)
def test_what_is_spent_counts_alike_everywhere(life: Life) -> None:
    midnight = datetime.combine(life.day, time(), life.zone).timestamp()
    wall = Wall(midnight + life.minutes * 60.0)
    running = Budgets(Calendar(life.zone), wall, budgets=BUDGETS)
    with TemporaryDirectory() as folder, closing(open_ledger(Path(folder) / "ledger.sqlite3")) as ledger:
        spent = []
        for number, (minutes, cost) in enumerate(life.steps):
            wall.now += minutes * 60.0
            one = running.reserve(Order(BIG))
            running.settle(one, cost)
            spent.append((one.at, cost))
            paid = attempt(model=BIG.id, endpoint="cloud", tier="paid", cost=cost, at=one.at, day=one.day)
            assert save(ledger, [to_entry(record(f"r{number}", one.at, day=one.day, attempts=(paid,)))]) == []
        with closing(Reader(Path(folder) / "ledger.sqlite3")) as reader:
            agree(running, reader, spent, wall, life.zone)


def agree(
    running: Budgets, reader: Reader, spent: Sequence[tuple[float, int]], wall: Wall, zone: ZoneInfo
) -> None:
    started = Budgets(Calendar(zone), wall, budgets=BUDGETS)
    started.restore(reader.charges(KEPT), reader.recent_charges(LATELY))
    for stand, restored in zip(running.stands(), started.stands(), strict=True):
        window = stand.budget.window
        assert window is not None
        attempts = sum(cost for at, cost in spent if is_now(window, at, wall(), zone))
        assert stand.spent == restored.spent == attempts, window
        if window is not Window.HOUR:
            days = reader.spent("day", *days_of(window, running.today()))
            assert sum(day.cost for day in days) == attempts, window
