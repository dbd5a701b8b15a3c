"""Budgets: which are used up, or near it, and what still answers then."""

import shlex
import time
from collections.abc import Iterator

from pointsman.cli.doctor.case import Case
from pointsman.cli.doctor.finding import Finding, fail, note, ok, warn
from pointsman.cli.show import per_cent
from pointsman.config.schema import budgets_of
from pointsman.funds import Stand
from pointsman.steps import Step

TOPIC = "budgets"
SPARES = frozenset({Step.FREE, Step.LOCAL})  # nothing that costs money


def budgets(case: Case) -> Iterator[Finding]:
    if not budgets_of(case.config):
        unset = "none is set: models that cost money are not used, but those of a place in the configuration"
        yield note(TOPIC, unset, "", case.by_daemon("pointsman budget set day 1.00"))
    for stand in case.past.stands:
        more = case.by_daemon(_more(stand))
        yield _stand(stand, stand.step(case.config.degradation.curve), more)


def _stand(stand: Stand, step: Step, more: str) -> Finding:
    until = f", until {_moment(stand.ends)}" if stand.ends else ""
    what = f"{stand.words()} ({per_cent(stand.share)}){until}"
    if step in SPARES:
        still = "models on this machine" if step is Step.LOCAL else "free models and those on this machine"
        return fail(TOPIC, what, f"nothing that costs money is asked; {still} answer", more)
    if step is not Step.NORMAL:
        return warn(TOPIC, what, f"spending is held back: {step}", more)
    if stand.budget.limit is not None and stand.share >= 1:
        return note(TOPIC, what, "it is only told of, and holds nothing back", more)
    return ok(TOPIC, what)


def _more(stand: Stand) -> str:
    return f"pointsman budget shows it, pointsman budget set raises it ({_set(stand)})"


def _set(stand: Stand) -> str:
    budget = stand.budget
    window = budget.window or "WINDOW"
    named = "" if budget.name == budget.window else f" --name {shlex.quote(budget.name)}"
    scope = "" if str(budget.scope) == "total" else f" --scope {shlex.quote(str(budget.scope))}"
    return f"pointsman budget set {window} AMOUNT{named}{scope}"


def _moment(wall: float) -> str:
    return time.strftime("%-d %b %Y %H:%M", time.localtime(wall))
