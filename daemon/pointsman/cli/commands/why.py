"""Why a past request was answered as it was: six lines, or with --all each model that was left out."""

import time
from argparse import ArgumentParser, Namespace
from urllib.parse import quote

from pointsman.cli import arguments as shared
from pointsman.cli import decision as words
from pointsman.cli.shell import Shell
from pointsman.cli.show import ago
from pointsman.cli.story import six_lines
from pointsman.server.control.shapes import RequestShape


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "id", nargs="?", default="last", help="a request's id, or how it begins (default: the last)"
    )
    parser.add_argument("--all", action="store_true", help="list each model that was left out")
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    record: RequestShape = shell.client(args).get(f"/decisions/{quote(args.id, safe='')}")
    if args.json:
        shell.screen.json(record)
        return 0
    for text in six_lines(record, ago(time.time() - record["request"]["at"])):
        shell.screen.line(text)
    if args.all and record["decision"]:
        words.show_left_out(record["decision"]["excluded"], shell.screen, every=True)
    return 0
