"""The machine's clock, beside those of providers and beside what the ledger was told by it."""

import sys
from collections.abc import Iterator

from pointsman.cli.doctor.case import Case
from pointsman.cli.doctor.finding import Finding, fail, note, ok, warn
from pointsman.cli.show import duration

TOPIC = "clock"
WRONG = 60.0  # seconds; budgets' hours and days begin that much too early or too late
BROKEN = 300.0  # seconds; certificates and tokens begin to be refused
SET = "sudo sntp -sS time.apple.com" if sys.platform == "darwin" else "sudo timedatectl set-ntp true"


def clock(case: Case) -> Iterator[Finding]:
    yield _beside_others(case)
    newest = case.past.newest
    if newest is not None and newest - case.now > WRONG:
        ahead = duration(newest - case.now)
        why = "the clock was ahead then, or is behind now: budgets may have counted for a wrong day"
        yield warn(TOPIC, f"the last request in the ledger is {ahead} in the future", why, SET)


def _beside_others(case: Case) -> Finding:
    """By the one that agrees best: a clock that only some disagree with is theirs to mend."""
    hosts = {place.place.root for place in case.look.elsewhere}
    others = [ahead for host, ahead in case.look.ahead.items() if host in hosts]
    if not others:
        return note(TOPIC, "it was compared with no other", "no provider elsewhere answered")
    ahead = min(others, key=abs)
    far, way = duration(abs(ahead)), "ahead of" if ahead > 0 else "behind"
    what = f"it is {far} {way} that of every provider that answered"
    if abs(ahead) > BROKEN:
        return fail(TOPIC, what, "certificates are refused, budgets and quotas end at the wrong time", SET)
    if abs(ahead) > WRONG:
        return warn(TOPIC, what, "budgets and quotas end at the wrong time", SET)
    return ok(TOPIC, f"it agrees with a provider's, within {duration(max(1.0, abs(ahead)))}")
