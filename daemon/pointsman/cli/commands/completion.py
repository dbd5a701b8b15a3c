"""What has a shell complete commands, options and their choices on TAB."""

from argparse import Action, ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterator

from pointsman.cli import arguments as shared
from pointsman.cli.main import COMMANDS, build_parser
from pointsman.cli.shell import Shell


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "shell",
        choices=("bash", "zsh", "fish"),
        help='bash: eval "$(pointsman completion bash)" in ~/.bashrc; zsh: the same with zsh in ~/.zshrc, '
        "after compinit; fish: pointsman completion fish > ~/.config/fish/completions/pointsman.fish",
    )


def run(args: Namespace, shell: Shell) -> int:
    import shtab

    parser = build_parser(*(command.name for command in COMMANDS))
    for action in _actions(parser):
        if action.type is shared.path:
            action.complete = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE  # type: ignore[attr-defined]
    shell.screen.piece(shtab.complete(parser, args.shell))
    return 0


def _actions(parser: ArgumentParser) -> Iterator[Action]:
    """What a parser takes, and those below it; argparse has no public way to that."""
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, _SubParsersAction):
            for below in action.choices.values():
                yield from _actions(below)
        else:
            yield action
