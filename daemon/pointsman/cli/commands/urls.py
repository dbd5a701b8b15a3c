"""Where lists of models are had, when they were last, and the pages that are read where there is no list."""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from types import MappingProxyType

from pointsman.cli import arguments as shared
from pointsman.cli.shell import Shell, WrongUsage
from pointsman.cli.show import Screen, ago
from pointsman.server.control.shapes import UrlShape, UrlsShape

HEADS = ("NAME", "LIST", "MODELS", "FROM", "SYNCED", "PAGE", "SET BY")
USAGE = "pointsman urls, or urls set NAME URL, or urls reset NAME"
WORDS = MappingProxyType({"set": 2, "reset": 1, "list": 0})  # that follow each


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "what",
        nargs="?",
        default="list",
        choices=("list", "set", "reset"),
        help="list: all of them; set: read another page, after a restart too; reset: the one that is known",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="a provider, as zhipu")
    parser.add_argument("url", nargs="?", metavar="URL", help="set: the address of the page")
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    given = len([word for word in (args.name, args.url) if word])
    if given != WORDS[args.what]:
        raise WrongUsage(USAGE)
    answer = _ask(args, shell)
    if args.json:
        shell.screen.json(answer)
    else:
        show_sources(answer["urls"], shell.screen)
    return 0


def _ask(args: Namespace, shell: Shell) -> UrlsShape:
    client = shell.client(args)
    answer: UrlsShape
    if args.what == "list":
        answer = client.get("/urls")
    else:
        answer = client.post(f"/urls/{args.name}", {"url": args.url})
    return answer


def show_sources(urls: Sequence[UrlShape], screen: Screen) -> None:
    """A row each, and below what failed."""
    now = time.time()
    screen.table(HEADS, (_row(one, now) for one in urls))
    for one in urls:
        if one["error"]:
            screen.paragraph(f"  {one['name']}: {one['error']}", style="dim", indent="    ")


def _row(one: UrlShape, now: float) -> tuple[str, ...]:
    synced = "never" if one["synced_at"] is None else ago(max(0.0, now - one["synced_at"]))
    return (
        *(one["name"], one["list"] or "no key", str(one["models"]), one["source"] or "nothing yet"),
        *(synced, one["docs"], one["docs_origin"] if one["docs"] else ""),
    )
