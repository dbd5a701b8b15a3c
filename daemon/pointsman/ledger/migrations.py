"""The ledger's tables, and how they came to be.

Money is INTEGER nano-dollars, tokens are INTEGER, times are REAL seconds. NULL is *unknown*, never zero.
"""

from pointsman.ledger import days

Migration = tuple[str, ...]  # statements, all done or none

# The file's `user_version` is how many of these it has been through. One is never changed once it is
# released: a new need is a new one. No foreign keys: an attempt may be written before its request ends.
# What an amount of money may be, as the cost has it.
_AMOUNT = "INTEGER CHECK (typeof({0}) IN ('integer', 'null') AND {0} BETWEEN 0 AND 1000000000000000)"

# The ordinal of the local date, as far as there is one.
_DAY = "coalesce(CAST(julianday(date({}, 'unixepoch', 'localtime')) - 1721424.5 AS INTEGER), 0)"

MIGRATIONS: tuple[Migration, ...] = (
    (
        """
        CREATE TABLE requests (
            id          TEXT PRIMARY KEY,
            at          REAL NOT NULL,     -- wall clock, when it came in
            app         TEXT NOT NULL,
            format      TEXT NOT NULL,
            asked       TEXT NOT NULL,
            stream      INTEGER NOT NULL,
            status      INTEGER NOT NULL,  -- what the client was told
            answered_by TEXT NOT NULL,     -- model id; empty: nobody did
            tier        TEXT NOT NULL,
            reason      TEXT NOT NULL,
            error       TEXT NOT NULL,
            seconds     REAL NOT NULL
        ) WITHOUT ROWID
        """,
        "CREATE INDEX requests_at ON requests (at)",
        """
        CREATE TABLE decisions (           -- none for a request that was refused before
            request TEXT PRIMARY KEY,
            body    TEXT NOT NULL          -- JSON: views.DecisionView
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE attempts (
            request       TEXT NOT NULL,
            number        INTEGER NOT NULL,  -- from 1, in the order they were made
            model         TEXT NOT NULL,
            endpoint      TEXT NOT NULL,
            tier          TEXT NOT NULL,
            outcome       TEXT NOT NULL,
            status        INTEGER,
            error         TEXT NOT NULL,
            started       REAL NOT NULL,     -- seconds since the request came in, as the next two
            first_content REAL,
            ended         REAL,
            input_tokens  INTEGER,           -- NULL here: so are the next four, no usage is known
            output_tokens INTEGER,
            cache_read    INTEGER,
            reasoning     INTEGER,
            estimated     INTEGER,
            cost          INTEGER,
            PRIMARY KEY (request, number),
            CHECK (typeof(cost) IN ('integer', 'null')),
            -- What a hostile engine may claim must not overflow a sum: that would fail every later question.
            CHECK (max(input_tokens, output_tokens, cache_read, reasoning) <= 1000000000000000),
            CHECK (min(input_tokens, output_tokens, cache_read, reasoning) >= 0),
            CHECK (cost BETWEEN 0 AND 1000000000000000)
        ) WITHOUT ROWID
        """,
    ),
    (
        # Tokens of the prompt that were written to a cache, and how many of them to be kept for an hour.
        """
        ALTER TABLE attempts ADD COLUMN cache_write INTEGER
            CHECK (cache_write BETWEEN 0 AND 1000000000000000)
        """,
        """
        ALTER TABLE attempts ADD COLUMN cache_write_hour INTEGER
            CHECK (cache_write_hour BETWEEN 0 AND 1000000000000000)
        """,
    ),
    (
        """
        CREATE TABLE limits (              -- what rate limits and quotas keep from being asked
            kind     TEXT NOT NULL,
            id       TEXT NOT NULL,
            account  TEXT NOT NULL,
            at       REAL NOT NULL,        -- wall clock, when it was told
            until    REAL NOT NULL,        -- wall clock; no later than `at`: it is over
            failures INTEGER NOT NULL,
            reason   TEXT NOT NULL,
            PRIMARY KEY (kind, id, account)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE ceilings (            -- what providers tell of their limits
            id        TEXT NOT NULL,
            account   TEXT NOT NULL,
            budget    TEXT NOT NULL,
            at        REAL NOT NULL,       -- wall clock, when it was told
            until     REAL,
            most      INTEGER,
            remaining INTEGER,
            PRIMARY KEY (id, account, budget)
        ) WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE departures (          -- the first time that a program's prompts left this machine
            app   TEXT NOT NULL,
            place TEXT NOT NULL,
            at    REAL NOT NULL,           -- wall clock
            PRIMARY KEY (app, place)
        ) WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE free_calls (          -- what providers count because it costs nothing; of the last days
            at      REAL NOT NULL,         -- wall clock, before it was made
            number  INTEGER NOT NULL,      -- of those in the same moment
            account TEXT NOT NULL,
            model   TEXT NOT NULL,
            counts  INTEGER NOT NULL,      -- 0: it never reached its provider
            PRIMARY KEY (at, number, account, model)
        ) WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE kept_lists (          -- the last list of models of each place elsewhere
            endpoint TEXT PRIMARY KEY,
            place    TEXT NOT NULL,
            at       REAL NOT NULL,        -- wall clock
            body     BLOB NOT NULL         -- zlib of a JSON array: its pages as they came
        ) WITHOUT ROWID
        """,
    ),
    # Whether it is money that is missing, so that it is no rate limit.
    ("ALTER TABLE limits ADD COLUMN unpaid INTEGER NOT NULL DEFAULT 0",),
    (
        # When an attempt was let go, for which day it counts, and for whom it was made.
        "ALTER TABLE attempts ADD COLUMN at REAL NOT NULL DEFAULT 0",  # wall clock
        "ALTER TABLE attempts ADD COLUMN day INTEGER NOT NULL DEFAULT 0",  # the ordinal of its date
        "ALTER TABLE attempts ADD COLUMN provider TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE attempts ADD COLUMN app TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE attempts ADD COLUMN role TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE attempts ADD COLUMN kind TEXT NOT NULL DEFAULT ''",  # of task
        "ALTER TABLE attempts ADD COLUMN user TEXT NOT NULL DEFAULT ''",
        # What was set aside for it; what it costs by its price; whether its provider told the cost.
        f"ALTER TABLE attempts ADD COLUMN reserved {_AMOUNT.format('reserved')}",
        f"ALTER TABLE attempts ADD COLUMN priced {_AMOUNT.format('priced')}",
        "ALTER TABLE attempts ADD COLUMN told INTEGER NOT NULL DEFAULT 0",
        # The day on which a request came in, for whom, and where the model is that answered it.
        "ALTER TABLE requests ADD COLUMN day INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE requests ADD COLUMN kind TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE requests ADD COLUMN role TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE requests ADD COLUMN user TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE requests ADD COLUMN endpoint TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE requests ADD COLUMN provider TEXT NOT NULL DEFAULT ''",
        f"UPDATE requests SET day = {_DAY.format('at')}",  # noqa: S608
        """
        UPDATE requests SET endpoint = a.endpoint, provider = a.endpoint FROM attempts AS a
        WHERE a.request = requests.id AND a.model = requests.answered_by
        """,
        f"""
        UPDATE attempts
        SET at = r.at + attempts.started, day = {_DAY.format("r.at + attempts.started")},
            provider = attempts.endpoint, app = r.app
        FROM requests AS r WHERE r.id = attempts.request
        """,  # noqa: S608
        "CREATE INDEX attempts_at ON attempts (at)",
        # What is under way, or was when its daemon was ended.
        "CREATE INDEX attempts_open ON attempts (request) WHERE outcome = 'open'",
        "CREATE INDEX requests_open ON requests (id) WHERE status = 0 AND error = ''",
        days.TABLE,
        *days.FILL,
        *days.TRIGGERS,
    ),
    (
        """
        CREATE TABLE feedback (            -- how good an answer was, as somebody judged it
            request TEXT PRIMARY KEY,
            at      REAL NOT NULL,         -- wall clock
            score   REAL NOT NULL CHECK (score BETWEEN 0 AND 1)
        ) WITHOUT ROWID
        """,
    ),
)
