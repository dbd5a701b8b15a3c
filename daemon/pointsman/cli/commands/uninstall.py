"""Take away the service and what Pointsman left behind; the configuration and the ledger stay."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pointsman.cli import arguments as shared
from pointsman.cli.shell import Shell, WrongUsage
from pointsman.errors import PointsmanError
from pointsman.paths import Paths, find_paths
from pointsman.server.instance import Holder, holder
from pointsman.service import autostart
from pointsman.service.files import forget, removed
from pointsman.service.install import seen
from pointsman.service.manager import the_manager, usual_manager
from pointsman.service.program import find_program
from pointsman.service.run import ServiceError
from pointsman.service.state import Manager
from pointsman.service.traces import folders, foreign, lasting, passing
from pointsman.service.units import flags_of

SHOWN = 10  # foreign files that are named
KEY = "the key of {name} in the keyring"


@dataclass(frozen=True, slots=True)
class Home:
    """Where there is something to undo."""

    paths: Paths
    manager: Manager | None  # None: no service manager, and no service
    in_keyring: Sequence[str]  # the names of keys that are there, where they are to go too
    environs: Sequence[Mapping[str, str]]  # the service's, and the shell's, which may have moved its folders


Undo = Callable[[Home], Iterator[str]]
"""Undoes one thing, and tells of each piece that is gone. Raises PointsmanError where it can't."""


def _service(home: Home) -> Iterator[str]:
    if home.manager:
        yield from map(str, home.manager.uninstall())


def _tray(home: Home) -> Iterator[str]:
    for environ in home.environs:
        yield from map(str, autostart.uninstall(environ))


def _passing(home: Home) -> Iterator[str]:
    _check_nobody(holder(home.paths))
    yield from map(str, removed(passing(home.paths)))


def _keyring(home: Home) -> Iterator[str]:
    from pointsman.config.keys import remove_from_keyring

    for name in home.in_keyring:
        remove_from_keyring(name)
        yield KEY.format(name=name)


def _lasting(home: Home) -> Iterator[str]:
    yield from map(str, removed(lasting(home.paths)))


def _folders(home: Home) -> Iterator[str]:
    yield from map(str, forget(*folders(home.paths)))


# In this order. What else is set up on a machine is undone by a row here.
ALWAYS: Sequence[Undo] = (_service, _tray, _passing)
PURGED: Sequence[Undo] = (_keyring, _lasting)
LAST: Sequence[Undo] = (_folders,)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--purge", action="store_true", help="configuration, keys, settings and ledger too; asks before"
    )
    parser.add_argument("--yes", action="store_true", help="--purge: do not ask")
    shared.config_file(parser)
    parser.add_argument("--state", type=shared.path, metavar="DIR", help="state folder (POINTSMAN_STATE)")


def run(args: Namespace, shell: Shell) -> int:
    """Raises PointsmanError while a daemon runs that is not the service."""
    manager = _manager(shell)
    state = manager.state() if manager else None
    environ = seen(manager, shell.environ)
    paths = _paths(args, manager, environ)
    held = holder(paths)
    if held and (state is None or held.pid != state.pid):
        _check_nobody(held)
    home = Home(paths, manager, _names_in_keyring(paths) if args.purge else (), (environ, shell.environ))
    if args.purge and not args.yes:
        _confirm(home, shell)
    for undo in (*ALWAYS, *(PURGED if args.purge else ()), *LAST):
        for what in undo(home):
            shell.screen.line(f"removed {what}")
    _tell_what_stays(home, shell)
    shell.screen.line(f"The program itself goes with: {find_program().removal}")
    return 0


def _manager(shell: Shell) -> Manager | None:
    """Raises ServiceError where there is a service, and nobody who could stop it."""
    try:
        return the_manager(shell.environ)
    except ServiceError as error:
        if files := usual_manager(shell.environ).installed():
            raise ServiceError(
                f"the service can't be stopped: {error.message}; {files[0]} is there"
            ) from None
        return None


def _paths(args: Namespace, manager: Manager | None, environ: Mapping[str, str]) -> Paths:
    """As told; or else those of the service that is installed, by its flags and by what it sees."""
    flags = flags_of(manager.state().command if manager and manager.installed() else ())
    config, state = (Path(flags[name]) if name in flags else None for name in ("--config", "--state"))
    told = find_paths(environ, config=args.config or config, state=args.state or state)
    if manager and manager.installed():
        _check_same(find_paths(environ, config=config, state=state), told)
    return told


def _check_same(service: Paths, told: Paths) -> None:
    """Where a service would go and another's files with it, nothing goes."""
    for its, other in ((service.state_dir, told.state_dir), (service.config_file, told.config_file)):
        if its != other:
            raise PointsmanError(
                f"the service that is installed has {its}, and not {other}: leave out --state and --config "
                "to uninstall it. Nothing was removed"
            )


def _check_nobody(held: Holder | None) -> None:
    if held:
        kill = f", or kill {held.pid}" if held.pid else ""
        raise PointsmanError(
            f"Pointsman runs, and not as the service: {held.whereabouts}. Stop it first (Ctrl-C where it "
            f"runs{kill}); nothing of its files was removed"
        )


def _names_in_keyring(paths: Paths) -> list[str]:
    """Those that `keys set --keyring` put there. Raises ConfigError where nobody can say which."""
    from pointsman.config.credentials import Credentials

    kept = Credentials(paths.credentials).read().keys
    return [name for name, key in kept.items() if key.get_secret_value() == f"keyring:{name}"]


def _confirm(home: Home, shell: Shell) -> None:
    """Raises PointsmanError unless a person agrees."""
    if not shell.stdin.isatty():
        raise WrongUsage("--purge removes configuration, keys and ledger: without a terminal say --yes")
    for path in lasting(home.paths):
        shell.screen.line(f"{path}  {_size(path)}")
    for name in home.in_keyring:
        shell.screen.line(KEY.format(name=name))
    shell.screen.line("Remove these too, for good? [y/N]")
    shell.screen.flush()
    if shell.stdin.readline().strip().lower() not in ("y", "yes"):
        raise PointsmanError("nothing was removed")


def _tell_what_stays(home: Home, shell: Shell) -> None:
    screen = shell.screen
    for path in lasting(home.paths):
        screen.line(f"stays: {path}  {_size(path)}")
    others = [*(home.manager or usual_manager(shell.environ)).additions(), *foreign(home.paths)]
    for path in others[:SHOWN]:
        screen.line(f"stays, and is not Pointsman's: {path}")
    if len(others) > SHOWN:
        screen.line(f"... and {len(others) - SHOWN} more beside them")


def _size(path: Path) -> str:
    try:
        return f"{path.stat().st_size:,} bytes"
    except OSError:
        return "can't be read"
