"""Run the daemon in the background, as a service of the user's own systemd or launchd."""

import shlex
import subprocess
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypedDict

from pointsman.cli import arguments as shared
from pointsman.cli.panels import WITH_TRAY, missing_libraries
from pointsman.cli.shell import Shell, WrongUsage
from pointsman.cli.show import Screen
from pointsman.service.autostart import autostart, autostart_file, install, uninstall
from pointsman.service.manager import find_manager, the_manager, usual_manager
from pointsman.service.program import find_program
from pointsman.service.run import ServiceError
from pointsman.service.state import Active, Manager, ServiceState

if TYPE_CHECKING:
    from pointsman.build import Setup
    from pointsman.service.units import Plan

LINES = 50
HOW_TO_INSTALL = "the service is not installed: pointsman service install"
HERE = (
    "this Pointsman runs from the checkout {checkout}: a service would break when that is moved or removed. "
    "Install a copy (pipx install {checkout}), or say --here"
)
LINGER = (
    "It runs while you are logged in. To have it run without a login too, and from the start of the machine: "
    "loginctl enable-linger"
)
DOWN = (
    "it was started, and does not run ({manager}: {detail}). What it said itself: pointsman service logs. "
    "It is started again at each login, until pointsman service uninstall"
)
LATER = (
    "the daemon takes the next free one when it starts, which `pointsman status` shows, and only the Unix "
    "socket is held for it"
)
SERVICE, SOCKET, AGENT, ENTRY = ".service", ".socket", ".plist", ".desktop"
WHICH = MappingProxyType(
    {"service": (SERVICE, AGENT), "socket": (SOCKET,), "all": (SERVICE, SOCKET, AGENT, ENTRY)}
)
NOT_RUNNING = 3  # the exit code that says so everywhere


