"""What costs nothing is counted before it is asked. `now` is the loop's clock, WALL the time of day."""

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Outcome
from pointsman.errors import Shuts, UpstreamError
from pointsman.limits.free import FreeCall, FreeTiers, Told
from pointsman.limits.gate import Gate
from pointsman.limits.orders import Order
from pointsman.limits.rate import read_limit
from pointsman.limits.windows import PACIFIC, zone
from pointsman.types import Account, Model, Tier
from tests.routing.house import endpoint, model

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
HOUR, DAY = 3600.0, 86_400.0


@dataclass(frozen=True)
class Limit:
    count: int
    span: str
    by_model: bool = False
    zone: str = "UTC"
    bought: int = 0
    what: str = "free requests"


DAY_IS_OVER = UpstreamError(
    "free-models-per-day", shuts=Shuts.FREE, limited=True, span="day", most=4, wait=1.0
)
MINUTE, A_DAY = Limit(3, "minute"), Limit(5, "day", bought=9)


def free(name: str = "one", account: str = "a") -> Model:
    at = replace(endpoint("cloud"), account=Account(account, "sk-secret"))
    return model(f"cloud/{name}", endpoint=at, tier=Tier.FREE)


@dataclass
class House:
    """A gate, its clocks, and what was told of each request that was counted."""

    limits: tuple[Limit, ...]
    now: float = 1000.0
    wall: float = NOON
    counted: list[tuple[FreeCall, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tiers = FreeTiers(
            lambda _: self.limits, lambda: self.wall, lambda call, counts: self.counted.append((call, counts))
        )
        self.gate = Gate(free=self.tiers)

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds

    def ask(self, one: Model, error: UpstreamError | None = None, *, goes_out: bool = True) -> bool:
        """Whether it was let through."""
        try:
            ticket = self.gate.admit(Order(one), self.now)
        except UpstreamError:
            return False
        if goes_out:
            ticket.goes_out()
        ticket.settle(Outcome.FAILED if error else Outcome.OK, self.now, error)
        return True

    def ask_often(self, one: Model, times: int) -> int:
        """How many of so many were let through."""
        return sum(self.ask(one) for _ in range(times))

    def why(self, one: Model) -> str:
        parked = self.gate.outlook([one], self.now).parked.get(one.id)
        return parked.reason if parked else ""

    def rest(self, one: Model) -> float:
        recovery = self.gate.recovery([one], self.now)
        return round(recovery.seconds, 3) if recovery else 0.0


def test_no_more_pass_in_a_minute_than_are_allowed_and_the_reason_says_so() -> None:
    house = House((MINUTE,))
    assert house.ask_often(free(), 4) == 3
    assert house.why(free()) == "its 3 free requests a minute are used up"
    assert house.gate.recovery([free()], house.now) == (65.0, True)
    with pytest.raises(UpstreamError, match="parked for 65 s more: its 3 free requests a minute are used up"):
        house.gate.admit(Order(free()), house.now)


def test_a_minute_is_any_minute_and_as_long_as_a_request_may_be_on_its_way() -> None:
    house = House((MINUTE,))
    for _ in range(3):
        house.ask(free())
        house.pass_by(20)
    assert house.rest(free()) == 5
    house.pass_by(5)
    assert house.ask_often(free(), 2) == 1
    assert house.rest(free()) == 20


def test_who_has_no_allowance_is_not_counted() -> None:
    house = House(())
    assert house.ask_often(free(), 5) == 5
    assert house.gate.admit(Order(free()), house.now).counted is None
    assert not house.counted


def test_the_models_of_an_account_are_counted_together_and_accounts_apart() -> None:
    house = House((MINUTE,))
    assert [house.ask_often(free("one"), 2), house.ask_often(free("two"), 2)] == [2, 1]
    assert house.ask(free("one", account="b"))


def test_where_each_model_has_its_own_number_each_is_counted_by_itself() -> None:
    house = House((replace(MINUTE, by_model=True),))
    assert [house.ask_often(free(name), 4) for name in ("one", "two")] == [3, 3]


def test_one_request_a_second_is_one_a_second() -> None:
    house = House((Limit(1, "second"),))
    assert house.ask_often(free(), 2) == 1
    house.pass_by(1.3)
    assert house.ask(free())


def test_a_day_ends_at_its_midnight() -> None:
    house = House((A_DAY,))
    assert house.ask_often(free(), 6) == 5
    assert house.why(free()) == "its 5 free requests a day are used up until midnight (UTC)"
    assert house.rest(free()) == 12 * HOUR
    house.pass_by(12 * HOUR - 1)
    assert not house.ask(free())
    house.pass_by(1)
    assert house.ask_often(free(), 6) == 5


@pytest.mark.parametrize(
    ("moment", "hours"),
    [
        (datetime(2026, 11, 21, 12, tzinfo=UTC), 20),  # 04:00 in California
        (datetime(2026, 7, 1, 12, tzinfo=UTC), 19),  # 05:00 there, in summer
        (datetime(2026, 11, 1, 7, tzinfo=UTC), 25),  # the day on which the clocks are set back
    ],
)
def test_a_day_is_the_providers(moment: datetime, hours: int) -> None:
    house = House((replace(A_DAY, zone="America/Los_Angeles"),), wall=moment.timestamp())
    house.ask_often(free(), 5)
    assert house.rest(free()) == hours * HOUR


def test_where_no_zones_are_known_a_day_is_the_winters() -> None:
    assert zone("America/Nowhere") is PACIFIC
    assert zone("America/Los_Angeles") == ZoneInfo("America/Los_Angeles")


def test_a_clock_that_is_set_back_gives_nothing_back() -> None:
    house = House((A_DAY,))
    house.ask_often(free(), 5)
    for hours in (-13, 13, -20, 20, -1000, 24, 900):
        house.wall += hours * HOUR
        assert house.ask_often(free(), 6) == (5 if hours in {24, 900} else 0), hours


@pytest.mark.parametrize("ahead", [HOUR * 13, DAY, 40 * DAY])
def test_a_clock_that_is_ahead_for_a_while_gives_nothing_back(ahead: float) -> None:
    house = House((A_DAY,))
    house.ask_often(free(), 4)
    house.wall += ahead
    assert house.ask(free())
    house.wall -= ahead
    assert not house.ask(free())
    house.wall += DAY
    assert house.ask(free())


def test_a_clock_that_is_set_back_over_midnight_takes_nothing_from_the_new_day() -> None:
    house = House((A_DAY,), wall=NOON + 12 * HOUR - 1)
    house.ask_often(free(), 5)
    house.wall += 2
    assert house.ask_often(free(), 3) == 3
    house.wall -= 2
    assert not house.ask(free())
    house.wall += 2
    assert house.ask_often(free(), 3) == 2


def test_a_clock_that_was_far_ahead_locks_nobody_out_for_long() -> None:
    house = House((A_DAY,), wall=NOON + 300 * DAY)
    house.ask_often(free(), 5)
    house.wall = NOON
    assert house.rest(free()) == 12 * HOUR


def test_what_never_reached_its_provider_is_given_back() -> None:
    house = House((MINUTE, A_DAY))
    unreached = UpstreamError("it can't be reached", shuts=Shuts.ENDPOINT)
    for _ in range(10):
        assert house.ask(free(), unreached)
        assert house.ask(free(), goes_out=False)
    assert house.ask_often(free(), 4) == 3
    assert [counts for _, counts in house.counted[:4]] == [True, False, True, False]
    assert house.counted[0][0] == house.counted[1][0]


@pytest.mark.parametrize(
    "error",
    [
        UpstreamError("it kept silent for too long", shuts=Shuts.NOTHING),
        UpstreamError("it hung up without an answer"),
        UpstreamError("it answered 400", upstream_status=400),
    ],
)
def test_a_failure_of_what_went_out_counts(error: UpstreamError) -> None:
    house = House((MINUTE,))
    assert [house.ask(free(), error) for _ in range(4)] == [True, True, True, False]


def test_the_same_moment_holds_many_requests_that_are_told_apart() -> None:
    house = House((A_DAY,))
    house.ask_often(free(), 3)
    assert len({call for call, _ in house.counted}) == 3


def test_an_account_that_has_bought_credits_has_its_higher_number() -> None:
    house = House((A_DAY,))
    house.tiers.told(free(), Told(bought=True))
    assert house.ask_often(free(), 10) == 9
    house.tiers.told(free(), Told(bought=False))
    assert house.why(free()) == "its 5 free requests a day are used up until midnight (UTC)"


def test_the_providers_own_number_counts_before_ours_and_what_it_counted_with_it() -> None:
    house = House((A_DAY,))
    house.ask(free())
    house.tiers.told(free(), Told(bought=True, most=7, used=4))
    assert house.ask_often(free(), 9) == 3
    house.tiers.told(free(), Told(bought=True, used=2))  # it has not yet heard of all
    assert not house.ask(free())


def test_what_is_told_just_after_midnight_may_be_of_yesterday() -> None:
    house = House((A_DAY,), wall=NOON + 12 * HOUR + 30)
    house.tiers.told(free(), Told(used=5))
    assert house.ask(free())


def test_a_refusal_for_the_day_ends_it_at_the_number_that_it_names() -> None:
    house = House((A_DAY,))
    house.tiers.told(free(), Told(bought=True))
    assert house.ask(free(), DAY_IS_OVER)
    (used,) = house.tiers.report([free()], house.now)
    assert (used.used, used.most) == (4, 4)
    house.pass_by(60)
    assert not house.ask(free("two"))
    house.pass_by(DAY)
    assert house.ask_often(free(), 10) == 9


def test_who_buys_credits_after_a_refusal_has_the_higher_number_from_then_on() -> None:
    house = House((A_DAY,))
    house.tiers.told(free(), Told(bought=False))
    house.ask(free(), DAY_IS_OVER)
    house.tiers.told(free(), Told(bought=True))
    (used,) = house.tiers.report([free()], house.now)
    assert (used.used, used.most) == (4, 9)
    house.pass_by(60)
    assert house.ask(free(), DAY_IS_OVER)  # its provider has not heard of it yet
    house.tiers.told(free(), Told(bought=True))
    house.pass_by(60)
    assert house.why(free()) == "its 4 free requests a day are used up until midnight (UTC)"


def test_a_reset_forgets_what_the_provider_told_of_the_day_and_nothing_that_was_counted_here() -> None:
    house = House((A_DAY,))
    house.ask_often(free(), 2)
    house.ask(free(), DAY_IS_OVER)
    house.pass_by(60)
    assert not house.ask(free())
    house.tiers.reset()
    assert house.ask_often(free(), 9) == 2


def test_the_number_in_the_body_of_a_refusal_is_read() -> None:
    body = (
        b'{"error": {"message": "Rate limit exceeded: free-models-per-day", "code": 429, "metadata":'
        b' {"headers": {"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0"}}}}'
    )
    read = read_limit(429, {}, body, NOON)
    assert (read.most, read.scope, read.shuts) == (50, "day", Shuts.FREE)
    assert read_limit(429, {"x-ratelimit-limit": "many"}, b"", NOON).most is None


def test_all_that_is_counted_is_told_with_what_is_left() -> None:
    house = House((MINUTE, A_DAY))
    house.ask(free())
    house.pass_by(5)
    told = [tuple(one) for one in house.tiers.report([free(), free("two", account="b")], house.now)]
    assert told == [
        ("a", "", "day", 5, 1, 12 * HOUR - 5, "free requests", ""),
        ("a", "", "minute", 3, 1, 60.0, "free requests", ""),
        ("b", "", "day", 5, 0, 12 * HOUR - 5, "free requests", ""),
        ("b", "", "minute", 3, 0, 0.0, "free requests", ""),
    ]
    house.ask_often(free(), 3)
    (minute,) = (one for one in house.tiers.report([free()], house.now) if one.why)
    assert (minute.account, minute.why) == ("a", "its 3 free requests a minute are used up")


def test_time_that_was_slept_has_passed() -> None:
    house = House((MINUTE,))
    house.ask_often(free(), 3)
    under_way = House((MINUTE,))
    ticket = under_way.gate.admit(Order(free()), under_way.now)
    for each in (house, under_way):
        each.gate.woke_up(60)
    assert house.rest(free()) == 5
    ticket.settle(Outcome.CANCELLED, under_way.now)
    assert under_way.ask_often(free(), 4) == 3


def restarted(house: House, after: float) -> House:
    """The next start, so many seconds later by the time of day, on another clock of the loop's."""
    later = House(house.limits, now=7.0, wall=house.wall + after)
    later.tiers.restore([call for call, _ in house.counted], later.now)
    return later


def test_a_restart_gives_nothing_back() -> None:
    house = House((MINUTE, A_DAY))
    house.ask_often(free(), 3)
    soon = restarted(house, 10)
    assert soon.rest(free("two")) == 55
    soon.pass_by(55)
    assert soon.ask_often(free(), 4) == 2
    assert soon.why(free()) == "its 5 free requests a day are used up until midnight (UTC)"
    assert restarted(house, DAY).ask_often(free(), 4) == 3


def test_a_clock_that_was_set_back_during_a_restart_gives_nothing_back() -> None:
    house = House((MINUTE, A_DAY))
    house.ask_often(free(), 3)
    for before in (-10.0, -HOUR, -DAY):
        assert restarted(house, before).rest(free()) == 65


def test_a_restart_keeps_models_apart_that_are_counted_apart() -> None:
    house = House((replace(MINUTE, by_model=True),))
    house.ask_often(free("one"), 3)
    soon = restarted(house, 1)
    assert [soon.ask(free(name)) for name in ("one", "two")] == [False, True]


moves = st.lists(
    st.tuples(
        st.sampled_from(("ask", "lost", "pass", "sleep", "back")),
        st.floats(0, 70, allow_nan=False) | st.floats(0, 2 * DAY, allow_nan=False),
    ),
    max_size=80,
)


@given(moves)
def test_no_minute_and_no_day_holds_more_than_it_may(moves: list[tuple[str, float]]) -> None:
    """`true` is the time that really passes, and that the provider goes by."""
    house, true, reached = House((MINUTE, A_DAY)), 0.0, []
    for move, seconds in moves:
        if move == "ask" and house.ask(free()):
            reached.append(true)
        elif move == "lost":
            house.ask(free(), goes_out=False)
        elif move == "pass":
            house.pass_by(seconds)
            true += seconds
        elif move == "sleep":
            house.wall += seconds
            true += seconds
            house.gate.woke_up(seconds)
        elif move == "back":
            house.wall -= min(seconds, HOUR)
    for at in reached:
        assert bisect_left(reached, at + 60) - bisect_left(reached, at) <= 3
    if not any(move == "back" for move, _ in moves):
        days = [int((NOON + at) // DAY) for at in reached]
        assert all(days.count(day) <= 5 for day in days)
