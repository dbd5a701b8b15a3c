"""The ledger's tables, and how they came to be.

Money is INTEGER nano-dollars, tokens are INTEGER, times are REAL seconds. NULL is *unknown*, never zero.
"""

Migration = tuple[str, ...]  # statements, all done or none

# The file's `user_version` is how many of these it has been through. One is never changed once it is
# released: a new need is a new one. No foreign keys: an attempt may be written before its request ends.
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
)
