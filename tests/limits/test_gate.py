from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.limits.gate import Gate, Ticket
from pointsman.types import Outcome, Outlook
from tests.routing.house import model

TINY, LARGE = model("local/tiny"), model("local/large")


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_what_is_admitted_is_in_flight_until_it_is_settled(gate: Gate) -> None:
    first, second, other = gate.admit(TINY), gate.admit(TINY), gate.admit(LARGE)
    assert gate.outlook() == Outlook({"local/tiny": 2, "local/large": 1})
    first.settle(Outcome.OK)
    other.settle(Outcome.FAILED)
    assert gate.outlook() == Outlook({"local/tiny": 1})
    second.settle(Outcome.CUT)
    assert gate.outlook() == Outlook({})


def test_an_outlook_is_of_its_moment(gate: Gate) -> None:
    before = gate.outlook()
    gate.admit(TINY)
    assert before == Outlook({})


def test_leaving_without_a_word_settles(gate: Gate) -> None:
    with gate.admit(TINY) as ticket:
        assert gate.outlook() == Outlook({"local/tiny": 1})
    assert gate.outlook() == Outlook({})
    with pytest.raises(RuntimeError, match="local/tiny was settled before"):
        ticket.settle(Outcome.OK)


def test_leaving_by_an_error_settles_and_lets_the_error_through(gate: Gate) -> None:
    with pytest.raises(KeyboardInterrupt), gate.admit(TINY):
        raise KeyboardInterrupt
    assert gate.outlook() == Outlook({})


def test_leaving_after_a_word_does_not_settle_again(gate: Gate) -> None:
    with gate.admit(TINY) as ticket, gate.admit(TINY):
        ticket.settle(Outcome.OK)
        assert gate.outlook() == Outlook({"local/tiny": 1})
    assert gate.outlook() == Outlook({})


def test_settling_twice_is_an_error_and_takes_nothing_from_others(gate: Gate) -> None:
    ticket, other = gate.admit(TINY), gate.admit(TINY)
    ticket.settle(Outcome.OK)
    with pytest.raises(RuntimeError, match="settled before"):
        ticket.settle(Outcome.OK)
    assert gate.outlook() == Outlook({"local/tiny": 1})
    other.settle(Outcome.OK)


@given(st.lists(st.tuples(st.sampled_from("aslx"), st.integers(0, 5)), max_size=40))
def test_however_tickets_come_and_go_the_counts_are_those_of_the_open_ones(
    deeds: list[tuple[str, int]],
) -> None:
    """a: admit, s: settle, l: leave, x: leave by an error."""
    gate = Gate()
    still_open: list[Ticket] = []
    for deed, number in deeds:
        if deed == "a":
            still_open.append(gate.admit((TINY, LARGE)[number % 2]))
        elif still_open:
            end(still_open.pop(number % len(still_open)), deed)
        in_flight = gate.outlook().in_flight
        assert in_flight == Counter(ticket.model.id for ticket in still_open)
        assert all(count > 0 for count in in_flight.values())


def end(ticket: Ticket, deed: str) -> None:
    if deed == "s":
        ticket.settle(Outcome.OK)
    elif deed == "l":
        with ticket:
            pass
    else:
        with pytest.raises(ValueError, match="broken"), ticket:
            raise ValueError("broken")
