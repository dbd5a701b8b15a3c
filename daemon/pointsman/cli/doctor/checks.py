"""The table of checks. Another one is a function from a case to findings, and its row here."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence

from pointsman.cli.doctor.case import Case
from pointsman.cli.doctor.catalogues import catalogues
from pointsman.cli.doctor.clock import clock
from pointsman.cli.doctor.configuration import configuration
from pointsman.cli.doctor.daemon import daemon
from pointsman.cli.doctor.engines import engines
from pointsman.cli.doctor.finding import Finding, State, Where, warn
from pointsman.cli.doctor.keys import keys
from pointsman.cli.doctor.ledger import ledger
from pointsman.cli.doctor.limits import limits
from pointsman.cli.doctor.money import budgets
from pointsman.cli.doctor.network import network
from pointsman.cli.doctor.port import port
from pointsman.cli.doctor.service import service
from pointsman.cli.doctor.sockets import unix_socket
from pointsman.cli.doctor.system import files, versions
from pointsman.cli.doctor.tray import tray

Check = Callable[[Case], Iterable[Finding]]

CHECKS: tuple[Check, ...] = (
    *(configuration, daemon, service, port, unix_socket),
    *(engines, network, keys, catalogues),
    *(budgets, limits, ledger, clock),
    *(tray, versions, files),
)
LOOKS_FOR = 30.0  # seconds for a check; what the service's own executable sees takes the longest
# What may be another thing with another environment.
INSIDE: tuple[Check, ...] = (configuration, unix_socket, engines, network, keys, ledger, versions)


async def examine(case: Case, checks: Sequence[Check], patience: float = LOOKS_FOR) -> list[Finding]:
    """What the checks have to say, in their order; they wait for the machine at the same time."""
    said = await asyncio.gather(*(_within(patience, check, case) for check in checks))
    return list(_but_twice([finding for findings in said for finding in findings]))


async def _within(patience: float, check: Check, case: Case) -> list[Finding]:
    try:
        async with asyncio.timeout(patience):
            return await asyncio.to_thread(_listed, check, case)
    except TimeoutError:
        why = f"something that it asks does not answer within {patience:g} s"
        return [warn(check.__name__, "it could not be looked at", why, "pointsman doctor, later")]


def _listed(check: Check, case: Case) -> list[Finding]:
    return list(check(case))


def _but_twice(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Of what was found in the service only what is wrong there, and not here too."""
    here = {(one.topic, one.state, one.what) for one in findings if one.where is Where.HERE}
    for one in findings:
        wrong = one.state in (State.WARN, State.FAIL) and (one.topic, one.state, one.what) not in here
        if one.where is Where.HERE or wrong:
            yield one
