from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.calls import Outcome
from pointsman.errors import Shuts, UpstreamError
from pointsman.limits.circuit import FORGOTTEN, Key, Opened, Shut, keys_of
from pointsman.limits.gate import Gate, Recovery, Ticket
from pointsman.limits.heads import Ceiling
from pointsman.limits.orders import Order
from pointsman.types import Account, Model, Tier
from tests.routing.house import endpoint, model

WALL = 1_800_000_000.0
TINY, LARGE = model("local/tiny"), model("local/large")


def cloud(name: str = "one", account: str = "a") -> Model:
    at = replace(endpoint("cloud"), account=Account(account, "sk-secret"))
    return model(f"cloud/{name}", endpoint=at, tier=Tier.PAID)


def limited(wait: float | None = None, shuts: Shuts = Shuts.MODEL) -> UpstreamError:
    return UpstreamError("it answered 429: slow down", shuts=shuts, wait=wait, limited=True)


BROKEN = UpstreamError("it answered 503: overloaded", shuts=Shuts.MODEL)
REFUSED = UpstreamError("it answered 401: no such key", shuts=Shuts.ACCOUNT)


@pytest.fixture
def gate() -> Gate:
    return Gate()


def in_flight(gate: Gate) -> dict[str, int]:
    return dict(gate.outlook((), 0.0).in_flight)


def parked(gate: Gate, one: Model, now: float) -> str:
    told = gate.outlook([one], now).parked.get(one.id)
    return told.reason if told else ""


def test_what_is_admitted_is_in_flight_until_it_is_settled(gate: Gate) -> None:
    first, second, other = (gate.admit(Order(one), 0.0) for one in (TINY, TINY, LARGE))
    assert in_flight(gate) == {"local/tiny": 2, "local/large": 1}
    first.settle(Outcome.OK, 1.0)
    other.settle(Outcome.FAILED, 1.0, BROKEN)
    assert in_flight(gate) == {"local/tiny": 1}
    second.settle(Outcome.CUT, 1.0, BROKEN)
    assert in_flight(gate) == {}


def test_an_outlook_is_of_its_moment(gate: Gate) -> None:
    before = gate.outlook((), 0.0)
    gate.admit(Order(TINY), 0.0)
    assert before.in_flight == {}


def test_settling_twice_is_an_error_and_takes_nothing_from_others(gate: Gate) -> None:
    ticket, other = gate.admit(Order(TINY), 0.0), gate.admit(Order(TINY), 0.0)
    ticket.settle(Outcome.OK, 1.0)
    with pytest.raises(RuntimeError, match="settled before"):
        ticket.settle(Outcome.OK, 1.0)
    assert in_flight(gate) == {"local/tiny": 1}
    other.settle(Outcome.OK, 1.0)


def test_a_limit_parks_its_model_for_as_long_as_the_provider_says(gate: Gate) -> None:
    gate.admit(Order(cloud()), 0.0).settle(Outcome.FAILED, 10.0, limited(30.0))
    assert parked(gate, cloud(), 39.9) == "it answered 429: slow down"
    with pytest.raises(UpstreamError, match="parked for 20 s more"):
        gate.admit(Order(cloud()), 20.0)
    assert parked(gate, cloud(), 40.0) == ""
    assert parked(gate, cloud("other"), 20.0) == ""


def test_a_shorter_wait_does_not_shorten_a_longer_one(gate: Gate) -> None:
    first, second = gate.admit(Order(cloud()), 0.0), gate.admit(Order(cloud()), 0.0)
    first.settle(Outcome.FAILED, 0.0, limited(60.0))
    second.settle(Outcome.FAILED, 0.0, limited(1.0))
    assert parked(gate, cloud(), 59.0)


def test_what_fails_again_is_parked_for_longer_and_never_beyond_half_a_minute(gate: Gate) -> None:
    now, pauses = 0.0, []
    for _ in range(7):
        gate.admit(Order(cloud()), now).settle(Outcome.FAILED, now, BROKEN)
        recovery = gate.recovery([cloud()], now)
        assert recovery is not None
        pauses.append(recovery.seconds)
        now += recovery.seconds
    assert pauses == [2, 4, 8, 16, 30, 30, 30]


