from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import Shuts, UpstreamError
from pointsman.limits.gate import Gate, Recovery, Ticket
from pointsman.types import Account, Model, Outcome, Tier
from tests.routing.house import endpoint, model

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
    first, second, other = (gate.admit(one, 0.0) for one in (TINY, TINY, LARGE))
    assert in_flight(gate) == {"local/tiny": 2, "local/large": 1}
    first.settle(Outcome.OK, 1.0)
    other.settle(Outcome.FAILED, 1.0, BROKEN)
    assert in_flight(gate) == {"local/tiny": 1}
    second.settle(Outcome.CUT, 1.0, BROKEN)
    assert in_flight(gate) == {}


def test_an_outlook_is_of_its_moment(gate: Gate) -> None:
    before = gate.outlook((), 0.0)
    gate.admit(TINY, 0.0)
    assert before.in_flight == {}


def test_settling_twice_is_an_error_and_takes_nothing_from_others(gate: Gate) -> None:
    ticket, other = gate.admit(TINY, 0.0), gate.admit(TINY, 0.0)
    ticket.settle(Outcome.OK, 1.0)
    with pytest.raises(RuntimeError, match="settled before"):
        ticket.settle(Outcome.OK, 1.0)
    assert in_flight(gate) == {"local/tiny": 1}
    other.settle(Outcome.OK, 1.0)


def test_a_limit_parks_its_model_for_as_long_as_the_provider_says(gate: Gate) -> None:
    gate.admit(cloud(), 0.0).settle(Outcome.FAILED, 10.0, limited(30.0))
    assert parked(gate, cloud(), 39.9) == "it answered 429: slow down"
    with pytest.raises(UpstreamError, match="parked for 20 s more"):
        gate.admit(cloud(), 20.0)
    assert parked(gate, cloud(), 40.0) == ""
    assert parked(gate, cloud("other"), 20.0) == ""


def test_a_shorter_wait_does_not_shorten_a_longer_one(gate: Gate) -> None:
    first, second = gate.admit(cloud(), 0.0), gate.admit(cloud(), 0.0)
    first.settle(Outcome.FAILED, 0.0, limited(60.0))
    second.settle(Outcome.FAILED, 0.0, limited(1.0))
    assert parked(gate, cloud(), 59.0)


def test_what_fails_again_is_parked_for_longer_and_never_beyond_half_a_minute(gate: Gate) -> None:
    now, pauses = 0.0, []
    for _ in range(7):
        gate.admit(cloud(), now).settle(Outcome.FAILED, now, BROKEN)
        recovery = gate.recovery([cloud()], now)
        assert recovery is not None
        pauses.append(recovery.seconds)
        now += recovery.seconds
    assert pauses == [2, 4, 8, 16, 30, 30, 30]


def test_after_its_time_one_probe_may_pass_and_its_content_lets_all_others_in(gate: Gate) -> None:
    gate.admit(cloud(), 0.0).settle(Outcome.FAILED, 0.0, BROKEN)
    probe = gate.admit(cloud(), 2.0)
    with pytest.raises(UpstreamError, match="parked"):
        gate.admit(cloud(), 2.0)
    probe.content()
    gate.admit(cloud(), 2.0)


def test_who_was_admitted_before_a_limit_does_not_lift_it_by_his_content(gate: Gate) -> None:
    early, late = gate.admit(cloud(), 0.0), gate.admit(cloud(), 0.0)
    late.settle(Outcome.FAILED, 1.0, limited(60.0))
    early.content()
    early.settle(Outcome.OK, 2.0)
    assert parked(gate, cloud(), 59.0)


def test_a_probe_that_is_given_up_tells_nothing_and_lets_the_next_one_pass(gate: Gate) -> None:
    gate.admit(cloud(), 0.0).settle(Outcome.FAILED, 0.0, BROKEN)
    gate.admit(cloud(), 2.0).settle(Outcome.CANCELLED, 3.0)
    gate.admit(cloud(), 3.0).settle(Outcome.OK, 4.0)
    assert gate.recovery([cloud()], 4.0) is None


