"""What was spent: by whom, on what, and against which budget."""

from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pointsman.calls import Attempt, Outcome
from pointsman.funds import Caller, Charge, Spender
from pointsman.ledger.queries import Reader
from pointsman.ledger.record import RequestRecord
from pointsman.ledger.schema import open_ledger
from pointsman.ledger.spending import By, Sum
from pointsman.money import Usage
from tests.fakes.records import attempt, record
from tests.ledger.conftest import keep

DAY = date(2026, 11, 30).toordinal()
NOTHING = Sum("", *(0,) * 10)
BIG = Spender("cloud/big", "cloud", "acme")


@pytest.fixture
def path(path: Path) -> Path:
    open_ledger(path).close()
    return path


def paid(cost: int | None = 90, **changes: Any) -> Attempt:
    base = {"model": "cloud/big", "endpoint": "cloud", "provider": "acme", "tier": "paid", "day": DAY}
    return attempt(**(base | {"cost": cost} | changes))


def asked(id_: str, *attempts: Attempt, **changes: Any) -> RequestRecord:
    last = attempts[-1]
    base: dict[str, Any] = {"day": last.day, "answered_by": last.model, "tier": last.tier}
    return record(id_, attempts=attempts, **(base | changes))


def total(key: str, **sums: int) -> Sum:
    return replace(NOTHING, key=key, **sums)


def test_requests_count_for_who_answered_and_money_for_who_was_paid(path: Path, reader: Reader) -> None:
    free = attempt(tier="free", usage=Usage(7, 3), cost=0, day=DAY)
    keep(
        path,
        asked("yesterday", paid(day=DAY - 1)),
        asked("rescued", paid(usage=Usage(1000, 5, cache_read=400)), attempt(day=DAY)),
        asked("free", free),
        asked("nobody", paid(None, usage=None), answered_by="", tier=""),
    )
    assert reader.spent("tier", DAY) == (
        total("paid", attempts=2, input_tokens=1000, output_tokens=5, cache_read=400, cost=90, unpriced=1),
        total("", requests=1),
        total("free", requests=1, attempts=1, input_tokens=7, output_tokens=3),
        total("local", requests=1, attempts=1, input_tokens=100, output_tokens=20),
    )


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("model", ["cloud/big", "cloud/small"]),
        ("provider", ["cloud"]),
        ("app", ["editor", "aider"]),
        ("role", ["main", "memory"]),
        ("kind", ["code", "summarize"]),
        ("user", ["ann", "bob"]),
        ("tier", ["paid"]),
    ],
)
def test_the_dearest_comes_first_by_whatever_it_is_asked(
    path: Path, reader: Reader, by: By, keys: list[str]
) -> None:
    keep(
        path,
        asked("a", paid(5, model="cloud/small"), app="aider", role="memory", kind="summarize", user="bob"),
        asked("b", paid(90), app="editor", role="main", kind="code", user="ann"),
    )
    assert [one.key for one in reader.spent(by, DAY)] == keys


def test_days_come_in_their_order_by_their_dates(path: Path, reader: Reader) -> None:
    keep(path, *(asked(str(ago), paid(ago, day=DAY - ago)) for ago in range(5)))
    assert [(one.key, one.cost) for one in reader.spent("day", DAY - 3, DAY)] == [
        ("2026-11-27", 3),
        ("2026-11-28", 2),
        ("2026-11-29", 1),
    ]


def test_what_is_reserved_and_what_providers_told_stand_beside_the_cost(path: Path, reader: Reader) -> None:
    under_way = paid(None, outcome=Outcome.OPEN, usage=None, reserved=500)
    told, guessed = paid(90, is_told=True, priced=80), paid(40, priced=40)
    keep(path, asked("a", told, guessed, paid(7, is_told=True), under_way))
    (one,) = reader.spent("model", DAY)
    assert (one.cost, one.reserved, one.unpriced, one.told, one.told_priced) == (137, 500, 0, 90, 80)


def test_an_empty_ledger_has_spent_nothing(reader: Reader) -> None:
    assert (reader.spent("model", 0), reader.charges(9), reader.recent_charges(9.0)) == ((), (), ())
    assert not reader.ever_paid()


def test_budgets_are_charged_what_was_paid_and_what_is_reserved(path: Path, reader: Reader) -> None:
    under_way = paid(None, outcome=Outcome.OPEN, usage=None, reserved=500)
    whose = {"app": "aider", "role": "main", "user": "ann"}
    keep(
        path,
        asked("a", paid(90), kind="code", **whose),
        asked("b", under_way, kind="analysis", **whose),
        asked("nothing", paid(0), paid(None), model_free(), attempt(cost=3, day=DAY)),
        asked("before", paid(7, day=DAY - 1)),
        asked("long ago", paid(7, day=DAY - 2)),
    )
    here = Spender("local/tiny", "local", "", Caller())
    assert set(reader.charges(2)) == {
        Charge(BIG._replace(caller=Caller("aider", "main", "ann")), 590, DAY),
        Charge(here, 3, DAY),
        Charge(BIG, 7, DAY - 1),
    }


def model_free() -> Attempt:
    return paid(0, model="cloud/gift", tier="free")


def test_of_an_hour_each_attempt_is_told_with_its_time(path: Path, reader: Reader) -> None:
    under_way = paid(None, outcome=Outcome.OPEN, usage=None, reserved=500, at=30.0)
    keep(
        path,
        asked("early", paid(90, at=10.0)),
        asked("b", under_way),
        asked("a", paid(7, at=11.0), paid(None, at=12.0), paid(0, at=12.0)),
    )
    assert reader.recent_charges(20.0) == (Charge(BIG, 7, DAY, 11.0), Charge(BIG, 500, DAY, 30.0))


def test_whether_anything_was_ever_paid_is_known_for_good(path: Path, reader: Reader) -> None:
    keep(path, asked("a", attempt(day=DAY), model_free()))
    assert not reader.ever_paid()
    keep(path, asked("b", paid(None, outcome=Outcome.FAILED, day=1)))
    with closing(open_ledger(path)) as connection:
        connection.execute("DELETE FROM attempts")
    assert reader.ever_paid()
