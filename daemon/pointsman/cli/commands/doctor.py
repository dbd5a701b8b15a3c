"""What is wrong, why, and what to do; needs no daemon. Exits with 1 where something fails."""

import asyncio
import logging
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pointsman.cli import arguments as shared
from pointsman.cli.doctor.case import Places, open_case
from pointsman.cli.doctor.checks import CHECKS, INSIDE, Check, examine
from pointsman.cli.doctor.finding import DoctorShape, Finding, FindingShape, State, Where, number
from pointsman.cli.doctor.threads import Loose
from pointsman.cli.shell import Shell
from pointsman.cli.show import Screen, count
from pointsman.version import VERSION

STYLES: Mapping[State, str] = MappingProxyType(
    {State.OK: "", State.NOTE: "dim", State.WARN: "free", State.FAIL: "paid"}
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--inside",
        action="store_true",
        help="look only at what depends on the environment; doctor asks itself so inside the service",
    )
    shared.config_file(parser)
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    """Raises StartError where no home folder is known."""
    # What goes wrong on the way is found by a check, and said there.
    logging.getLogger("pointsman").addHandler(logging.NullHandler())
    places = Places(args.config, args.state, args.socket)
    findings = asyncio.run(_found(places, shell, INSIDE if args.inside else CHECKS))
    if args.json:
        shell.screen.json(_shape(findings))
    else:
        _show(findings, shell.screen)
    return 1 if number(findings, State.FAIL) else 0


async def _found(places: Places, shell: Shell, checks: Sequence[Check]) -> list[Finding]:
    asyncio.get_running_loop().set_default_executor(Loose())
    return await examine(await open_case(places, shell.environ), checks)


def _shape(findings: Sequence[Finding]) -> DoctorShape:
    return DoctorShape(
        version=VERSION,
        findings=[_finding(one) for one in findings],
        warnings=number(findings, State.WARN),
        failures=number(findings, State.FAIL),
    )


def _finding(one: Finding) -> FindingShape:
    return FindingShape(
        topic=one.topic, state=one.state, what=one.what, why=one.why, to_do=one.to_do, where=one.where
    )


def _show(findings: Sequence[Finding], screen: Screen) -> None:
    topics = max(len(one.topic) for one in findings)
    for one in findings:
        head = f"{one.state:<4}  {one.topic:<{topics}}  "
        where = "in the service: " if one.where is Where.SERVICE else ""
        lines = f"{where}{one.words}".splitlines()
        screen.paragraph(f"{head}{lines[0]}", STYLES[one.state], indent=" " * len(head))
        for line in lines[1:]:
            screen.paragraph(f"{' ' * len(head)}{line}", STYLES[one.state], indent=" " * len(head))
        if one.to_do:
            screen.paragraph(f"{' ' * len(head)}-> {one.to_do}", indent=" " * (len(head) + 3))
    screen.line()
    screen.line(_sum(findings), style="bold")


def _sum(findings: Sequence[Finding]) -> str:
    failures, warnings = number(findings, State.FAIL), number(findings, State.WARN)
    if not failures and not warnings:
        return "Nothing is wrong."
    return f"{count(failures, 'failure')}, {count(warnings, 'warning')}."
