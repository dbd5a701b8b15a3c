"""What may be spent, and how that stands. What is set holds at once, and outlasts a restart."""

import re
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from pointsman.cli import arguments as shared
from pointsman.cli.client import Client
from pointsman.cli.shell import Shell, WrongUsage
from pointsman.cli.show import Screen, bar, count, money, per_cent
from pointsman.cli.steps import MEANS
from pointsman.dates import Window
from pointsman.funds import TOTAL, usual_name
from pointsman.server.control.shapes import AmountShape, BudgetShape, BudgetsShape
from pointsman.steps import Step

USAGE = (
    "pointsman budget, or budget set WINDOW AMOUNT, as in budget set day 1.00, or budget none, "
    "or budget remove NAME"
)
NO_LIMIT = "none"
AMOUNT = re.compile(r"\d+(\.\d{0,9})?|\.\d{1,9}", re.ASCII)

UNSET = (
    "No budget is set, and models that cost money are not used without one:",
    "  pointsman budget set day 1.00    lets them cost that much a day",
    "  pointsman budget none            lets them cost what they like",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "what",
        nargs="?",
        default="list",
        choices=("list", "set", "none", "remove"),
        help="list: how all of them stand; set: so much in each hour, day, week or month; none: hold nothing "
        "back; remove: take away one that was set",
    )
    parser.add_argument(
        "words",
        nargs="*",
        metavar="WORD",
        help="set: WINDOW AMOUNT, as day 1.00, in US dollars; remove: NAME",
    )
    parser.add_argument(
        "--name", type=shared.some, metavar="NAME", help="set: what it is called (default: as its window)"
    )
    parser.add_argument(
        "--scope",
        type=shared.some,
        default=TOTAL,
        help="set: whose spending counts: provider:, model:, app:, role: or user: with a name after it "
        "(default: total)",
    )
    parser.add_argument(
        "--soft", action="store_true", help="set: only tell when it is used up, refuse nothing"
    )
    parser.add_argument(
        "--unpriced",
        action="store_true",
        help="set: models whose price is not known may be used, and count nothing",
    )
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    answer, done = _deed(args, shell)
    if args.json:
        shell.screen.json(answer)
        return 0
    _show(answer, shell.screen)
    for note in filter(None, (done, *answer["notes"])):
        shell.screen.note(note)
    return 0


def _deed(args: Namespace, shell: Shell) -> tuple[BudgetsShape, str]:
    """The budgets as they are now, and what was done, in words."""
    match args.what, args.words:
        case "list", []:
            answer: BudgetsShape = shell.client(args).get("/budgets")
            return answer, ""
        case "set", [window, *amount] if amount:
            return _set(args, window, " ".join(amount), shell)
        case "none", []:
            return _none(shell.client(args))
        case "remove", [name]:
            return _remove(name, shell.client(args))
        case _:
            raise WrongUsage(USAGE)


def _set(args: Namespace, window: str, amount: str, shell: Shell) -> tuple[BudgetsShape, str]:
    if window not in list(Window):
        raise WrongUsage(f"WINDOW is one of {', '.join(Window)}, not {window!r}")
    name = args.name or usual_name(window, args.scope)
    body = {
        "window": window,
        "limit": read_amount(amount),
        "hard": not args.soft,
        "scope": args.scope,
        "unpriced": args.unpriced,
    }
    answer: BudgetsShape = shell.client(args).post(_path(name), body)
    return answer, f"budget {name} is set"


def _none(client: Client) -> tuple[BudgetsShape, str]:
    answer: BudgetsShape = client.post("/budgets/none")
    held = ", but by what the configuration says" if answer["notes"] else ""
    return answer, f"nothing is held back any more{held}; what is spent is counted: pointsman spend"


def _remove(name: str, client: Client) -> tuple[BudgetsShape, str]:
    answer: BudgetsShape = client.delete(_path(name))
    again = any(one["name"] == name for one in answer["budgets"])
    return answer, f"budget {name} was removed{'; that of the configuration holds again' if again else ''}"


def _path(name: str) -> str:
    return f"/budgets/{quote(name, safe='')}"


def read_amount(text: str) -> float | str:
    """Of US dollars; nothing else is guessed at. Raises WrongUsage."""
    if text == NO_LIMIT:
        return text
    plain = text.removeprefix("$")
    if plain.startswith("-"):
        raise WrongUsage(f"{text} is less than nothing: the least that a budget can be is 0")
    if not AMOUNT.fullmatch(plain):
        raise WrongUsage(
            f"{text!r} is no amount of US dollars: write it as 1.00 or $1.00, or none for no limit"
        )
    return float(plain)


def _show(answer: BudgetsShape, screen: Screen) -> None:
    marks = [turn["share"] for turn in answer["curve"]]
    for one in answer["budgets"]:
        screen.paragraph(f"{one['name']}: {_sum(one)}", style="bold", indent="  ")
        for text in _lines(one, marks):
            screen.paragraph(f"  {text}", indent="    ")
    if all(one["origin"] == "provider" for one in answer["budgets"]):
        for text in UNSET:
            screen.line(text)
    screen.line(f"Spent: {amount(answer['today'])} today, {amount(answer['month'])} this month")


def _sum(one: BudgetShape) -> str:
    """`$0.42 of $1.00 spent this day by app:aider, $0.02 reserved, until 1 Dec 00:00`"""
    limit = "" if one["limit"] is None else f" of {money(one['limit'])}"
    window = f" this {one['window']}" if one["window"] else ""
    whose = "" if one["scope"] == TOTAL or one["origin"] == "provider" else f" by {one['scope']}"
    reserved = f", {money(one['reserved'])} reserved" if one["reserved"] else ""
    ends = "" if one["ends"] is None else time.strftime(", until %-d %b %H:%M", time.localtime(one["ends"]))
    return f"{money(one['spent'])}{limit} spent{window}{whose}{reserved}{ends}"


def _lines(one: BudgetShape, marks: Sequence[float]) -> Iterator[str]:
    if one["limit"] is not None:
        yield f"{bar(one['share'], marks if one['hard'] else ())} {per_cent(one['share'])}"
    yield "; ".join(_means(one))


def _means(one: BudgetShape) -> Iterator[str]:
    if one["limit"] is None:
        yield "no limit: what is spent is only counted"
    elif one["hard"]:
        yield f"{one['step']}: {MEANS[Step(one['step'])]}"
    else:
        yield "it is only told of: nothing is refused for it"
    if one["unpriced"]:
        yield "models of unknown price may be used"
    if one["origin"] == "default":
        yield "holds for what the configuration names, until a budget is set"


def amount(one: AmountShape | None) -> str:
    """`$0.42`, `unknown`, `at least $0.42 (up to $0.10 under way, 3 attempts at an unknown cost)`"""
    if one is None:
        return "unknown"
    notes = [f"up to {money(one['reserved'])} under way"] if one["reserved"] else []
    if one["unpriced"]:
        notes.append(f"{count(one['unpriced'], 'attempt')} at an unknown cost")
    known = f"at least {money(one['cost'])}" if one["unpriced"] else money(one["cost"])
    return f"{known} ({', '.join(notes)})" if notes else known
