"""What to install: the daemon as this command line and this environment would start it."""

import errno
import ipaddress
import os
import shutil
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from pointsman.config.load import Loaded
from pointsman.config.override import VARIABLES, Origin
from pointsman.config.schema import ServerConfig
from pointsman.paths import LONGEST_SOCKET_PATH, Paths, absolute
from pointsman.service.program import Program
from pointsman.service.run import ServiceError
from pointsman.service.state import Manager
from pointsman.service.units import Plan

SAID = (Origin.COMMAND_LINE, Origin.ENVIRONMENT)
# What else decides where the daemon looks, with the places that they name where they are not set.
FOLDERS = (("XDG_CONFIG_HOME", ".config"), ("XDG_STATE_HOME", ".local/state"))
WHERE_KILL_IS = "/bin:/usr/bin"


def plan(
    program: Program,
    paths: Paths,
    loaded: Loaded,
    environ: Mapping[str, str],
    *,
    default_port: int,
    config: Path | None = None,
    state: Path | None = None,
    holds: Callable[[int], bool],
) -> Plan:
    """`holds`: whether a port is held for the service that is installed already.

    Flags and POINTSMAN_* variables become flags: a service sees nothing of a shell's variables. Raises
    ServiceError where a port that was chosen is taken.
    """
    config = config or _given(environ, "POINTSMAN_CONFIG")
    state = state or _given(environ, "POINTSMAN_STATE")
    flags = [*_flag("--config", config and absolute(config)), *_flag("--state", state and absolute(state))]
    server = loaded.config.server
    for key in VARIABLES:
        if loaded.origins.get(key) in SAID:
            flags += _flag(f"--{key.removeprefix('server.')}", _text(getattr(server, key.split(".")[1])))
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    return Plan(
        command=(*program.command, "serve", *flags),
        unix=_unix(server, paths),
        tcp=_tcp(server, default_port, holds=holds),
        log=paths.log,
        in_runtime=server.socket == "auto" and bool(runtime) and paths.socket.is_relative_to(runtime),
        kill=shutil.which("kill", path=WHERE_KILL_IS),
        environment=tuple(_folders(environ)),
    )


def seen(manager: Manager | None, environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment, but for the folders that the service which is installed looks in."""
    if manager is None or not manager.installed():
        return environ
    told, moving = manager.environment(), [name for name, _ in FOLDERS]
    here = {name: value for name, value in environ.items() if name not in moving}
    return {**here, **{name: told[name] for name in moving if name in told}}


def _given(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(value) if (value := environ.get(name)) else None


def _flag(name: str, value: object) -> list[str]:
    return [] if value is None else [name, str(value)]


def _text(value: object) -> str:
    return "false" if value is False else str(value)


def _folders(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    usual = {name: str(Path(environ.get("HOME", ""), folder)) for name, folder in FOLDERS}
    return [(name, value) for name in usual if (value := environ.get(name)) and value != usual[name]]


def _unix(server: ServerConfig, paths: Paths) -> Path | None:
    """One whose path is too long is left to the daemon, which says so, or finds another."""
    if server.socket is False:
        return None
    path = paths.socket if server.socket == "auto" else absolute(Path(server.socket))
    return path if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH else None


def _tcp(server: ServerConfig, default_port: int, *, holds: Callable[[int], bool]) -> tuple[str, int] | None:
    """None leaves it to the daemon: any port that is free, the next one, a name; or an address it refuses."""
    port = default_port if server.port is None else server.port
    if port == 0 or not _is_loopback(server.host):
        return None
    if _is_free(server.host, port) or holds(port):
        return server.host, port
    if server.port is None:
        return None
    raise ServiceError(
        f"port {port} of {server.host} is taken by another program: free it, or choose another with --port"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True
