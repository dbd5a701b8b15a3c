"""`pointsman`: a table of commands. Only the one that was chosen is imported.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the daemon is not running; as shells have it,
130 after Ctrl-C and 141 when the reader of a pipe went away.
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from keyword import iskeyword

from pointsman.cli.address import DaemonAway
from pointsman.cli.arguments import Parser
from pointsman.cli.shell import Shell, WrongUsage
from pointsman.cli.show import Screen
from pointsman.errors import PointsmanError
from pointsman.version import VERSION

DONE, FAILED, WRONG, AWAY, INTERRUPTED, UNREAD = 0, 1, 2, 3, 130, 141


@dataclass(frozen=True, slots=True)
class Command:
    """`pointsman.cli.commands.NAME` has `arguments(parser)` and `run(args, shell) -> exit code`."""

    name: str
    help: str

    @property
    def module(self) -> str:
        """Where Python has the name for itself, a line is put after it."""
        return f"pointsman.cli.commands.{self.name}{'_' * iskeyword(self.name)}"


COMMANDS = (
    Command("serve", "run the daemon in the foreground"),
    Command("service", "run it in the background: install, start, stop, and how it is"),
    Command("status", "what is used, what left the machine, what to mend"),
    Command("models", "the models that are known"),
    Command("discover", "look for models again, now"),
    Command("ask", "ask a model; the answer streams to standard output"),
    Command("route", "who would answer a prompt, and why; asks nobody"),
    Command("why", "why a past request was answered as it was"),
    Command("feedback", "how good an answer was"),
    Command("log", "the last requests, one line each"),
    Command("watch", "what happens, as it happens: one line for each request"),
    Command("limits", "what is left alone for now, until when, and why"),
    Command("budget", "what may be spent, and how that stands; set or remove one"),
    Command("spend", "what was spent, by model, program, day and more"),
    Command("mode", "what may answer: all, nothing paid, only this machine, nothing"),
    Command("profile", "how models are chosen; presets that set several things at once"),
    Command("alias", "names that stand for others; set or remove one"),
    Command("task", "which models a kind of task takes first; set or remove a list"),
    Command("role", "what requests are for, and who plays it; change or remove a role"),
    Command("keys", "which providers have a key; set, test or remove one"),
    Command("urls", "where lists of models are had, or pages in their place"),
    Command("tray", "the icon: who answered last, what was spent today"),
    Command("doctor", "what is wrong, why, and what to do; needs no daemon"),
    Command("config", "where the configuration is, whether it holds, what is in force"),
    Command("import", "write the configuration from an older one, in JSON"),
    Command("completion", "what has a shell complete commands and options on TAB"),
    Command("uninstall", "stop it and remove its traces; configuration and ledger stay"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Expected failures are one line and an exit code; what nobody expected keeps its traceback."""
    shell = Shell(Screen(sys.stdout, sys.stderr, os.environ), os.environ, sys.stdin)
    try:
        return _run(sys.argv[1:] if argv is None else list(argv), shell)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _abandon_output()
        return UNREAD
    except PointsmanError as error:
        shell.screen.note(f"pointsman: {error}")
        return _code_of(error)
    except (LookupError, TypeError):
        if not shell.said:
            raise
        shell.screen.note("pointsman: this command does not understand what a daemon of that version says")
        return FAILED
    except OSError as error:  # a full disk under standard output
        _abandon_output()
        shell.screen.note(f"pointsman: {error}")
        return FAILED


def _run(words: Sequence[str], shell: Shell) -> int:
    try:
        _check(words)
        parser = build_parser(next((word for word in words if not word.startswith("-")), ""))
        args = parser.parse_args(words)
        if args.command is None:
            parser.print_help()
            return WRONG
        code: int = args.run(args, shell)
        return code
    finally:
        sys.stdout.flush()  # here, where a reader that went away can still be told from a failure


def _check(words: Sequence[str]) -> None:
    """Raises WrongUsage for bytes that are no letters in the locale's encoding: no JSON could hold them."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            encoding = sys.getfilesystemencoding()
            raise WrongUsage(
                f"the argument {word!r} is not text in the locale's encoding {encoding}"
            ) from None


def build_parser(*chosen: str) -> ArgumentParser:
    """All commands with their line of help; only the modules of those that are chosen are imported."""
    parser = Parser("pointsman", description="One local endpoint for every AI tool.")
    parser.add_argument(
        "--version", action="version", version=f"pointsman {VERSION}", help="print the version and leave"
    )
    subparsers = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    for command in COMMANDS:
        below = subparsers.add_parser(command.name, help=command.help)
        if command.name in chosen:
            fill(below, command)
    return parser


def fill(parser: ArgumentParser, command: Command) -> None:
    """Gives a command's parser its arguments, and what to run."""
    module = import_module(command.module)
    parser.description = module.__doc__
    module.arguments(parser)
    parser.set_defaults(run=module.run)


def _code_of(error: PointsmanError) -> int:
    if isinstance(error, DaemonAway):
        return AWAY
    return WRONG if isinstance(error, WrongUsage) else FAILED


def _abandon_output() -> None:
    """Nobody can take what is still buffered: without this Python complains again when it leaves."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
