"""Lasting sums: what was asked, used and paid on each day, by model and by who asked.

Triggers keep them, in the transaction that writes the rows, so that they are right whenever the file is;
there is none for what is deleted: the sums outlast the rows. All of it is part of the file's format: what
changes here is a new migration.
"""

KEY = "day, tier, endpoint, provider, model, app, role, kind, user"
SUMS = (
    "requests",
    "attempts",
    "input_tokens",
    "output_tokens",
    "cache_read",
    "cost",
    "reserved",
    "unpriced",
    "told",
    "told_priced",
)
_VALUES = f"{KEY}, {', '.join(SUMS)}"
_AND_ADD = f"ON CONFLICT ({KEY}) DO UPDATE SET " + ", ".join(
    f"{sum_} = {sum_} + excluded.{sum_}" for sum_ in SUMS
)

TABLE = """
    CREATE TABLE days (
        day           INTEGER NOT NULL,  -- of the user's calendar: the ordinal of its date
        tier          TEXT NOT NULL,     -- empty, as the next three: nobody answered
        endpoint      TEXT NOT NULL,
        provider      TEXT NOT NULL,
        model         TEXT NOT NULL,
        app           TEXT NOT NULL,
        role          TEXT NOT NULL,
        kind          TEXT NOT NULL,
        user          TEXT NOT NULL,
        requests      INTEGER NOT NULL,  -- that this model answered
        attempts      INTEGER NOT NULL,
        input_tokens  INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cache_read    INTEGER NOT NULL,
        cost          INTEGER NOT NULL,  -- of attempts that have ended, as far as it is known
        reserved      INTEGER NOT NULL,  -- for attempts that are open
        unpriced      INTEGER NOT NULL,  -- attempts that have ended at a cost that nobody knows
        told          INTEGER NOT NULL,  -- cost, as far as its provider told it and we have a price, and
        told_priced   INTEGER NOT NULL,  -- what it is by that price
        PRIMARY KEY (day, tier, endpoint, provider, model, app, role, kind, user)
    ) WITHOUT ROWID
"""


def _of_attempt(row: str, sign: str = "", source: str = "") -> str:
    """What one attempt adds, or with a minus takes away; `row` is how its columns are called."""
    has_ended = f"{row}.outcome <> 'open'"
    compared = f"{has_ended} AND {row}.told AND {row}.cost + {row}.priced IS NOT NULL"
    return f"""
        SELECT {row}.day, {row}.tier, {row}.endpoint, {row}.provider, {row}.model,
            {row}.app, {row}.role, {row}.kind, {row}.user,
            0,
            {sign}1,
            {sign}coalesce({row}.input_tokens, 0),
            {sign}coalesce({row}.output_tokens, 0),
            {sign}coalesce({row}.cache_read, 0),
            {sign}iif({has_ended}, coalesce({row}.cost, 0), 0),
            {sign}iif({has_ended}, 0, coalesce({row}.reserved, 0)),
            {sign}({has_ended} AND {row}.cost IS NULL),
            {sign}iif({compared}, {row}.cost, 0),
            {sign}iif({compared}, {row}.priced, 0)
        {source} WHERE true
    """


def _of_request(row: str, sign: str = "", source: str = "") -> str:
    """It counts when its client was told something."""
    return f"""
        SELECT {row}.day, {row}.tier, {row}.endpoint, {row}.provider, {row}.answered_by,
            {row}.app, {row}.role, {row}.kind, {row}.user,
            {sign}1, 0, 0, 0, 0, 0, 0, 0, 0, 0
        {source} WHERE {row}.status <> 0
    """


def _added(rows: str) -> str:
    return f"INSERT INTO days ({_VALUES}) {rows} {_AND_ADD};"


def _forgotten(model: str) -> str:
    """The sums of what was counted elsewhere before: all are zero when these two are."""
    return f"""
        DELETE FROM days
        WHERE day = OLD.day AND tier = OLD.tier AND endpoint = OLD.endpoint AND provider = OLD.provider
            AND model = OLD.{model} AND app = OLD.app AND role = OLD.role AND kind = OLD.kind
            AND user = OLD.user AND requests = 0 AND attempts = 0;
    """  # noqa: S608 - all of it is ours


TRIGGERS = (
    f"CREATE TRIGGER attempt_added AFTER INSERT ON attempts BEGIN {_added(_of_attempt('NEW'))} END",
    f"""
    CREATE TRIGGER attempt_changed AFTER UPDATE ON attempts BEGIN
        {_added(_of_attempt("OLD", "-"))} {_added(_of_attempt("NEW"))} {_forgotten("model")}
    END
    """,
    f"CREATE TRIGGER request_added AFTER INSERT ON requests BEGIN {_added(_of_request('NEW'))} END",
    f"""
    CREATE TRIGGER request_changed AFTER UPDATE ON requests BEGIN
        {_added(_of_request("OLD", "-"))} {_added(_of_request("NEW"))} {_forgotten("answered_by")}
    END
    """,
)

# For the rows of a ledger from before.
FILL = (
    _added(_of_attempt("attempts", source="FROM attempts")),
    _added(_of_request("requests", source="FROM requests")),
)

# What was counted for later days than the one after ?1 is that day's. For sums whose rows are gone; those of
# rows that are there go with them.
MOVE = f"""
    INSERT INTO days ({_VALUES})
    SELECT ?1, {_VALUES.removeprefix("day, ")} FROM days WHERE day > ?1 + 1 {_AND_ADD}
"""  # noqa: S608
FORGET = "DELETE FROM days WHERE day > ?1 + 1"
