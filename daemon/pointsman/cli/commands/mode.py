"""What may answer: `normal`, `no-paid`, `local-only` or `paused`. It outlasts a restart."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from types import MappingProxyType

from pointsman.cli import arguments as shared
from pointsman.cli.shell import Shell
from pointsman.modes import OFFLINE, Mode
from pointsman.server.control.shapes import ModeShape

MEANS: Mapping[Mode, str] = MappingProxyType(
    {
        Mode.NORMAL: "all that is allowed otherwise may answer",
        Mode.NO_PAID: "nothing that costs money answers",
        Mode.LOCAL_ONLY: "nothing answers but what is on this machine",
        Mode.PAUSED: "nothing answers; pointsman mode normal ends it",
    }
)


def arguments(parser: ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "mode",
        nargs="?",
        choices=(*map(str, Mode), OFFLINE),
        help="to be in force (offline: local-only); none: tell which is",
    )
    which.add_argument(
        "--undo", action="store_true", help="as the configuration says, whatever was set by this command"
    )
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    client = shell.client(args)
    if args.mode or args.undo:
        answer: ModeShape = client.post("/mode", {"mode": args.mode})
    else:
        answer = client.get("/mode")
    if args.json:
        shell.screen.json(answer)
    else:
        shell.screen.line(f"{answer['mode']}: {MEANS[Mode(answer['mode'])]} (set by {_whom(answer)})")
    return 0


def _whom(answer: ModeShape) -> str:
    return "a command" if answer["origin"] == "command" else "the configuration"
