"""Names that stand for others, with `*` for a whole family: `pointsman alias 'claude-*' auto`."""

from argparse import ArgumentParser, Namespace
from urllib.parse import quote

from pointsman.cli import arguments as shared
from pointsman.cli.choices import SET_BY, meant
from pointsman.cli.shell import Shell, WrongUsage
from pointsman.server.control.choice_shapes import AliasesShape

HEADS = ("ALIAS", "STANDS FOR", "NOW", "SET BY")
USAGE = "pointsman alias, or alias NAME MODEL, with quotes around 'claude-*', or alias --remove NAME"


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "name", type=shared.some, nargs="?", metavar="NAME", help="what tools ask for; in quotes with a *"
    )
    parser.add_argument(
        "model", type=shared.some, nargs="?", metavar="MODEL", help="what that means: a model, a role or auto"
    )
    parser.add_argument("--remove", type=shared.some, metavar="NAME", help="take away one that was set")
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    answer = _deed(args, shell)
    if args.json:
        shell.screen.json(answer)
        return 0
    rows = (
        (one["name"], one["model"], meant(one["means"]), SET_BY[one["origin"]]) for one in answer["aliases"]
    )
    shell.screen.table(HEADS, rows)
    return 0


def _deed(args: Namespace, shell: Shell) -> AliasesShape:
    answer: AliasesShape
    match args.name, args.model, args.remove:
        case None, None, None:
            answer = shell.client(args).get("/aliases")
        case str(name), str(model), None:
            answer = shell.client(args).post(_path(name), {"model": model})
        case None, None, str(name):
            answer = shell.client(args).delete(_path(name))
        case _:
            raise WrongUsage(USAGE)
    return answer


def _path(name: str) -> str:
    return f"/aliases/{quote(name, safe='')}"
