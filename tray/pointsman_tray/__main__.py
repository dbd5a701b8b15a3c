"""The tray as a program: `pointsman tray` and `pointsman-tray` run this."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from pointsman.cli import arguments as shared
from pointsman.cli.address import find_addresses, names_socket
from pointsman.cli.client import Client
from pointsman.cli.panels import WITH_TRAY, missing_libraries
from pointsman.errors import PointsmanError
from pointsman.paths import find_paths

if TYPE_CHECKING:
    from pointsman_tray.face import Act, Face
    from pointsman_tray.menu import View

DONE, FAILED = 0, 1
LOOKING = "looking for the daemon"


def main(argv: Sequence[str] | None = None) -> int:
    """What is expected to fail is one line and an exit code."""
    try:
        _run(_parser().parse_args(argv), os.environ)
    except PointsmanError as error:
        _say(error.message)
        return FAILED
    except KeyboardInterrupt:
        pass
    return DONE


def _parser() -> ArgumentParser:
    parser = ArgumentParser("pointsman tray", description="The icon: who answered, what was spent today.")
    shared.where(parser)
    return parser


def _run(args: Namespace, environ: Mapping[str, str]) -> None:
    """Until the user quits. Raises PointsmanError."""
    if missing := missing_libraries():
        raise PointsmanError(f"{missing}: {WITH_TRAY}")
    from pointsman_tray.follow import Follower
    from pointsman_tray.menu import Change, away

    def act(change: Change) -> None:
        follower.act(change)

    face = _face(environ, away(LOOKING), act)
    follower = Follower(_connector(args, environ), face.show, face.tell)
    face.run(follower.start)


def _face(environ: Mapping[str, str], first: "View", act: "Act") -> "Face":
    """Only what this system has is imported. Raises TrayError."""
    if sys.platform == "darwin":
        from pointsman_tray.menubar import MenuBarFace

        return MenuBarFace(first, act)
    from pointsman_tray.desktop import find_face

    return find_face(environ, first, act, _say)


def _connector(args: Namespace, environ: Mapping[str, str]) -> Callable[[], Client]:
    """To the daemon as it is published now: where it is may be another place after each start."""
    paths = find_paths(environ, state=args.state, socket=args.socket)
    only_socket = names_socket(environ, state=args.state, socket=args.socket)
    return lambda: Client(find_addresses(paths, only_socket=only_socket), _say)


def _say(text: str) -> None:
    with suppress(OSError):  # nobody reads it any more: the icon goes on
        print(f"pointsman: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
