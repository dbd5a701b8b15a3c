"""What the ledger can be asked, on a read-only connection of its own."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pointsman.calls import Attempt
from pointsman.errors import BadRequest, LedgerError, NotFound
from pointsman.funds import Charge
from pointsman.ledger import spending
from pointsman.ledger.analytics import Analytics, analytics
from pointsman.ledger.opened import Opened
from pointsman.ledger.record import (
    CeilingsRecord,
    DepartureRecord,
    FreeCallRecord,
    KeptListRecord,
    LimitRecord,
)
from pointsman.ledger.rows import (
    storable,
    to_attempt,
    to_ceilings,
    to_departure,
    to_free_call,
    to_limit,
    to_list,
)
from pointsman.ledger.schema import open_for_reading
from pointsman.ledger.spending import By, Sum
from pointsman.ledger.trouble import explain
from pointsman.ledger.views import DecisionView

NAMED_AT_MOST = 5  # ids that an ambiguous prefix is answered with
MEASURED_REQUESTS = 500  # the newest, from which a model's speed is told
REMEMBERED_REQUESTS = 200  # the newest, among which those are sought that a model was too small for
MEASURED_SECONDS = 0.1  # from the first token to the last, below which a stream measures nothing
MEASURED_PROMPT = 500  # tokens that were in no cache, below which a prompt measures nothing
SLOW = 0.75  # the share of what was measured that may be quicker than the pace that is told


@dataclass(frozen=True, slots=True)
class Line:
    """One request in a line. Tokens and cost are sums over its attempts.

    Tokens: None if no attempt reported any. Cost: nano-dollars, None if that of any attempt is unknown.
    """

    id: str
    at: float  # wall clock, seconds
    app: str
    format: str
    asked: str
    stream: bool
    status: int
    answered_by: str  # model id; empty: nobody did
    tier: str  # of that model; empty: nobody answered
    reason: str
    error: str
    seconds: float
    attempts: int
    input_tokens: int | None
    output_tokens: int | None
    cost: int | None


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of one request."""

    line: Line
    decision: DecisionView | None
    attempts: tuple[Attempt, ...]
    score: float | None = None  # how good it was, from 0 to 1, as somebody judged it


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided for a request of an application."""

    app: str
    decision: DecisionView


_LINE = """
    SELECT r.id, r.at, r.app, r.format, r.asked, r.stream, r.status, r.answered_by, r.tier, r.reason, r.error,
        r.seconds,
        count(a.number) AS attempts,
        sum(a.input_tokens) AS input_tokens,
        sum(a.output_tokens) AS output_tokens,
        CASE WHEN count(a.number) = count(a.cost) THEN coalesce(sum(a.cost), 0) END AS cost
    FROM requests AS r LEFT JOIN attempts AS a ON a.request = r.id
    WHERE r.id = ?
"""
_NEWEST = "SELECT id FROM requests ORDER BY at DESC, id DESC LIMIT ?"
_LAST = "SELECT id FROM requests WHERE status <> 0 OR error <> '' ORDER BY at DESC, id DESC LIMIT 1"
_EXACT = "SELECT id FROM requests WHERE id = ?"
_BY_PREFIX = "SELECT id FROM requests WHERE id >= :low AND id < :high ORDER BY id LIMIT :limit"
_SCORE = "SELECT score FROM feedback WHERE request = ?"
_DECISION = "SELECT body FROM decisions WHERE request = ?"
_ATTEMPTS = "SELECT * FROM attempts WHERE request = ? ORDER BY number"

# A plain answer, or a stream that is over in a moment, tells nothing of its model's pace.
_SPEEDS = """
    SELECT model, sum(output_tokens) / sum(ended - first_content) AS speed FROM attempts
    WHERE request IN (SELECT id FROM requests ORDER BY at DESC, id DESC LIMIT :newest)
        AND outcome = 'ok' AND estimated = 0 AND ended - first_content >= :seconds
    GROUP BY model