class ServiceShape(TypedDict):
    manager: str  # systemd | launchd
    installed: list[str]  # its files
    command: list[str]  # what it starts; empty: nothing, or it can't be read
    active: Active
    detail: str  # the manager's own words
    pid: int | None
    lingers: bool | None  # whether it runs without a login; null: unknown, or there is no such thing


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "what",
        choices=("install", *DEEDS),
        help="install: write its files, start it now and at each login; uninstall: stop it, remove them; "
        "status: how it is; logs: what it said",
    )
    parser.add_argument(
        "--here", action="store_true", help="install: though it runs from a checkout, which may move"
    )
    parser.add_argument("--tray", action="store_true", help="install: have the icon there at each login too")
    parser.add_argument(
        "--print",
        nargs="?",
        const="all",
        choices=WHICH,
        help="install: print the files, or one of them, and write nothing",
    )
    parser.add_argument(
        "-n", dest="lines", type=shared.at_least_one, default=LINES, metavar="N", help="logs: how many lines"
    )
    parser.add_argument("-f", "--follow", action="store_true", help="logs: go on, until Ctrl-C")
    shared.serving(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    """Raises ServiceError where there is no service manager, or where it refuses."""
    if args.what != "install" and (args.here or args.print or args.tray or _flags(args)):
        raise WrongUsage("--here, --tray, --print and what the daemon is started with go with install alone")
    if args.tray and (missing := missing_libraries()):
        raise ServiceError(f"{missing}: {WITH_TRAY}")
    if args.print:
        return _print(args, shell)
    if args.what == "install":
        return _install(args, shell)
    manager = the_manager(shell.environ)
    if args.what not in ("uninstall", "status") and not manager.state().installed:
        raise ServiceError(HOW_TO_INSTALL)
    return DEEDS[args.what](args, shell, manager)


def _flags(args: Namespace) -> bool:
    return any(value is not None for value in (args.config, args.state, args.socket, args.host, args.port))


def _print(args: Namespace, shell: Shell) -> int:
    """Each file under its path, which is a comment in it; but XML has to begin with a line of its own."""
    if (checkout := find_program().checkout) and not args.here:
        shell.screen.note(f"pointsman: {HERE.format(checkout=checkout)}")
    manager = find_manager(shell.environ) or usual_manager(shell.environ)
    files = {**manager.files(_planned(args, shell, manager)), **_tray_files(args, shell)}
    for path, content in files.items():
        if path.suffix in WHICH[args.print]:
            say = shell.screen.note if path.suffix == AGENT else shell.screen.line
            say(f"# {path}")
            shell.screen.piece(content.decode())
    return 0


def _tray_files(args: Namespace, shell: Shell) -> Mapping[Path, bytes]:
    return {autostart_file(shell.environ): autostart(_tray(args, shell))} if args.tray else {}


def _tray(args: Namespace, shell: Shell) -> tuple[str, ...]:
    return (*find_program().command, "tray", "--state", str(_settled(args, shell).paths.state_dir))


def _planned(args: Namespace, shell: Shell, manager: Manager) -> "Plan":
    """Raises StartError for a configuration that no daemon would start with."""
    from pointsman.server.listen import DEFAULT_PORT
    from pointsman.service.install import plan

    setup = _settled(args, shell)
    made = plan(
        find_program(),
        setup.paths,
        setup.live.loaded,
        shell.environ,
        default_port=DEFAULT_PORT,
        config=args.config,
        state=args.state,
        holds=manager.listens,
    )
    if made.tcp is None and setup.config.server.port is None:
        shell.screen.note(f"port {DEFAULT_PORT} is taken: {LATER}")
    return made


def _settled(args: Namespace, shell: Shell) -> "Setup":
    from pointsman.daemon import Options, settle

    return settle(Options(args.config, args.state, args.socket, args.host, args.port), shell.environ)


def _install(args: Namespace, shell: Shell) -> int:
    if (checkout := find_program().checkout) and not args.here:
        raise ServiceError(HERE.format(checkout=checkout))
    manager = the_manager(shell.environ)
    _check_nobody_else(args, shell, manager)
    changed = False
    for path in _written(args, shell, manager):
        shell.screen.line(f"{'wrote' if path.exists() else 'removed'} {path}")
        changed = True
    if not changed:
        shell.screen.line("its files are as they should be")
    state = manager.state()
    if state.active == "failed":  # launchd starts, and does not say how that went
        raise ServiceError(DOWN.format(manager=manager.name, detail=state.detail))
    shell.screen.line(f"It runs in the background, now and at each login ({manager.name}: {state.detail})")
    if state.lingers is False:
        shell.screen.note(LINGER)
    return 0


def _written(args: Namespace, shell: Shell, manager: Manager) -> Iterator[Path]:
    """The service's files come before the tray's; what nothing can start is refused before any is written."""
    planned, _ = _planned(args, shell, manager), _tray_files(args, shell)
    yield from manager.install(planned)
    if args.tray:
        yield from install(_tray(args, shell), shell.environ)


def _check_nobody_else(args: Namespace, shell: Shell, manager: Manager) -> None:
    """A daemon that somebody started by hand holds the state folder: the service's would only come down."""
    from pointsman.server.instance import holder

    held = holder(_settled(args, shell).paths)
    if held and held.pid != manager.state().pid:
        raise ServiceError(
            f"Pointsman runs already, and not as the service: {held.whereabouts}. Stop it (Ctrl-C where it "
            f"runs{f', or kill {held.pid}' if held.pid else ''}), then install the service"
        )


def _uninstall(_: Namespace, shell: Shell, manager: Manager) -> int:
    changed = False
    for path in _removed(shell, manager):
        shell.screen.line(f"removed {path}")
        changed = True
    if not changed:
        shell.screen.note("there is no service to remove")
    return 0


def _removed(shell: Shell, manager: Manager) -> Iterator[Path]:
    """The service's files and the tray's, which is where the service's folders were, or this shell's are."""
    from pointsman.service.install import seen

    environs = (seen(manager, shell.environ), shell.environ)
    yield from manager.uninstall()
    for environ in environs:
        yield from uninstall(environ)


def _start(args: Namespace, shell: Shell, manager: Manager) -> int:
    manager.start()
    return _status(args, shell, manager)


def _stop(_: Namespace, shell: Shell, manager: Manager) -> int:
    manager.stop()
    shell.screen.note("stopped, until `pointsman service start` or the next login")
    return 0


def _restart(args: Namespace, shell: Shell, manager: Manager) -> int:
    manager.restart()
    return _status(args, shell, manager)


def _status(args: Namespace, shell: Shell, manager: Manager) -> int:
    state = manager.state()
    if args.json:
        shell.screen.json(_shape(state, manager))
    elif state.installed:
        _show(state, shell.screen)
    else:
        shell.screen.note(HOW_TO_INSTALL)
    return 0 if state.active == "running" else NOT_RUNNING


def _shape(state: ServiceState, manager: Manager) -> ServiceShape:
    return ServiceShape(
        manager=manager.name,
        installed=list(map(str, state.installed)),
        command=list(state.command),
        active=state.active,
        detail=state.detail,
        pid=state.pid,
        lingers=state.lingers,
    )


def _show(state: ServiceState, screen: Screen) -> None:
    process = f", process {state.pid}" if state.pid else ""
    screen.line(f"{state.active}{process} ({state.detail})", style="bold")
    screen.line(f"  starts {shlex.join(state.command) or 'nothing that can be read'}")
    for path in state.installed:
        screen.line(f"  as {path} says")
    if state.lingers is False:
        screen.paragraph(LINGER, indent="  ")


def _logs(args: Namespace, shell: Shell, manager: Manager) -> int:
    """The program that has them writes by itself, until it ends or Ctrl-C ends it. Raises ServiceError."""
    shell.screen.flush()
    argv = manager.logs(args.lines, follow=args.follow)
    try:
        return subprocess.run(argv, env=dict(shell.environ), check=False).returncode  # noqa: S603 - a list
    except OSError as error:
        raise ServiceError(f"{argv[0]} can't be run: {error.strerror}") from error


Deed = Callable[[Namespace, Shell, Manager], int]

DEEDS: Mapping[str, Deed] = MappingProxyType(
    {
        "uninstall": _uninstall,
        "start": _start,
        "stop": _stop,
        "restart": _restart,
        "status": _status,
        "logs": _logs,
    }
)
