"""The icon in the tray: a program of its own, which this one becomes."""

import os
import sys
from argparse import ArgumentParser, Namespace

from pointsman.cli import arguments as shared
from pointsman.cli.shell import Shell

PROGRAM = "pointsman_tray"


def arguments(parser: ArgumentParser) -> None:
    shared.where(parser)


def run(args: Namespace, shell: Shell) -> int:
    """Does not return, but where the tray can't be started."""
    flags = [f"--{name}={value}" for name in ("state", "socket") if (value := getattr(args, name))]
    shell.screen.flush()
    # -P: what lies in the folder where it is started is none of it
    os.execve(sys.executable, [sys.executable, "-P", "-m", PROGRAM, *flags], dict(shell.environ))  # noqa: S606
