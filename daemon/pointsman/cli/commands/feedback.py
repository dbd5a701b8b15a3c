"""How good an answer was: `good`, `bad`, or a number from 0 to 1. Kept on this machine."""

from argparse import ArgumentParser, Namespace
from types import MappingProxyType

from pointsman.cli import arguments as shared
from pointsman.cli.shell import Shell, WrongUsage
from pointsman.server.control.judged import FeedbackShape

WORDS = MappingProxyType({"good": 1.0, "bad": 0.0})


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("score", metavar="SCORE", help="good, bad, or a number from 0 to 1")
    parser.add_argument("id", nargs="?", default="last", help="of the request (default: the last)")
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    answer: FeedbackShape = shell.client(args).post("/feedback", {"id": args.id, "score": _score(args.score)})
    if args.json:
        shell.screen.json(answer)
    else:
        who = answer["model"] or "nobody"
        shell.screen.line(f"{answer['id']}, answered by {who}: {answer['score']:g}")
    return 0


def _score(text: str) -> float:
    try:
        score = WORDS[text] if text in WORDS else float(text)
    except ValueError:
        score = -1.0
    if not 0 <= score <= 1:
        raise WrongUsage(f"{text!r} is not good, bad, or a number from 0 to 1")
    return score
