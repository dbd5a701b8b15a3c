"""Arguments that several commands share, so that they are called the same everywhere."""

from argparse import ArgumentParser
from pathlib import Path


def where(parser: ArgumentParser) -> None:
    """How a command finds the daemon."""
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="the daemon's state folder (POINTSMAN_STATE)"
    )
    parser.add_argument(
        "--socket", type=Path, metavar="PATH", help="the daemon's Unix socket (POINTSMAN_SOCKET)"
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
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration file (POINTSMAN_CONFIG)")


def at_least_one(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number
