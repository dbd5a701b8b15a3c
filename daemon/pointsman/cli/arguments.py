"""Arguments that several commands share, so that they are called the same everywhere."""

from argparse import Action, ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path


class Parser(ArgumentParser):
    """Options may stand anywhere, between two words that may be left out too."""

    def _match_arguments_partial(self, actions: Sequence[Action], arg_strings_pattern: str) -> list[int]:
        """As Python 3.13 has it: a word that an option stands before is not left out yet."""
        counts = super()._match_arguments_partial(actions, arg_strings_pattern)
        if arg_strings_pattern.startswith("O", sum(counts)):
            while counts and not counts[-1]:
                counts.pop()
        return counts


def where(parser: ArgumentParser) -> None:
    """How a command finds the daemon."""
    parser.add_argument(
        "--state", type=path, metavar="DIR", help="the daemon's state folder (POINTSMAN_STATE)"
    )
    parser.add_argument(
        "--socket", type=path, metavar="PATH", help="the daemon's Unix socket (POINTSMAN_SOCKET)"
    )


def as_json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def prompt(parser: ArgumentParser) -> None:
    parser.add_argument(
        "prompt",
        nargs="*",
        metavar="PROMPT",
        help="what to ask; - stands for standard input, which is also read when there is no word",
    )
    parser.add_argument("-m", "--model", default="auto", help="a model's name (default: auto)")


def config_file(parser: ArgumentParser) -> None:
    parser.add_argument("--config", type=path, metavar="FILE", help="configuration file (POINTSMAN_CONFIG)")


def serving(parser: ArgumentParser) -> None:
    """What a daemon is started with."""
    config_file(parser)
    parser.add_argument("--state", type=path, metavar="DIR", help="state folder (POINTSMAN_STATE)")
    parser.add_argument(
        "--socket",
        type=some,
        metavar="PATH",
        help="Unix socket to listen on, auto, or false (POINTSMAN_SOCKET)",
    )
    parser.add_argument(
        "--host", type=some, metavar="ADDRESS", help="address to listen on (default: 127.0.0.1)"
    )
    parser.add_argument(
        "--port", type=port, help="port to listen on (POINTSMAN_PORT; default: 11711 or the next free)"
    )


def port(text: str) -> int:
    if not text.isdecimal() or (number := int(text)) > 65535:
        raise ArgumentTypeError(f"{text!r} is no port: they go from 1 to 65535, and 0 means any that is free")
    return number


def at_least_one(text: str) -> int:
    if not text.isdecimal() or (number := int(text)) < 1:
        raise ArgumentTypeError(f"{text!r} is no whole number above 0")
    return number


def some(text: str) -> str:
    if not text:
        raise ArgumentTypeError("must not be empty; leave it out for the default")
    return text


def path(text: str) -> Path:
    return Path(some(text))