def test_after_its_time_one_probe_may_pass_and_its_content_lets_all_others_in(gate: Gate) -> None:
    gate.admit(Order(cloud()), 0.0).settle(Outcome.FAILED, 0.0, BROKEN)
    probe = gate.admit(Order(cloud()), 2.0)
    with pytest.raises(UpstreamError, match="parked"):
        gate.admit(Order(cloud()), 2.0)
    probe.content()
    gate.admit(Order(cloud()), 2.0)


def test_who_was_admitted_before_a_limit_does_not_lift_it_by_his_content(gate: Gate) -> None:
    early, late = gate.admit(Order(cloud()), 0.0), gate.admit(Order(cloud()), 0.0)
    late.settle(Outcome.FAILED, 1.0, limited(60.0))
    early.content()
    early.settle(Outcome.OK, 2.0)
    assert parked(gate, cloud(), 59.0)


def test_a_probe_that_is_given_up_tells_nothing_and_lets_the_next_one_pass(gate: Gate) -> None:
    gate.admit(Order(cloud()), 0.0).settle(Outcome.FAILED, 0.0, BROKEN)
    gate.admit(Order(cloud()), 2.0).settle(Outcome.CANCELLED, 3.0)
    gate.admit(Order(cloud()), 3.0).settle(Outcome.OK, 4.0)
    assert gate.recovery([cloud()], 4.0) is None


def test_a_refused_key_parks_its_account_and_no_other(gate: Gate) -> None:
    gate.admit(Order(cloud()), 0.0).settle(Outcome.FAILED, 0.0, REFUSED)
    assert parked(gate, cloud("other"), 599.0)
    assert parked(gate, cloud("one", account="b"), 1.0) == ""
    assert parked(gate, cloud("other"), 600.0) == ""


def test_a_limit_of_the_free_models_parks_those_of_its_account_and_not_the_paid_ones(gate: Gate) -> None:
    free, other = (replace(cloud(name), tier=Tier.FREE) for name in ("one:free", "two:free"))
    gate.admit(Order(free), 0.0).settle(Outcome.FAILED, 0.0, limited(60.0, Shuts.FREE))
    assert parked(gate, other, 1.0)
    assert parked(gate, cloud(), 1.0) == ""


def test_an_engine_on_this_machine_is_never_parked(gate: Gate) -> None:
    for error in (BROKEN, REFUSED, limited(60.0)):
        gate.admit(Order(TINY), 0.0).settle(Outcome.FAILED, 0.0, error)
    assert parked(gate, TINY, 0.0) == ""


def test_the_first_recovery_counts_and_is_a_matter_of_limits_only_where_all_are_limited(gate: Gate) -> None:
    gate.admit(Order(cloud("one")), 0.0).settle(Outcome.FAILED, 0.0, limited(30.0))
    gate.admit(Order(cloud("two")), 0.0).settle(Outcome.FAILED, 0.0, limited(10.0))
    assert gate.recovery([cloud("one"), cloud("two")], 1.0) == Recovery(9.0, limited=True)
    assert gate.recovery([cloud("one"), cloud("three")], 1.0) == Recovery(29.0, limited=False)
    assert gate.recovery([cloud("three")], 1.0) is None
    assert gate.recovery([], 1.0) is None
    gate.admit(Order(cloud("three")), 0.0).settle(Outcome.FAILED, 0.0, BROKEN)
    assert gate.recovery([cloud("one"), cloud("three")], 1.0) == Recovery(1.0, limited=False)


def test_a_machine_that_slept_forgets_what_was_broken_and_keeps_what_is_limited(gate: Gate) -> None:
    gate.admit(Order(cloud("one")), 0.0).settle(Outcome.FAILED, 0.0, BROKEN)
    gate.admit(Order(cloud("two")), 0.0).settle(Outcome.FAILED, 0.0, limited(30.0))
    gate.woke_up(slept=10.0)
    assert parked(gate, cloud("one"), 1.0) == ""
    assert parked(gate, cloud("two"), 1.0)
    gate.circuits.reset()
    assert parked(gate, cloud("two"), 1.0) == ""