def test_a_refused_key_parks_its_account_and_no_other(gate: Gate) -> None:
    gate.admit(cloud(), 0.0).settle(Outcome.FAILED, 0.0, REFUSED)
    assert parked(gate, cloud("other"), 599.0)
    assert parked(gate, cloud("one", account="b"), 1.0) == ""
    assert parked(gate, cloud("other"), 600.0) == ""


def test_a_limit_of_the_free_models_parks_those_of_its_account_and_not_the_paid_ones(gate: Gate) -> None:
    free, other = (replace(cloud(name), tier=Tier.FREE) for name in ("one:free", "two:free"))
    gate.admit(free, 0.0).settle(Outcome.FAILED, 0.0, limited(60.0, Shuts.FREE))
    assert parked(gate, other, 1.0)
    assert parked(gate, cloud(), 1.0) == ""


def test_an_engine_on_this_machine_is_never_parked(gate: Gate) -> None:
    for error in (BROKEN, REFUSED, limited(60.0)):
        gate.admit(TINY, 0.0).settle(Outcome.FAILED, 0.0, error)
    assert parked(gate, TINY, 0.0) == ""


def test_the_first_recovery_counts_and_only_where_all_are_parked(gate: Gate) -> None:
    gate.admit(cloud("one"), 0.0).settle(Outcome.FAILED, 0.0, limited(30.0))
    gate.admit(cloud("two"), 0.0).settle(Outcome.FAILED, 0.0, limited(10.0))
    assert gate.recovery([cloud("one"), cloud("two")], 1.0) == Recovery(9.0, limited=True)
    assert gate.recovery([cloud("one"), cloud("three")], 1.0) is None
    assert gate.recovery([], 1.0) is None
    gate.admit(cloud("three"), 0.0).settle(Outcome.FAILED, 0.0, BROKEN)
    assert gate.recovery([cloud("one"), cloud("three")], 1.0) == Recovery(1.0, limited=False)


def test_a_machine_that_slept_forgets_what_was_broken_and_keeps_what_is_limited(gate: Gate) -> None:
    gate.admit(cloud("one"), 0.0).settle(Outcome.FAILED, 0.0, BROKEN)
    gate.admit(cloud("two"), 0.0).settle(Outcome.FAILED, 0.0, limited(30.0))
    gate.circuits.woke_up()
    assert parked(gate, cloud("one"), 1.0) == ""
    assert parked(gate, cloud("two"), 1.0)
    gate.circuits.reset()
    assert parked(gate, cloud("two"), 1.0) == ""


DEEDS = st.tuples(st.sampled_from("aoflcx"), st.integers(0, 5), st.floats(0, 40))


@given(st.lists(DEEDS, max_size=60))
def test_however_tickets_come_and_go_nothing_is_left_held(deeds: list[tuple[str, int, float]]) -> None:
    """a: ask, o: content, f: fail, l: limited, c: cancelled, x: whole. Time goes by between them."""
    gate, now = Gate(), 0.0
    models = (cloud("one"), cloud("two"), cloud("one", account="b"), TINY)
    still_open: list[Ticket] = []
    for deed, number, seconds in deeds:
        now += seconds
        if deed == "a":
            one = models[number % len(models)]
            blocked = gate.outlook([one], now).parked
            try:
                ticket = gate.admit(one, now)
            except UpstreamError:
                assert blocked, "refused though nothing is known against it"
            else:
                assert not blocked, "asked before its time"
                still_open.append(ticket)
        elif still_open:
            ticket = still_open[number % len(still_open)]
            if deed == "o":
                ticket.content()
            else:
                still_open.remove(ticket)
                error = {"f": BROKEN, "l": limited(5.0, Shuts.ACCOUNT)}.get(deed)
                ticket.settle(Outcome.OK if deed == "x" else Outcome.FAILED, now, error)
        assert in_flight(gate) == Counter(ticket.model.id for ticket in still_open)
    for ticket in still_open:
        ticket.settle(Outcome.CANCELLED, now)
    for one in models:
        gate.admit(one, now + 3600).settle(Outcome.OK, now + 3600)  # nothing is shut for ever
    assert in_flight(gate) == {}
