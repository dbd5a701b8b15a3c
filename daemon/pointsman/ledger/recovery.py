"""What a daemon that was ended in the middle of its work has left behind, put right by the next one."""

from pointsman.ledger.rows import Entry

ENDED = "Pointsman was ended in the middle of it"

# What was reserved is an upper bound, and the provider may have charged as much.
_LOSE_ATTEMPTS = f"""
    UPDATE attempts
    SET outcome = 'lost', cost = reserved,
        error = '{ENDED}' || iif(reserved > 0, ': charged what was reserved', '')
    WHERE outcome = 'open'
"""  # noqa: S608
_LOSE_REQUESTS = f"UPDATE requests SET error = '{ENDED}' WHERE status = 0 AND error = ''"  # noqa: S608

RECOVERY = Entry("what was under way", ((_LOSE_ATTEMPTS, ()), (_LOSE_REQUESTS, ())))
"""Comes before all that its daemon writes; nothing else of this kind is under way then."""
