"""What is left alone for now, because it said so or failed: until when, and why."""

from argparse import ArgumentParser, Namespace

from pointsman.cli import arguments as shared
from pointsman.cli.shell import Shell
from pointsman.cli.show import count, duration
from pointsman.server.control.shapes import LimitShape, LimitsShape

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
        shell.screen.note("nothing is left alone: every model that is there may be asked")
    if args.reset:
        shell.screen.note(f"{count(len(answer['limits']), 'limit')} reset")
    return 0


def _row(one: LimitShape) -> tuple[str, ...]:
    what = "free models" if one["kind"] == "free" else one["kind"]
    again = f"in {duration(one['seconds'])}" if one["seconds"] else "by the next request"
    return (what, one["id"], again, f"{one['failures']} times", one["reason"])
