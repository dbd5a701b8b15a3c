"""A finished request as rows: made from a record, saved, and an attempt's row read back."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from pointsman.ledger.decisions import describe
from pointsman.ledger.record import RequestRecord
from pointsman.money import Usage
from pointsman.types import Attempt, Decision, Outcome

Value = str | int | float | None
Row = tuple[Value, ...]

# The value is at fault, not the file.
UNFIT = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, OverflowError)

# REPLACE: a row that was written while its attempt was open is overwritten when it has ended, and saving the
# same rows twice (a commit that failed after the fact) changes nothing.
SAVE_REQUEST = """
    REPLACE INTO requests
        (id, at, app, format, asked, stream, status, answered_by, tier, reason, error, seconds)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
SAVE_DECISION = "REPLACE INTO decisions (request, body) VALUES (?, ?)"
SAVE_ATTEMPT = """
    REPLACE INTO attempts
        (request, number, model, endpoint, tier, outcome, status, error, started, first_content, ended,
         input_tokens, output_tokens, cache_read, reasoning, estimated, cost)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

COMPACT = json.JSONEncoder(separators=(",", ":"))  # made once: `dumps` would make one for every decision


@dataclass(frozen=True, slots=True)
class Entry:
    """All rows of one request. It holds no object of the record, so that a waiting one is small."""

    request: Row
    decision: Row | None
    attempts: tuple[Row, ...]


def to_entry(record: RequestRecord) -> Entry:
    return Entry(
        request=_request_row(record),
        decision=_decision_row(record.id, record.decision) if record.decision else None,
        attempts=tuple(_attempt_row(record.id, n, attempt) for n, attempt in enumerate(record.attempts, 1)),
    )


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
    )


def _commit(connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(SAVE_REQUEST, [entry.request for entry in entries])
        connection.executemany(SAVE_DECISION, [entry.decision for entry in entries if entry.decision])
        connection.executemany(SAVE_ATTEMPT, [row for entry in entries for row in entry.attempts])


def _request_row(record: RequestRecord) -> Row:
    return _storable_row(
        record.id,
        record.at,
        record.app,
        record.format,
        record.asked,
        record.stream,
        record.status,
        record.answered_by,
        record.tier,
        record.reason,
        record.error,
        record.seconds,
    )


def _decision_row(request: str, decision: Decision) -> Row:
    return storable(request), COMPACT.encode(describe(decision))


def _attempt_row(request: str, number: int, attempt: Attempt) -> Row:
    return _storable_row(
        request,
        number,
        attempt.model,
        attempt.endpoint,
        attempt.tier,
        attempt.outcome.value,
        attempt.status,
        attempt.error,
        attempt.started,
        attempt.first_content,
        attempt.ended,
        *_usage_values(attempt.usage),
        attempt.cost,
    )


def _usage_values(usage: Usage | None) -> Row:
    if usage is None:
        return None, None, None, None, None
    return usage.input, usage.output, usage.cache_read, usage.reasoning, usage.estimated


def _to_usage(row: sqlite3.Row) -> Usage | None:
    if row["input_tokens"] is None:
        return None
    return Usage(
        input=row["input_tokens"],
        output=row["output_tokens"],
        cache_read=row["cache_read"],
        reasoning=row["reasoning"],
        estimated=bool(row["estimated"]),
    )


def _storable_row(*values: Value) -> Row:
    return tuple(storable(value) if isinstance(value, str) else value for value in values)
