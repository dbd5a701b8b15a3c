"""A ledger of as many requests as one likes, made by SQL: ten times as fast as by records."""

import sqlite3

from pointsman.calls import Candidate
from pointsman.ledger.decisions import describe
from pointsman.ledger.rows import COMPACT
from tests.fakes.records import MODEL, decision

BEGAN = 1_700_000_000.0  # wall clock, of the first
DAYS = 60  # over which they are spread evenly
FIRST_DAY = 739_000

_NUMBERS = (
    "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < :number - 1)"
)
_REQUESTS = f"""
    INSERT INTO requests
        (id, at, day, app, role, kind, format, asked, stream, status, answered_by, tier, endpoint, provider,
        reason, error, seconds)
    {_NUMBERS}
    SELECT printf('r%09d', n), :began + n * :apart, :first + n * :days / :number, 'app' || (n % 5), 'main',
        'kind' || (n % 7), 'openai.chat', 'auto', 1, 200, 'cloud/model' || (n % 12), 'paid', 'cloud', 'acme',
        'cheapest', '', 1.5
    FROM numbers
"""  # noqa: S608
_ATTEMPTS = f"""
    INSERT INTO attempts
        (request, number, at, day, app, role, kind, model, tier, endpoint, provider, outcome, status, error,
        started, first_content, ended, input_tokens, output_tokens, estimated, cost, priced, told, reserved)
    {_NUMBERS}
    SELECT printf('r%09d', n), 1, :began + n * :apart, :first + n * :days / :number, 'app' || (n % 5), 'main',
        'kind' || (n % 7), 'cloud/model' || (n % 12), 'paid', 'cloud', 'acme', 'ok', 200, '',
        0.01, 0.5, 1.5, 1000, 200, 0, 5000000, 4900000, n % 2, 20000000
    FROM numbers
"""  # noqa: S608
_DECISIONS = f"""
    INSERT INTO decisions (request, body) {_NUMBERS} SELECT printf('r%09d', n), :body FROM numbers
"""  # noqa: S608


def fill(connection: sqlite3.Connection, number: int, *, decided: bool = True) -> None:
    """So many requests with an attempt each, and what was decided, as long as it is among some models."""
    body = COMPACT.encode(describe(decision(candidates=[Candidate(MODEL, "cheapest")] * 8)))
    values = {
        "number": number,
        "began": BEGAN,
        "apart": DAYS * 86_400 / number,
        "first": FIRST_DAY,
        "days": DAYS,
        "body": body,
    }
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for statement in (_REQUESTS, _ATTEMPTS, *([_DECISIONS] if decided else [])):
            connection.execute(statement, values)
