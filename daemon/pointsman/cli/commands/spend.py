"""What was spent, the dearest first; what it would have cost with the best paid model alone."""

import csv
import io
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from pointsman.cli import arguments as shared
from pointsman.cli.client import DaemonRefused
from pointsman.cli.shell import Shell, WrongUsage
from pointsman.cli.show import Screen, count, money
from pointsman.money import to_dollars
from pointsman.server.control.shapes import DriftShape, SavingsShape, SpendRowShape, SpendShape

HEADS = ("REQUESTS", "IN", "OUT", "CACHED", "COST", "UNDER WAY", "NOT KNOWN")
BY = ("model", "provider", "app", "role", "kind", "user", "day", "tier")
ANSWERERS = ("model", "provider", "tier")  # which nobody is where nobody answered
FIGURES = ("requests", "attempts", "input_tokens", "output_tokens", "cache_read")
SENSELESS = 400  # the daemon's status for a value that means nothing


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--by", choices=BY, default="model", help="a row for each of these (default: model)")
    parser.add_argument(
        "--since",
        type=shared.some,
        default="month",
        metavar="WHEN",
        help="today, week, month, year, all, or a date as 2026-11-01 (default: month, from its first day on)",
    )
    parser.add_argument(
        "--csv", action="store_true", help="print comma-separated values, costs in US dollars"
    )
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    if args.csv and args.json:
        raise WrongUsage("--csv or --json: one of them")
    answer = _ask(args, shell)
    if args.json:
        shell.screen.json(answer)
    elif args.csv:
        for line in _csv(answer):
            shell.screen.line(line)
    else:
        _show(answer, shell.screen)
    return 0


def _ask(args: Namespace, shell: Shell) -> SpendShape:
    try:
        answer: SpendShape = shell.client(args).get("/spend", by=args.by, since=args.since)
    except DaemonRefused as refusal:
        if refusal.http_status == SENSELESS:
            raise WrongUsage(str(refusal)) from None
        raise
    return answer


def _show(answer: SpendShape, screen: Screen) -> None:
    since = "from the beginning" if answer["since"] is None else f"since {answer['since']}"
    if not answer["rows"]:
        screen.note(f"no request {since}")
        return
    rows = [_row(_named(one["key"], answer["by"]), one) for one in answer["rows"]]
    screen.table((answer["by"].upper(), *HEADS), [*rows, _row(f"total {since}", answer["total"])])
    for drift in answer["drift"]:
        screen.paragraph(_drift(drift), style="free", indent="  ")
    if answer["savings"]:
        screen.paragraph(_savings(answer["savings"]), indent="  ")


def _named(key: str, by: str) -> str:
    return key or ("(nobody answered)" if by in ANSWERERS else "(not known)")


def _row(name: str, one: SpendRowShape) -> tuple[str, ...]:
    cached = count(one["cache_read"]) if one["cache_read"] else ""
    reserved = f"up to {money(one['reserved'])}" if one["reserved"] else ""
    unknown = count(one["unpriced"], "attempt") if one["unpriced"] else ""
    tokens = (count(one["input_tokens"]), count(one["output_tokens"]), cached)
    return (name, count(one["requests"]), *tokens, _cost(one), reserved, unknown)


def _cost(one: SpendRowShape) -> str:
    """What is not known is never told as nothing."""
    if not one["unpriced"]:
        return money(one["cost"])
    return f"at least {money(one['cost'])}" if one["cost"] else "unknown"


def _drift(one: DriftShape) -> str:
    return (
        f"{one['provider']} tells of {money(one['told'])} where the prices that are known here come to "
        f"{money(one['priced'])}: what it tells counts."
    )


def _savings(one: SavingsShape) -> str:
    whole = f"with {one['model']} alone it would have cost {money(one['would_cost'])}"
    if one["saved"] is None:
        return f"Saved: unknown, as not all is known that was spent; {whole}."
    if one["saved"] < 0:
        return f"Saved: nothing; {whole}, {money(-one['saved'])} less."
    return f"Saved: {money(one['saved'])}; {whole}."


def _csv(answer: SpendShape) -> Iterator[str]:
    yield _line((answer["by"], *FIGURES, "cost", "reserved", "unpriced"))
    for one in answer["rows"]:
        figures = (
            one["requests"],
            one["attempts"],
            one["input_tokens"],
            one["output_tokens"],
            one["cache_read"],
        )
        cost = to_dollars(one["cost"]) if one["cost"] or not one["unpriced"] else ""
        yield _line((one["key"], *figures, cost, to_dollars(one["reserved"]), one["unpriced"]))


def _line(cells: tuple[object, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
