"""The configuration, without the daemon: where it is, whether it holds, what is in force and who says so."""

import shlex
from argparse import ArgumentParser, Namespace
from types import MappingProxyType
from typing import TypedDict

from pointsman.cli import arguments as shared
from pointsman.cli.shell import Shell, WrongUsage
from pointsman.cli.show import Screen
from pointsman.config.effective import effective
from pointsman.config.load import Loaded, load
from pointsman.config.override import overrides
from pointsman.config.settings import NotKept, Settings
from pointsman.errors import PointsmanError
from pointsman.paths import Paths, find_paths
from pointsman.server.control.config_shapes import ReloadShape, SettingShape
from pointsman.server.instance import RunsAlready, sole

PATIENCE = 60.0  # seconds; places that are new are looked at
HEADS = ("KEY", "VALUE", "ORIGIN")
UNDONE_BY = MappingProxyType(  # while the daemon runs; by section
    {
        "privacy": "mode --undo",
        "profiles": "profile --undo",
        "models": "alias --remove {}",
        "roles": "role --remove {}",
        "tasks": "task --remove {}",
        "budgets": "budget remove {}",
        "urls": "urls reset {}",
    }
)


class FileShape(TypedDict):
    """What `config path` and `config check` print; `check` prints nothing of a file that does not hold."""

    path: str
    exists: bool
    warnings: list[str]


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "what",
        choices=("path", "check", "show", "reload", "undo"),
        help="path: where the file is; check: whether it holds; show: each value in force, and its origin; "
        "reload: have the daemon read it again now; "
        "undo: take back what a command has set and the start refuses, while no daemon runs",
    )
    parser.add_argument("key", nargs="?", metavar="KEY", help="undo: which, as profiles.active")
    shared.config_file(parser)
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    """Raises ConfigError for a file that does not hold."""
    if (args.what == "undo") != bool(args.key):
        raise WrongUsage("pointsman config path, check, show or reload, or config undo KEY")
    if args.what == "reload":
        return _reload(args, shell)
    paths = find_paths(shell.environ, config=args.config, state=args.state)
    file = paths.config_file
    if args.what == "undo":
        _undo(args.key, paths)
        shell.screen.note(f"{args.key} is as the file or the default says")
        return 0
    if args.what == "path":
        shape = FileShape(path=str(file), exists=file.exists(), warnings=[])
        _say(args, shell.screen, str(file), shape)
        return 0
    commands = Settings(paths.settings).values
    explicit = args.config is not None or bool(shell.environ.get("POINTSMAN_CONFIG"))
    loaded = load(file, explicit=explicit, overrides=overrides(shell.environ, commands))
    for warning in loaded.warnings:
        shell.screen.note(f"pointsman: {warning}")
    if args.what == "check":
        shape = FileShape(path=str(file), exists=bool(loaded.file), warnings=list(loaded.warnings))
        _say(args, shell.screen, _verdict(shape), shape)
    else:
        _show(args, shell.screen, loaded)
    return 0


def _reload(args: Namespace, shell: Shell) -> int:
    done: ReloadShape = shell.client(args).post("/reload", patience=PATIENCE)
    if args.json:
        shell.screen.json(done)
        return 0
    for warning in done["warnings"]:
        shell.screen.note(f"pointsman: {warning}")
    shell.screen.line(f"Read {done['file'] or 'no file, the defaults hold'}")
    shell.screen.line(f"Changed: {', '.join(done['changed']) or 'nothing'}")
    if done["waiting"]:
        shell.screen.line(f"Restart needed for: {', '.join(done['waiting'])}")
    return 0


def _undo(key: str, paths: Paths) -> None:
    """Raises PointsmanError where there is nothing to undo, or a daemon is there to do it."""
    if key not in (said := Settings(paths.settings).values):
        listed = f"; set are {', '.join(said)}" if said else ""
        raise PointsmanError(f"no command has set {key}, by {paths.settings}: nothing to undo{listed}")
    try:
        with sole(paths):
            Settings(paths.settings).undo(key)
    except RunsAlready as error:
        raise PointsmanError(f"{error}; {_undoing(key)}") from None
    except NotKept as error:
        raise PointsmanError(f"nothing is taken back: {error.__cause__}") from None


def _undoing(key: str) -> str:
    """What to do while a daemon runs."""
    section, _, name = key.partition(".")
    if section not in UNDONE_BY:
        return "stop it first"
    return f"while it runs, `pointsman {UNDONE_BY[section].format(shlex.quote(name))}` takes it back"


def _verdict(shape: FileShape) -> str:
    return f"{shape['path']} holds" if shape["exists"] else f"there is no {shape['path']}: the defaults hold"


def _say(args: Namespace, screen: Screen, text: str, shape: FileShape) -> None:
    if args.json:
        screen.json(shape)
    else:
        screen.line(text)


def _show(args: Namespace, screen: Screen, loaded: Loaded) -> None:
    settings = [
        SettingShape(key=setting.key, value=setting.shown, origin=setting.origin.value)
        for setting in effective(loaded)
    ]
    if args.json:
        screen.json(settings)
    else:
        screen.table(HEADS, ((one["key"], one["value"], one["origin"]) for one in settings))
