"""Who would answer a prompt, in which order, and who is left out by which rule; asks nobody."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from pointsman.cli import arguments as shared
from pointsman.cli import decision as words
from pointsman.cli.shell import Shell
from pointsman.cli.show import Screen
from pointsman.ledger.views import CandidateView, DecisionView

HEADS = ("RANK", "MODEL", "TIER", "REASON")


def arguments(parser: ArgumentParser) -> None:
    shared.prompt(parser)
    parser.add_argument("--all", action="store_true", help="list each model that is left out")
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    """1 if nobody would be asked."""
    messages = [{"role": "user", "content": shell.prompt(args.prompt)}]
    decision: DecisionView = shell.client(args).post("/explain", {"model": args.model, "messages": messages})
    if args.json:
        shell.screen.json(decision)
    else:
        _show(decision, shell.screen, every=args.all)
    return 0 if decision["candidates"] else 1


def _show(decision: DecisionView, screen: Screen, *, every: bool) -> None:
    screen.line(f"Asked: {words.wanted(decision['wanted'])}")
    screen.line(f"Task:  {words.task(decision['task'])}")
    if spending := decision.get("spending"):
        screen.line(f"Money: {spending}")
    if decision["candidates"]:
        screen.table(HEADS, _order(decision["candidates"]))
    else:
        screen.line("Nobody could answer.", style="paid")
    screen.line(f"Left out: {words.left_out(decision['excluded'])}")
    words.show_left_out(decision["excluded"], screen, every=every)


def _order(candidates: list[CandidateView]) -> Iterator[tuple[str, ...]]:
    for rank, candidate in enumerate(candidates, 1):
        yield str(rank), candidate["model"], words.tier(candidate), words.reason(candidate)
