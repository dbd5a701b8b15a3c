"""Records as rows: made, saved, and some of them read back. A new kind is a statement and a case."""

import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from pointsman.calls import Attempt, Decision, Outcome
from pointsman.ledger import days
from pointsman.ledger.decisions import describe
from pointsman.ledger.record import (
    BudgetRecord,
    CeilingsRecord,
    ClockRecord,
    DepartureRecord,
    FeedbackRecord,
    FreeCallRecord,
    KeptListRecord,
    LimitRecord,
    Record,
    RequestRecord,
)
from pointsman.ledger.views import DecisionView
from pointsman.money import Usage

Value = str | int | float | bytes | None
Row = tuple[Value, ...]

# The value is at fault, not the file.
UNFIT = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, OverflowError)


def _upsert(table: str, key: str, columns: str) -> str:
    """A statement that writes a row, over the one that is there.

    A row that was written while its attempt was open is overwritten when it has ended, and saving the same
    rows twice (a commit that failed after the fact) changes nothing. REPLACE would fire no trigger for what
    it removes. When something was is told once: a `ClockRecord` may have put it right since.
    """
    names = columns.split(", ")
    changes = [f"{name} = excluded.{name}" for name in names if name not in ("at", "day")]
    changes += [f"{name} = coalesce(nullif({name}, 0), excluded.{name})" for name in ("at", "day")]
    places = ", ".join("?" for _ in f"{key}, {columns}".split(", "))
    return (
        f"INSERT INTO {table} ({key}, {columns}) VALUES ({places}) "  # noqa: S608 - the names are ours
        f"ON CONFLICT ({key}) DO UPDATE SET {', '.join(changes)}"
    )


SAVE_REQUEST = _upsert(
    "requests",
    "id",
    "at, day, app, role, kind, user, format, asked, stream, status, answered_by, tier, endpoint, provider, "
    "reason, error, seconds",
)
SAVE_ATTEMPT = _upsert(
    "attempts",
    "request, number",
    "at, day, app, role, kind, user, model, tier, endpoint, provider, outcome, status, error, started, "
    "first_content, ended, input_tokens, output_tokens, cache_read, cache_write, cache_write_hour, "
    "reasoning, estimated, cost, priced, told, reserved",
)
SAVE_DECISION = "REPLACE INTO decisions (request, body) VALUES (?, ?)"
RELABEL_ATTEMPTS = "UPDATE attempts SET at = min(at, ?1), day = ?2 WHERE day > ?2 + 1"
RELABEL_REQUESTS = "UPDATE requests SET at = min(at, ?1), day = ?2 WHERE day > ?2 + 1"
SAVE_LIMIT = """
    REPLACE INTO limits (kind, id, account, at, until, failures, reason, unpaid)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
SAVE_CEILING = """
    REPLACE INTO ceilings (id, account, at, budget, most, remaining, until) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
SAVE_LIST = "REPLACE INTO kept_lists (endpoint, place, at, body) VALUES (?, ?, ?, ?)"
SAVE_FEEDBACK = "REPLACE INTO feedback (request, at, score) VALUES (?, ?, ?)"
SAVE_DEPARTURE = "INSERT OR IGNORE INTO departures (app, place, at) VALUES (?, ?, ?)"

SAVE_FREE_CALL = "REPLACE INTO free_calls (at, number, account, model, counts) VALUES (?, ?, ?, ?, ?)"
FORGET_FREE_CALLS = "DELETE FROM free_calls WHERE at < ?"
FREE_CALLS_KEPT = 3 * 86_400.0  # seconds: two days, and the zones that they are counted in

LARGEST_LIST = 64 * 2**20  # bytes
KEPT = 8  # candidates of a decision, and models that were left out for one reason, that are named in its row
COMPACT = json.JSONEncoder(separators=(",", ":"))  # made once: `dumps` would make one for every decision


@dataclass(frozen=True, slots=True)
class Entry:
    """All rows of one record, each with its statement; they are kept together, or none of them.

    It holds no object of the record, so that a waiting one is small. Rows of one table keep their order.
    """

    id: str
    rows: tuple[tuple[str, Row], ...]

    @property
    def is_request(self) -> bool:
        return any(statement is SAVE_REQUEST for statement, _ in self.rows)


def to_entry(record: Record) -> Entry:
    return Entry(record.id, tuple(_rows(record)))


def _rows(record: Record) -> Iterator[tuple[str, Row]]:
    match record:
        case RequestRecord():
            yield from _rows_of_request(record)
        case LimitRecord():
            yield SAVE_LIMIT, _limit_row(record)
        case FreeCallRecord():
            yield SAVE_FREE_CALL, _free_call_row(record)
            yield FORGET_FREE_CALLS, (record.at - FREE_CALLS_KEPT,)
        case KeptListRecord():
            yield SAVE_LIST, _list_row(record)
        case ClockRecord():
            yield RELABEL_ATTEMPTS, (record.at, record.day)
            yield RELABEL_REQUESTS, (record.at, record.day)
            yield days.MOVE, (record.day,)
            yield days.FORGET, (record.day,)
        case FeedbackRecord():
            yield SAVE_FEEDBACK, _storable_row(record.request, record.at, record.score)
        case DepartureRecord():
            yield SAVE_DEPARTURE, _storable_row(record.app, record.to, record.at)
        case CeilingsRecord():
            for budget in record.budgets:
                yield SAVE_CEILING, _storable_row(record.id, record.account, record.at, *budget)


def _rows_of_request(record: RequestRecord) -> Iterator[tuple[str, Row]]:
    yield SAVE_REQUEST, _request_row(record)
    if record.decision:
        yield SAVE_DECISION, _decision_row(record.id, record.decision)
    for number, attempt in enumerate(record.attempts, 1):
        yield SAVE_ATTEMPT, _attempt_row(record, number, attempt)