"""

# Some of it was quicker than a new prompt is, from a cache that nobody told of; some had to wait for a load.
_READING = """
    WITH measured AS (
        SELECT model, (first_content - started) / (input_tokens - coalesce(cache_read, 0)) AS pace
        FROM attempts
        WHERE request IN (SELECT id FROM requests ORDER BY at DESC, id DESC LIMIT :newest)
            AND tier = 'local' AND outcome = 'ok' AND estimated = 0
            AND ended - first_content >= :seconds
            AND input_tokens - coalesce(cache_read, 0) >= :prompt
    ), ranked AS (
        SELECT model, pace, cume_dist() OVER (PARTITION BY model ORDER BY pace) AS share FROM measured
    )
    SELECT model, min(pace) AS pace FROM ranked WHERE share >= :slow GROUP BY model
"""

# As the writer writes it, without blanks. The rest is read only of those.
_LEFT_OUT = """
    SELECT r.app AS app, d.body AS body FROM decisions AS d JOIN requests AS r ON r.id = d.request
    WHERE d.request IN (SELECT id FROM requests WHERE at >= :since ORDER BY at DESC, id DESC LIMIT :newest)
    AND instr(d.body, '"rule":"' || :rule || '"')
"""

_FREE_CALLS = "SELECT * FROM free_calls WHERE counts AND at >= :since ORDER BY at, number"


class Reader:
    """For any thread, one at a time. The file is opened at the first question, and again when it is another.

    Every question may raise LedgerError: the file is missing, damaged, or of another version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file = Opened(path, open_for_reading)

    def log(self, limit: int) -> tuple[Line, ...]:
        """At most `limit` requests, the newest first."""
        with self._reading() as connection:
            rows = connection.execute(_NEWEST, (limit,)).fetchall()
            return tuple(_line(connection, row["id"]) for row in rows)

    def last(self) -> Line | None:
        """The newest that is over."""
        with self._reading() as connection:
            row = connection.execute(_LAST).fetchone()
            return _line(connection, row["id"]) if row else None

    def request(self, wanted: str | None = None) -> Story:
        """A request by its id or the beginning of it; without one the newest that is over.

        Raises NotFound, or BadRequest when several begin so.
        """
        with self._reading() as connection:
            found = _newest(connection) if wanted is None else _find(connection, wanted)
            line = _line(connection, found)
            attempts = connection.execute(_ATTEMPTS, (found,)).fetchall()
            judged = connection.execute(_SCORE, (found,)).fetchone()
            score = judged["score"] if judged else None
            return Story(line, _decision(connection, found), tuple(map(to_attempt, attempts)), score)

    def analytics(self, since: float) -> Analytics:
        """How the last requests since then (wall clock, seconds) were understood, and how they went."""
        with self._reading() as connection:
            return analytics(connection, since)

    def spent(self, by: By, since_day: int, until_day: int | None = None) -> tuple[Sum, ...]:
        """From a day on and before another, both ordinals: the dearest first, days in their order."""
        with self._reading() as connection:
            return spending.spent(connection, by, since_day, until_day)

    def charges(self, days: int) -> tuple[Charge, ...]:
        """What counts against budgets, each day's in one sum for each that spends.

        Of the last so many days on which something was spent, whatever day it is now: the clock may be wrong.
        """
        with self._reading() as connection:
            return spending.charges(connection, days)

    def recent_charges(self, seconds: float) -> tuple[Charge, ...]:
        """The same, for each attempt in the seconds before the last one, the first of them first."""
        with self._reading() as connection:
            return spending.recent_charges(connection, seconds)

    def ever_paid(self) -> bool:
        """Whether a model was ever tried that costs money."""
        with self._reading() as connection:
            return spending.ever_paid(connection)

    def speeds(self) -> dict[str, float]:
        """Tokens a second that each model writes, as measured on its last streams; by model id."""
        with self._reading() as connection:
            bounds = {"newest": MEASURED_REQUESTS, "seconds": MEASURED_SECONDS}
            return {row["model"]: row["speed"] for row in connection.execute(_SPEEDS, bounds)}

    def reading_paces(self) -> dict[str, float]:
        """Seconds that each model here takes to read a token: three prompts in four took no longer."""
        with self._reading() as connection:
            bounds = {
                "newest": MEASURED_REQUESTS,
                "seconds": MEASURED_SECONDS,
                "prompt": MEASURED_PROMPT,
                "slow": SLOW,
            }
            return {row["model"]: row["pace"] for row in connection.execute(_READING, bounds)}

    def left_out(self, rule: str, since: float) -> tuple[Decided, ...]:
        """Decisions in which a rule left a model out, of the last requests only."""
        with self._reading() as connection:
            wanted = {"rule": rule, "since": since, "newest": REMEMBERED_REQUESTS}
            rows = connection.execute(_LEFT_OUT, wanted).fetchall()
        return tuple(Decided(row["app"], json.loads(row["body"])) for row in rows)

    def limits(self) -> tuple[LimitRecord, ...]:
        """The last word on each that was ever limited."""
        with self._reading() as connection:
            return tuple(map(to_limit, connection.execute("SELECT * FROM limits")))

    def ceilings(self) -> tuple[CeilingsRecord, ...]:
        """The last word on each budget that was ever told, one by one."""
        with self._reading() as connection:
            return tuple(map(to_ceilings, connection.execute("SELECT * FROM ceilings")))

    def free_calls(self, since: float) -> tuple[FreeCallRecord, ...]:
        """Those that count, made at `since` (wall clock, seconds) or later, the first of them first."""
        with self._reading() as connection:
            rows = connection.execute(_FREE_CALLS, {"since": since}).fetchall()
        return tuple(map(to_free_call, rows))

    def kept_lists(self) -> tuple[KeptListRecord, ...]:
        """The last list that was had of each place elsewhere."""
        with self._reading() as connection:
            return tuple(map(to_list, connection.execute("SELECT * FROM kept_lists")))

    def departures(self) -> tuple[DepartureRecord, ...]:
        """Whose prompts went where, the first time each."""
        with self._reading() as connection:
            return tuple(map(to_departure, connection.execute("SELECT * FROM departures")))

    def close(self) -> None:
        with self._lock:
            self._file.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """One state of the file, whatever is written meanwhile."""
        with self._lock:
            try:
                connection = self._file.connection()
                with connection:
                    connection.execute("BEGIN")
                    yield connection
            except sqlite3.Error as error:
                self._file.close()
                raise LedgerError(explain(self._path, error)) from error


