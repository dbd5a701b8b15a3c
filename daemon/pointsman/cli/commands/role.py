"""What requests are for, and who plays it: `pointsman role reviewer --floor generation`."""

from argparse import ArgumentParser, Namespace
from urllib.parse import quote

from pointsman.cli import arguments as shared
from pointsman.cli.choices import SET_BY, meant
from pointsman.cli.shell import Shell, WrongUsage
from pointsman.server.control.choice_shapes import RoleShape, RolesShape
from pointsman.types import Grade, Priority

HEADS = ("ROLE", "NOW", "MODEL", "FLOOR", "NEEDS", "PROFILE", "PREFERS", "FALLBACK", "PRIORITY", "SET BY")
FIELDS = ("model", "floor", "profile", "prefer", "fallback", "priority")
USAGE = "pointsman role, or role NAME [MODEL] with what else changes, or role --remove NAME"


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "name",
        type=shared.some,
        nargs="?",
        metavar="NAME",
        help="a role, built in or your own; none: list all",
    )
    parser.add_argument(
        "model",
        type=shared.some,
        nargs="?",
        metavar="MODEL",
        help="who plays it; auto: chosen for each request",
    )
    parser.add_argument(
        "--floor", choices=[one.name.lower() for one in Grade], help="the least grade that may be chosen"
    )
    parser.add_argument("--profile", type=shared.some, metavar="NAME", help="by which a model is chosen")
    parser.add_argument(
        "--prefer",
        type=shared.some,
        action="append",
        metavar="MODEL",
        help="taken before others; once for each",
    )
    parser.add_argument(
        "--fallback",
        type=shared.some,
        action="append",
        metavar="MODEL",
        help="asked when its model fails; once for each",
    )
    parser.add_argument(
        "--priority",
        choices=[one.name.lower() for one in Priority],
        help="who goes first when the budget or a queue runs short",
    )
    parser.add_argument("--remove", type=shared.some, metavar="NAME", help="take back what was set of it")
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    answer = _deed(args, shell)
    if args.json:
        shell.screen.json(answer)
    else:
        shell.screen.table(HEADS, map(_row, answer["roles"]))
    return 0


def _deed(args: Namespace, shell: Shell) -> RolesShape:
    said = {key: value for key in FIELDS if (value := getattr(args, key)) is not None}
    answer: RolesShape
    match args.name, bool(said), args.remove:
        case None, False, None:
            answer = shell.client(args).get("/roles")
        case str(name), True, None:
            answer = shell.client(args).post(_path(name), said)
        case None, False, str(name):
            answer = shell.client(args).delete(_path(name))
        case _:
            raise WrongUsage(USAGE)
    return answer


def _path(name: str) -> str:
    return f"/roles/{quote(name, safe='')}"


def _row(one: RoleShape) -> tuple[str, ...]:
    return (
        *(one["name"], meant(one["means"]), one["model"], one["floor"], ", ".join(one["needs"])),
        *(one["profile"], ", ".join(one["prefer"]), ", ".join(one["fallback"])),
        *("" if one["priority"] == "normal" else one["priority"], SET_BY[one["origin"]]),
    )