def save(connection: sqlite3.Connection, entries: Sequence[Entry]) -> list[tuple[Entry, Exception]]:
    """Commits all entries at once, but for those returned: SQLite can't hold what is in them.

    Raises sqlite3.Error when the file is at fault. Some may be committed then; saving all again is right.
    """
    try:
        _commit(connection, entries)
    except UNFIT as error:
        if len(entries) == 1:
            return [(entries[0], error)]
        # One that can't be kept must not keep the others out.
        return [refused for entry in entries for refused in save(connection, [entry])]
    return []


def storable(text: str) -> str:
    r"""`text`, with lone surrogates (JSON allows them, UTF-8 doesn't) spelt out as `\udXXX`."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def to_attempt(row: sqlite3.Row) -> Attempt:
    return Attempt(
        model=row["model"],
        endpoint=row["endpoint"],
        tier=row["tier"],
        started=row["started"],
        outcome=Outcome(row["outcome"]),
        status=row["status"],
        error=row["error"],
        first_content=row["first_content"],
        ended=row["ended"],
        usage=_to_usage(row),
        cost=row["cost"],
        priced=row["priced"],
        is_told=bool(row["told"]),
        reserved=row["reserved"],
        provider=row["provider"],
        at=row["at"],
        day=row["day"],
    )


def to_limit(row: sqlite3.Row) -> LimitRecord:
    return LimitRecord(**{**dict(row), "unpaid": bool(row["unpaid"])})


def to_free_call(row: sqlite3.Row) -> FreeCallRecord:
    return FreeCallRecord(row["account"], row["model"], row["at"], row["number"])


def to_list(row: sqlite3.Row) -> KeptListRecord:
    """What was never written by us is an empty list."""
    try:
        body = zlib.decompressobj().decompress(row["body"], LARGEST_LIST)
    except zlib.error:
        body = b""
    return KeptListRecord(row["endpoint"], row["place"], row["at"], body)


def to_departure(row: sqlite3.Row) -> DepartureRecord:
    return DepartureRecord(row["app"], row["place"], row["at"])


def to_ceilings(row: sqlite3.Row) -> CeilingsRecord:
    budget = BudgetRecord(row["budget"], row["most"], row["remaining"], row["until"])
    return CeilingsRecord(row["id"], row["account"], row["at"], (budget,))


def _commit(connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    by_statement: dict[str, list[Row]] = {}
    for entry in entries:
        for statement, row in entry.rows:
            by_statement.setdefault(statement, []).append(row)
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for statement, rows in by_statement.items():
            connection.executemany(statement, rows)


def _list_row(record: KeptListRecord) -> Row:
    """A tenth of its size, for some milliseconds of the writer's thread."""
    return (*_storable_row(record.endpoint, record.place, record.at), zlib.compress(record.body, 1))


def _request_row(record: RequestRecord) -> Row:
    endpoint, provider = _answered_at(record)
    return _storable_row(
        record.id,
        record.at,
        record.day,
        *_whose(record),
        record.format,
        record.asked,
        record.stream,
        record.status,
        record.answered_by,
        record.tier,
        endpoint,
        provider,
        record.reason,
        record.error,
        record.seconds,
    )


def _answered_at(record: RequestRecord) -> tuple[str, str]:
    """The endpoint and the provider of the model that answered."""
    for attempt in record.attempts:
        if attempt.model == record.answered_by:
            return attempt.endpoint, attempt.provider
    return "", ""


def _whose(record: RequestRecord) -> tuple[str, str, str, str]:
    return record.app, record.role, record.kind, record.user


def _decision_row(request: str, decision: Decision) -> Row:
    return storable(request), _as_json(describe(decision, KEPT))


def _as_json(view: DecisionView) -> str:
    """Half a character that a client sent can be written only by the slower of the two writers."""
    try:
        return msgspec.json.encode(view).decode()
    except UnicodeEncodeError:
        return COMPACT.encode(view)


def _attempt_row(record: RequestRecord, number: int, attempt: Attempt) -> Row:
    return _storable_row(
        record.id,
        number,
        attempt.at,
        attempt.day,
        *_whose(record),
        attempt.model,
        attempt.tier,
        attempt.endpoint,
        attempt.provider,
        attempt.outcome.value,
        attempt.status,
        attempt.error,
        attempt.started,
        attempt.first_content,
        attempt.ended,
        *_usage_values(attempt.usage),
        attempt.cost,
        attempt.priced,
        attempt.is_told,
        attempt.reserved,
    )


def _limit_row(one: LimitRecord) -> Row:
    return _storable_row(
        one.kind, one.id, one.account, one.at, one.until, one.failures, one.reason, one.unpaid
    )


def _free_call_row(one: FreeCallRecord) -> Row:
    return _storable_row(one.at, one.number, one.account, one.model, one.counts)


def _usage_values(usage: Usage | None) -> Row:
    if usage is None:
        return (None,) * 7
    return (
        usage.input,
        usage.output,
        usage.cache_read,
        usage.cache_write,
        usage.cache_write_hour,
        usage.reasoning,
        usage.estimated,
    )


def _to_usage(row: sqlite3.Row) -> Usage | None:
    if row["input_tokens"] is None:
        return None
    return Usage(
        input=row["input_tokens"],
        output=row["output_tokens"],
        cache_read=row["cache_read"],
        cache_write=row["cache_write"] or 0,  # not told by the rows of older versions
        cache_write_hour=row["cache_write_hour"] or 0,
        reasoning=row["reasoning"],
        estimated=bool(row["estimated"]),
    )


def _storable_row(*values: Value) -> Row:
    return tuple(storable(value) if isinstance(value, str) else value for value in values)