def test_what_is_limited_is_back_at_the_providers_time_though_our_clock_stood_still(gate: Gate) -> None:
    gate.admit(Order(cloud()), 0.0).settle(Outcome.FAILED, 0.0, limited(30.0))
    gate.woke_up(slept=20.0)
    assert parked(gate, cloud(), 9.9)
    assert parked(gate, cloud(), 10.0) == ""
    gate.woke_up(slept=3600.0)
    assert gate.recovery([cloud()], 10.0) is None


def test_a_limit_outlasts_a_sleep_though_something_broke_meanwhile(gate: Gate) -> None:
    first, second = gate.admit(Order(cloud()), 0.0), gate.admit(Order(cloud()), 0.0)
    first.settle(Outcome.FAILED, 0.0, limited(60.0))
    second.settle(Outcome.FAILED, 1.0, BROKEN)
    gate.woke_up(slept=1.0)
    assert parked(gate, cloud(), 58.0) == "it answered 429: slow down"


def test_a_probe_does_not_lift_what_was_shut_after_it_was_asked(gate: Gate) -> None:
    early = gate.admit(Order(cloud()), 0.0)
    gate.admit(Order(cloud()), 0.0).settle(Outcome.FAILED, 0.0, BROKEN)
    probe = gate.admit(Order(cloud()), 2.0)
    early.settle(Outcome.FAILED, 3.0, limited(60.0))
    probe.content()
    probe.settle(Outcome.OK, 4.0)
    assert parked(gate, cloud(), 62.0)


def test_a_models_limit_is_not_that_of_the_same_model_under_another_key(gate: Gate) -> None:
    gate.admit(Order(cloud()), 0.0).settle(Outcome.FAILED, 0.0, limited(30.0))
    assert parked(gate, cloud(account="b"), 1.0) == ""


def head(remaining: int, seconds: float) -> dict[str, str]:
    names = ("limit", "remaining", "reset")
    told = zip(names, (30, remaining, seconds), strict=True)
    return {f"X-RateLimit-{name}-Requests-Minute": str(value) for name, value in told}


def test_who_has_nothing_left_is_not_asked_until_he_has(gate: Gate) -> None:
    ticket = gate.admit(Order(cloud()), 0.0)
    ticket.told(head(0, 20), 1.0, WALL)
    ticket.settle(Outcome.OK, 2.0)
    words = "its 30 requests a minute are used up, by its own headers"
    assert parked(gate, cloud(), 20.9) == words
    assert gate.recovery([cloud()], 11.0) == Recovery(10.0, limited=True)
    assert parked(gate, cloud(), 21.0) == ""
    assert parked(gate, cloud("other"), 2.0) == ""


def test_who_has_something_left_is_asked_on(gate: Gate) -> None:
    gate.admit(Order(cloud()), 0.0).told(head(1, 20), 1.0, WALL)
    assert parked(gate, cloud(), 1.0) == ""


def test_a_probe_that_is_told_to_rest_again_does_not_open_by_its_content(gate: Gate) -> None:
    gate.admit(Order(cloud()), 0.0).settle(Outcome.FAILED, 0.0, limited(5.0))
    probe = gate.admit(Order(cloud()), 5.0)
    probe.told(head(0, 20), 5.0, WALL)
    probe.content()
    probe.settle(Outcome.OK, 6.0)
    assert parked(gate, cloud(), 24.0)
    (shut,) = gate.circuits.report(6.0)
    assert (shut.failures, shut.limited) == (0, True)


def test_the_head_of_a_refusal_is_known_and_the_refusal_says_how_long(gate: Gate) -> None:
    ticket = gate.admit(Order(cloud()), 0.0)
    ticket.told(head(0, 60), 0.0, WALL, refused=True)
    ticket.settle(Outcome.FAILED, 0.0, limited(2.0))
    assert parked(gate, cloud(), 2.0) == ""
    assert gate.ceilings.report(0.0)[0].ceilings == (Ceiling("requests-minute", 30, 0, 60.0),)