def _newest(connection: sqlite3.Connection) -> str:
    """That is over: of one that is under way there is little to tell."""
    row = connection.execute(_LAST).fetchone()
    if row is None:
        raise NotFound("the ledger holds no request yet")
    newest: str = row["id"]
    return newest


def _find(connection: sqlite3.Connection, wanted: str) -> str:
    """The id of the one request that `wanted` means."""
    wanted = storable(wanted)
    exact = connection.execute(_EXACT, (wanted,)).fetchone()
    ids: list[str] = [exact["id"]] if exact else _begin_with(connection, wanted)
    if not ids:
        raise NotFound(f"the ledger holds no request whose id begins with {wanted!r}")
    if len(ids) > 1:
        raise BadRequest(f"{wanted!r} is the beginning of several ids: {_some(ids)}", param="id")
    return ids[0]


def _begin_with(connection: sqlite3.Connection, prefix: str) -> list[str]:
    bounds = {"low": prefix, "high": prefix + "\U0010ffff", "limit": NAMED_AT_MOST + 1}
    return [row["id"] for row in connection.execute(_BY_PREFIX, bounds)]


def _some(ids: list[str]) -> str:
    more = " and more" if len(ids) > NAMED_AT_MOST else ""
    return ", ".join(ids[:NAMED_AT_MOST]) + more


def _line(connection: sqlite3.Connection, request: str) -> Line:
    row = dict(connection.execute(_LINE, (request,)).fetchone())
    return Line(**row | {"stream": bool(row["stream"])})


def _decision(connection: sqlite3.Connection, request: str) -> DecisionView | None:
    row = connection.execute(_DECISION, (request,)).fetchone()
    view: DecisionView | None = json.loads(row["body"]) if row else None
    return view
