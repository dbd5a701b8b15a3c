"""The last requests, the newest first: who asked for what, who answered, what it took."""

import time
from argparse import ArgumentParser, Namespace

from pointsman.cli import arguments as shared
from pointsman.cli.shell import Shell
from pointsman.cli.show import count, duration, money
from pointsman.server.control.shapes import RequestLineShape, RequestsShape

HEADS = ("WHEN", "ID", "APP", "ASKED", "MODEL", "TIER", "IN", "OUT", "COST", "TOOK", "STATUS", "ERROR")
MOST = 1_000  # the daemon takes no more
ERROR_WIDTH = 60  # characters; `why` tells all of it


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "-n",
        "--number",
        type=shared.at_least_one,
        default=20,
        metavar="N",
        help=f"how many, at most {MOST:,} (default: 20)",
    )
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    answer: RequestsShape = shell.client(args).get("/decisions", limit=args.number)
    if args.json:
        shell.screen.json(answer)
    elif answer["requests"]:
        shell.screen.table(HEADS, map(_row, answer["requests"]))
    else:
        shell.screen.note("no request yet")
    return 0


def _row(request: RequestLineShape) -> tuple[str, ...]:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(request["at"]))
    asked = (when, request["id"], request["app"], request["asked"] or "(none)")
    answered = (request["model"] or "-", request["tier"])
    tokens = (count(request["input_tokens"]), count(request["output_tokens"]))
    return (*asked, *answered, *tokens, *_ending(request), _shortened(request["error"]))


def _ending(request: RequestLineShape) -> tuple[str, str, str]:
    """What it cost, how long it took, how it ended; of what has no end that is known only what is true."""
    if request["status"]:
        return money(request["cost"]), duration(request["seconds"]), str(request["status"])
    if request["error"]:
        return money(request["cost"]), "-", "lost"
    return "-", duration(max(0.0, time.time() - request["at"])), "under way"


def _shortened(text: str) -> str:
    return text if len(text) <= ERROR_WIDTH else text[: ERROR_WIDTH - 3].rstrip() + "..."
