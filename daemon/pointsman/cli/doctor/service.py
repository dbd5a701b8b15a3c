"""The service: installed, running, and well in the environment that it has, which is not the shell's."""

import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pointsman.cli.doctor.case import Case
from pointsman.cli.doctor.finding import Finding, State, Where, fail, note, ok, warn
from pointsman.errors import PointsmanError
from pointsman.paths import find_paths
from pointsman.server.listen import DEFAULT_PORT
from pointsman.service.manager import find_manager
from pointsman.service.run import ServiceError, run
from pointsman.service.state import Manager, ServiceState
from pointsman.service.units import flags_of
from pointsman.version import VERSION

TOPIC = "service"
INSTALL = "pointsman service install"
RESTART = "pointsman service restart"
LOGS = "pointsman service logs"
INSIDE_FOR = 20.0  # seconds
VERSION_FOR = 2.0  # seconds
PLACES = ("--config", "--state", "--socket")  # flags of `serve` that say where things are
ENV = "env:"


def service(case: Case) -> Iterator[Finding]:
    manager = find_manager(case.environ)
    if manager is None:
        yield note(TOPIC, "there is no service manager for this user here", "pointsman serve needs none")
        return
    try:
        state = manager.state()
        if not state.installed:
            yield note(TOPIC, "it is not installed", "the daemon starts when you start it", INSTALL)
            return
        yield from _active(state, manager, case.config.server.port or DEFAULT_PORT)
        yield from _inside(state, manager.environment(), case)
    except ServiceError as error:
        yield warn(TOPIC, f"{manager.name} could not be asked", error.message, f"{manager.name} has to run")


def _active(state: ServiceState, manager: Manager, port: int) -> Iterator[Finding]:
    if state.active == "running":
        yield ok(
            TOPIC, f"it runs under {manager.name}", f"process {state.pid}" if state.pid else state.detail
        )
    elif state.active == "failed":
        yield fail(TOPIC, "it came down", state.detail, f"{LOGS} says why; {RESTART}")
    elif manager.listens(port):
        yield ok(TOPIC, f"{manager.name} listens on port {port}, and starts it for the first request")
    else:
        yield warn(TOPIC, "it is installed and not running", state.detail, "pointsman service start")
    if state.lingers is False:
        yield note(TOPIC, "it ends when you log out", "", "loginctl enable-linger")


def _inside(state: ServiceState, environ: Mapping[str, str], case: Case) -> Iterator[Finding]:
    """What is another thing with the service's executable, flags and environment."""
    if not state.command:
        yield fail(TOPIC, f"{state.installed[0]} can't be read", "it does not say what to start", INSTALL)
        return
    program = Path(state.command[0])
    if not os.access(program, os.X_OK):
        yield fail(TOPIC, f"{program} can't be started", "it is gone, or no program any more", INSTALL)
        return
    yield from _places(state.command, environ, case)
    yield from _variables(environ, case)
    yield from _ask(state.command, environ)


def _places(command: tuple[str, ...], environ: Mapping[str, str], case: Case) -> Iterator[Finding]:
    flags = flags_of(command)
    config, state = (Path(flags[name]) if name in flags else None for name in ("--config", "--state"))
    theirs = find_paths(environ, config=config, state=state)
    pairs = (
        ("configuration", theirs.config_file, case.paths.config_file, "--config"),
        ("state folder", theirs.state_dir, case.paths.state_dir, "--state"),
    )
    for what, there, here, flag in pairs:
        if there != here:
            to_do = f"commands find it with {flag} {shlex.quote(str(there))}; or {INSTALL}"
            yield warn(TOPIC, f"the service has another {what}", f"{there}; here it is {here}", to_do)


def _variables(environ: Mapping[str, str], case: Case) -> Iterator[Finding]:
    """Keys that only a shell has. What they are is not told."""
    for place in case.look.keyed:
        name = place.origin.removeprefix(ENV)
        if name == place.origin or environ.get(name) == case.environ.get(name):
            continue
        there = "holds another key in the service" if environ.get(name) else "is not set in the service"
        keep = f"pointsman keys set {shlex.quote(place.id)}"
        yield warn(
            TOPIC, f"{name} is set in this shell, and {there}", "", case.by_daemon(f"for both: {keep}")
        )


def _ask(command: tuple[str, ...], environ: Mapping[str, str]) -> Iterator[Finding]:
    """The service's own executable looks with nothing of this shell's environment."""
    try:
        theirs, findings = _told(_said(_as_doctor(command), environ, INSIDE_FOR))
    except PointsmanError as error:
        theirs, findings = _version_of(command, environ), []
        if theirs in ("", VERSION):
            yield warn(TOPIC, "its own executable could not look", error.message, INSTALL)
            return
    if theirs != VERSION:
        yield warn(TOPIC, f"it starts version {theirs}, and this command is {VERSION}", command[0], INSTALL)
    yield from findings


def _told(said: str) -> tuple[str, list[Finding]]:
    """Its version, and what it found. Raises PointsmanError where another version tells it in another way."""
    try:
        told = json.loads(said)
        return str(told["version"]), [_finding(one) for one in told["findings"]]
    except (LookupError, TypeError, ValueError):
        raise PointsmanError("what it says of itself can't be read") from None


def _finding(one: Mapping[str, object]) -> Finding:
    topic, what, why, to_do = (str(one[name]) for name in ("topic", "what", "why", "to_do"))
    return Finding(topic, State(str(one["state"])), what, why, to_do, Where.SERVICE)


def _version_of(command: tuple[str, ...], environ: Mapping[str, str]) -> str:
    """As every version tells it; empty where this one does not."""
    try:
        name, _, told = _said([*_program(command), "--version"], environ, VERSION_FOR).partition(" ")
    except PointsmanError:
        return ""
    return told if name == "pointsman" else ""


def _as_doctor(command: tuple[str, ...]) -> list[str]:
    """The same program, told to look at the same places."""
    flags = ((name, value) for name, value in flags_of(command).items() if name in PLACES)
    return [*_program(command), "doctor", "--json", "--inside", *(word for pair in flags for word in pair)]


def _program(command: tuple[str, ...]) -> tuple[str, ...]:
    return command[: command.index("serve")] if "serve" in command else command[:1]


def _said(argv: Sequence[str], environ: Mapping[str, str], seconds: float) -> str:
    """What it says within so many seconds. Raises PointsmanError where that is nothing."""
    ran = run(argv, environ, patience=seconds)
    if not ran.out:
        said = ran.err.splitlines() or ["it said nothing"]
        raise PointsmanError(f"{argv[0]} ended with {ran.code}: {said[-1]}")
    return ran.out