def test_the_newest_of_what_was_told_is_known_and_full_again_in_time(gate: Gate) -> None:
    for remaining, now in ((12, 0.0), (11, 5.0)):
        gate.admit(Order(cloud()), now).told(head(remaining, 60), now, WALL)
    (told,) = gate.ceilings.report(25.0)
    assert (told.key.id, told.ceilings) == ("cloud/one", (Ceiling("requests-minute", 30, 11, 40.0),))
    gate.woke_up(slept=30.0)
    assert gate.ceilings.report(25.0)[0].ceilings[0].seconds == 10.0
    assert gate.ceilings.report(35.0)[0].ceilings == (Ceiling("requests-minute", 30, 30, 0.0),)


def test_of_two_budgets_that_are_used_up_the_later_counts(gate: Gate) -> None:
    told = head(0, 20) | {"X-RateLimit-Remaining-Tokens-Day": "0", "X-RateLimit-Reset-Tokens-Day": "600"}
    gate.admit(Order(cloud()), 0.0).told(told, 0.0, WALL)
    assert parked(gate, cloud(), 599.0) == "its tokens a day are used up, by its own headers"


def test_a_head_does_not_shorten_what_a_refusal_said(gate: Gate) -> None:
    early, late = gate.admit(Order(cloud()), 0.0), gate.admit(Order(cloud()), 0.0)
    late.settle(Outcome.FAILED, 0.0, limited(60.0))
    early.told(head(0, 20), 1.0, WALL)
    assert parked(gate, cloud(), 59.0) == "it answered 429: slow down"


def test_an_engine_on_this_machine_has_no_ceiling(gate: Gate) -> None:
    gate.admit(Order(TINY), 0.0).told(head(0, 60), 0.0, WALL)
    assert gate.ceilings.report(0.0) == []
    assert parked(gate, TINY, 1.0) == ""


def test_every_change_is_told_once() -> None:
    changes: list[Shut | Opened] = []
    gate = Gate(changes.append)
    model_key, account_key = Key(Shuts.MODEL, "cloud/one", "a"), Key(Shuts.ACCOUNT, "a")
    gate.admit(Order(cloud()), 0.0).settle(Outcome.FAILED, 0.0, BROKEN)
    assert changes == [Shut(model_key, 2.0, 1, "it answered 503: overloaded", limited=False)]
    probe = gate.admit(Order(cloud()), 2.0)
    probe.content()
    probe.settle(Outcome.OK, 3.0)
    assert changes[1:] == [Opened(model_key, limited=False)]
    gate.admit(Order(cloud()), 3.0).settle(Outcome.FAILED, 3.0, limited(9.0, Shuts.ACCOUNT))
    gate.circuits.reset()
    assert changes[2:] == [
        Shut(account_key, 9.0, 1, "it answered 429: slow down", limited=True),
        Opened(account_key, limited=True),
    ]


def test_what_is_restored_is_shut_and_told_to_nobody() -> None:
    changes: list[Shut | Opened] = []
    gate = Gate(changes.append)
    gate.circuits.restore([Shut(Key(Shuts.MODEL, "cloud/one", "a"), 30.0, 3, "so it was", limited=True)], 5.0)
    assert parked(gate, cloud(), 34.0) == "so it was"
    assert gate.circuits.report(5.0)[0].failures == 3
    assert gate.recovery([cloud()], 5.0) == Recovery(30.0, limited=True)
    assert changes == []
    gate.admit(Order(cloud()), 35.0).settle(Outcome.OK, 36.0)
    assert gate.circuits.report(36.0) == []


def test_who_was_not_asked_for_an_hour_is_no_longer_told_of(gate: Gate) -> None:
    gate.admit(Order(cloud()), 0.0).settle(Outcome.FAILED, 0.0, limited(30.0))
    assert len(gate.circuits.report(30.0)) == 1
    assert gate.circuits.report(30.0 + FORGOTTEN) == []


DEEDS = st.tuples(st.sampled_from("aaaohflcxsr"), st.integers(0, 5), st.floats(0, 40))
MODELS = (cloud("one"), cloud("two"), cloud("one", account="b"), TINY)


