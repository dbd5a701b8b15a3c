"""What is left alone for now, until when, and why; what models have told of their limits, what is counted."""

from argparse import ArgumentParser, Namespace

from pointsman.cli import arguments as shared
from pointsman.cli.shell import Shell
from pointsman.cli.show import count, duration, money
from pointsman.server.control.shapes import CeilingShape, CreditShape, FreeShape, LimitShape, LimitsShape

HEADS = ("WHAT", "ID", "ASKED AGAIN", "FAILED", "WHY")


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--reset", action="store_true", help="ask it all again at the next request")
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    client = shell.client(args)
    answer: LimitsShape = client.post("/limits/reset") if args.reset else client.get("/limits")
    if args.json:
        shell.screen.json(answer)
        return 0
    if answer["limits"]:
        shell.screen.table(HEADS, map(_row, answer["limits"]))
    else:
        shell.screen.note("nothing is left alone")
    for one in answer["ceilings"]:
        shell.screen.line(f"{one['model']}: {_ceiling(one)}", style="dim")
    for free in answer["free"]:
        shell.screen.line(f"{free['model'] or free['account']}: {_free(free)}", style="dim")
    for credit in filter(_says_anything, answer["credit"]):
        shell.screen.line(f"{credit['account']}: {_credit(credit)}", style="dim")
    if args.reset:
        shell.screen.note(f"{count(len(answer['limits']), 'limit')} reset")
    return 0


def _row(one: LimitShape) -> tuple[str, ...]:
    what = "free models" if one["kind"] == "free" else one["kind"]
    failed = count(one["failures"], "time") if one["failures"] else ""
    return (what, one["id"], asked_again(one), failed, one["reason"])


def asked_again(one: LimitShape) -> str:
    return f"in {duration(one['seconds'])}" if one["seconds"] else "by the next request"


def _ceiling(one: CeilingShape) -> str:
    """`requests a minute: 29 of 30 left, full again in 2.0 s`"""
    left = "" if one["remaining"] is None else f"{count(one['remaining'])} of {count(one['limit'])} left"
    full = f"full again in {duration(one['seconds'])}" if one["seconds"] else ""
    told = ", ".join(filter(None, (left or f"{count(one['limit'])} in all", full)))
    return f"{one['budget'] or 'requests'}: {told}"


def _free(one: FreeShape) -> str:
    """`free requests a day: 13 of 50 used, anew in 5 h`"""
    anew = f", anew in {duration(one['seconds'])}" if one["used"] and one["seconds"] else ""
    return f"{one['what']} a {one['span']}: {count(one['used'])} of {count(one['limit'])} used{anew}"


def _says_anything(one: CreditShape) -> bool:
    return one["spent"] is not None or one["remaining"] is not None


def _credit(one: CreditShape) -> str:
    """`$3.75 spent, $1.25 of $5.00 left`"""
    limit = f" of {money(one['limit'])}" if one["limit"] is not None else ""
    left = "" if one["remaining"] is None else f", {money(one['remaining'])}{limit} left"
    spent = "spending unknown" if one["spent"] is None else f"{money(one['spent'])} spent"
    return f"{spent}{left}"
