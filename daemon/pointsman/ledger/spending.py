"""What was spent, told from the lasting sums: it takes no longer in a large ledger than in a small one."""

import sqlite3
from dataclasses import dataclass
from typing import Literal

from pointsman.funds import Caller, Charge, Spender

By = Literal["model", "provider", "app", "role", "kind", "user", "day", "tier"]


@dataclass(frozen=True, slots=True)
class Sum:
    """What was done with one model, or for one program ...

    A request counts for the model that answered it; tokens and money count for the model that was tried.
    Amounts are nano-dollars.
    """

    key: str  # a day's is its date: 2026-11-30. Empty: nobody answered, or it is not known
    requests: int
    attempts: int
    input_tokens: int
    output_tokens: int
    cache_read: int
    cost: int  # as far as it is known
    reserved: int  # for what is under way, at the most
    unpriced: int  # attempts at a cost that nobody knows
    told: int  # of the cost: what its provider told, where we have a price to hold beside it,
    told_priced: int  # and what that comes to


# A place goes by its endpoint, as its user calls it. A date is made of what `toordinal` made of it.
_KEYS = {"provider": "endpoint", "day": "date(day + 1721424.5)"} | {
    name: name for name in ("model", "app", "role", "kind", "user", "tier")
}

_SPENT = """
    SELECT {key} AS key, sum(requests) AS requests, sum(attempts) AS attempts,
        sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
        sum(cache_read) AS cache_read, sum(cost) AS cost, sum(reserved) AS reserved,
        sum(unpriced) AS unpriced, sum(told) AS told, sum(told_priced) AS told_priced
    FROM days WHERE day >= :since AND day < :until GROUP BY 1 ORDER BY {order}
"""
_DEAREST = "cost + reserved DESC, requests DESC, key"
_LAST = 2**31  # later than any day

_CHARGES = """
    SELECT day, NULL AS at, model, endpoint, provider, app, role, user, sum(cost + reserved) AS amount
    FROM days WHERE day IN (
        SELECT DISTINCT day FROM days WHERE cost + reserved > 0 ORDER BY day DESC LIMIT :days
    )
    GROUP BY day, model, endpoint, provider, app, role, user HAVING amount > 0
"""
_RECENT = """
    SELECT day, at, model, endpoint, provider, app, role, user,
        iif(outcome = 'open', reserved, cost) AS amount
    FROM attempts WHERE at > (SELECT max(at) FROM attempts) - :seconds AND amount > 0
    ORDER BY at
"""
_EVER_PAID = "SELECT EXISTS (SELECT 1 FROM days WHERE tier = 'paid' AND attempts > 0)"


def spent(connection: sqlite3.Connection, by: By, since: int, until: int | None) -> tuple[Sum, ...]:
    sql = _SPENT.format(key=_KEYS[by], order="key" if by == "day" else _DEAREST)
    days = {"since": since, "until": _LAST if until is None else until}
    return tuple(Sum(**dict(row)) for row in connection.execute(sql, days))


def charges(connection: sqlite3.Connection, days: int) -> tuple[Charge, ...]:
    return tuple(map(_charge, connection.execute(_CHARGES, {"days": days})))


def recent_charges(connection: sqlite3.Connection, seconds: float) -> tuple[Charge, ...]:
    return tuple(map(_charge, connection.execute(_RECENT, {"seconds": seconds})))


def ever_paid(connection: sqlite3.Connection) -> bool:
    (paid,) = connection.execute(_EVER_PAID).fetchone()
    return bool(paid)


def _charge(row: sqlite3.Row) -> Charge:
    caller = Caller(row["app"], row["role"], row["user"])
    who = Spender(row["model"], row["endpoint"], row["provider"], caller)
    return Charge(who, row["amount"], row["day"], row["at"] or 0.0)