class World:
    """A gate, and beside it what providers have said, on their own clock.

    a: ask, o: content, h: a head that leaves nothing, f: fail, l: limited, c: cancelled, x: whole,
    s: the machine sleeps, r: the daemon is killed and started anew. Time goes by before each.
    """

    def __init__(self) -> None:
        self.gate = Gate()
        self.now = 0.0  # on the loop's clock
        self.ahead = 0.0  # how far the providers' clock is ahead of it
        self.still_open: list[Ticket] = []
        self.not_before: dict[Key, float] = {}  # on the providers' clock

    def do(self, deed: str, number: int, seconds: float) -> None:
        self.now += 0.0 if deed in "sr" else seconds
        if deed == "a":
            self.ask(MODELS[number % len(MODELS)])
        elif deed == "s":
            self.ahead += seconds
            self.gate.woke_up(seconds)
        elif deed == "r":
            self.restart(seconds)
        elif self.still_open:
            self.go_on(deed, self.still_open[number % len(self.still_open)], 1.0 + 9 * number)

    def ask(self, one: Model) -> None:
        blocked = self.gate.outlook([one], self.now).parked
        try:
            ticket = self.gate.admit(Order(one), self.now)
        except UpstreamError:
            assert blocked, "refused though nothing is known against it"
        else:
            assert not blocked, "asked before its time"
            keys = ticket.keys if one is not TINY else ()  # an engine here has no ceilings, whatever it says
            said = max((self.not_before.get(key, 0.0) for key in keys), default=0.0)
            assert self.now + self.ahead >= said - 1e-6, "asked before its provider wants to be"
            self.still_open.append(ticket)

    def go_on(self, deed: str, ticket: Ticket, wait: float) -> None:
        if deed == "o":
            ticket.content()
        elif deed == "h":
            ticket.told(head(0, wait), self.now, WALL)
            self.say(Shuts.MODEL, ticket, wait)
        else:
            self.still_open.remove(ticket)
            self.settle(deed, ticket, wait)

    def settle(self, deed: str, ticket: Ticket, wait: float) -> None:
        shuts = Shuts.ACCOUNT if wait > 30 else Shuts.MODEL
        error = {"f": BROKEN, "l": limited(wait, shuts)}.get(deed)
        ticket.settle(Outcome.OK if deed == "x" else Outcome.FAILED, self.now, error)
        if deed == "l":
            self.say(shuts, ticket, wait)

    def say(self, shuts: Shuts, ticket: Ticket, wait: float) -> None:
        for key in ticket.keys:
            if key.shuts is shuts:
                self.not_before[key] = max(self.not_before.get(key, 0.0), self.now + self.ahead + wait)

    def restart(self, seconds: float) -> None:
        """What is limited is known again, less the time that it took."""
        kept = [one for one in self.gate.circuits.report(self.now) if one.limited and one.seconds > seconds]
        self.gate = Gate()
        self.gate.circuits.restore([one._replace(seconds=one.seconds - seconds) for one in kept], self.now)
        self.ahead += seconds
        self.still_open.clear()


@given(st.lists(DEEDS, max_size=60))
def test_however_it_goes_nothing_is_held_and_nobody_is_asked_before_his_time(
    deeds: list[tuple[str, int, float]],
) -> None:
    world = World()
    for deed in deeds:
        world.do(*deed)
        assert in_flight(world.gate) == Counter(ticket.model.id for ticket in world.still_open)
        for one in MODELS:
            mine = keys_of(one)
            said_so = any(shut.key in mine for shut in world.gate.circuits.report(world.now))
            assert said_so or not parked(world.gate, one, world.now), "parked by somebody else's limit"
    for ticket in world.still_open:
        ticket.settle(Outcome.CANCELLED, world.now)
    later = world.now + 3600
    for one in MODELS:
        world.gate.admit(Order(one), later).settle(Outcome.OK, later)  # nothing is shut for ever
    assert in_flight(world.gate) == {}
    assert world.gate.circuits.report(later) == []
