"""What was asked of late, how it was understood, and how it went: counted from decisions that are kept."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

NEWEST = 20_000  # requests, beyond which nothing is counted: each decision is read whole

_ASKED = """
    SELECT r.id, r.status, r.answered_by, d.body, f.score,
        (SELECT count(*) FROM attempts AS a WHERE a.request = r.id) AS attempts
    FROM requests AS r JOIN decisions AS d ON d.request = r.id LEFT JOIN feedback AS f ON f.request = r.id
    WHERE r.at >= :since AND r.status <> 0 ORDER BY r.at DESC LIMIT :newest
"""
_COUNTED = """
    WITH asked AS ({asked})
    SELECT {what} AS what, count(*) AS requests FROM asked GROUP BY 1 ORDER BY 2 DESC, 1
"""
_BY = MappingProxyType(
    {
        "kind": "json_extract(body, '$.task.kind')",
        "complexity": "json_extract(body, '$.task.complexity')",
        "grade": "json_extract(body, '$.task.grade')",
        "role": "json_extract(body, '$.wanted.role')",
        "profile": "json_extract(body, '$.wanted.profile')",
    }
)
_WENT = """
    WITH asked AS ({asked})
    SELECT count(*) AS requests,
        coalesce(sum(status = 200), 0) AS answered,
        coalesce(sum(status = 200 AND attempts > 1), 0) AS fell_back,
        coalesce(sum(EXISTS (
            SELECT 1 FROM json_each(body, '$.candidates') AS c
            WHERE json_extract(c.value, '$.model') = answered_by AND json_extract(c.value, '$.degraded')
        )), 0) AS degraded,
        coalesce(sum(instr(body, '"revision') > 0), 0) AS revised,
        count(score) AS judged,
        coalesce(sum(score < 0.5), 0) AS bad
    FROM asked
"""


@dataclass(frozen=True, slots=True)
class Analytics:
    """Of the requests since some time. `by`: their numbers by what they were, the most frequent first.

    `revised`: they asked anew for what had just been answered. `bad`: of those that somebody judged.
    """

    requests: int
    answered: int
    fell_back: int
    degraded: int
    revised: int
    judged: int
    bad: int
    by: Mapping[str, Mapping[str, int]]


def analytics(connection: sqlite3.Connection, since: float) -> Analytics:
    """`since`: wall clock, seconds."""
    bounds = {"since": since, "newest": NEWEST}
    went = dict(connection.execute(_WENT.format(asked=_ASKED), bounds).fetchone())
    return Analytics(**went, by={name: _by(connection, what, bounds) for name, what in _BY.items()})


def _by(connection: sqlite3.Connection, what: str, bounds: Mapping[str, float]) -> dict[str, int]:
    rows = connection.execute(_COUNTED.format(asked=_ASKED, what=what), bounds)
    return {row["what"] or "": row["requests"] for row in rows}
