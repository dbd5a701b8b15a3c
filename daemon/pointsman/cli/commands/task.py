"""Which models a kind of task takes first, whatever they cost: `pointsman task code work/qwen3-coder`."""

from argparse import ArgumentParser, Namespace

from pointsman.cli import arguments as shared
from pointsman.cli.choices import SET_BY
from pointsman.cli.shell import Shell, WrongUsage
from pointsman.server.control.choice_shapes import TaskListShape, TasksShape
from pointsman.types import TaskKind

HEADS = ("TASK", "FIRST", "NOT SERVED NOW", "SET BY")
USAGE = "pointsman task, or task KIND MODEL [MODEL ...], or task --remove KIND"


def arguments(parser: ArgumentParser) -> None:
    kinds = [str(kind) for kind in TaskKind]
    parser.add_argument("kind", nargs="?", choices=kinds, help="what a request is about")
    parser.add_argument("models", nargs="*", metavar="MODEL", help="to be taken first, the best first")
    parser.add_argument("--remove", choices=kinds, help="take away a list that was set")
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    answer = _deed(args, shell)
    if args.json:
        shell.screen.json(answer)
    else:
        shell.screen.table(HEADS, map(_row, answer["tasks"]))
    return 0


def _deed(args: Namespace, shell: Shell) -> TasksShape:
    answer: TasksShape
    match args.kind, args.models, args.remove:
        case None, [], None:
            answer = shell.client(args).get("/tasks")
        case str(kind), [_, *_] as models, None:
            answer = shell.client(args).post(f"/tasks/{kind}", {"models": models})
        case None, [], str(kind):
            answer = shell.client(args).delete(f"/tasks/{kind}")
        case _:
            raise WrongUsage(USAGE)
    return answer


def _row(one: TaskListShape) -> tuple[str, ...]:
    first = ", ".join(one["models"]) or "as the profile has it"
    return one["kind"], first, ", ".join(one["missing"]), SET_BY[one["origin"]]
