"""Where configuration, state and the socket live, on each system."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pointsman.errors import StartError

# Bytes: sun_path is 104 on macOS and 108 on Linux, its end a NUL (unix(4), unix(7)).
LONGEST_SOCKET_PATH = 103

NO_PATHS = ("", "auto", "false")  # what POINTSMAN_SOCKET may say instead of a path


@dataclass(frozen=True, slots=True)
class Paths:
    config_file: Path
    state_dir: Path
    socket: Path

    @property
    def sockets(self) -> tuple[Path, ...]:
        """Where to listen if nobody chose, the best first: the runtime folder may be of no use."""
        return tuple(dict.fromkeys((self.socket, self.state_dir / "pointsman.sock")))

    @property
    def credentials(self) -> Path:
        """The keys that Pointsman was given, beside the configuration."""
        return self.config_file.with_name("credentials.toml")

    @property
    def ledger(self) -> Path:
        return self.state_dir / "ledger.sqlite3"

    @property
    def settings(self) -> Path:
        """JSON: what commands have set at run time."""
        return self.state_dir / "settings.json"

    @property
    def published(self) -> Path:
        """JSON that tells clients where the daemon is: pid, version, url, socket."""
        return self.state_dir / "daemon.json"

    @property
    def log(self) -> Path:
        """What a service writes that has no journal; `serve --log` names another."""
        return self.state_dir / "pointsman.log"

    @property
    def lock(self) -> Path:
        """Locked while a daemon runs; the same JSON, or `pid` alone while it starts."""
        return self.state_dir / "lock"


def find_paths(
    environ: Mapping[str, str],
    *,
    config: Path | None = None,
    state: Path | None = None,
    socket: Path | None = None,
    platform: str = sys.platform,
) -> Paths:
    """An argument wins over `POINTSMAN_CONFIG`, `_STATE`, `_SOCKET`, which win over the system's places.

    Raises StartError if a place in the home folder is needed and there is none.
    """
    config_file = config or _given(environ, "POINTSMAN_CONFIG")
    own_state = state or _given(environ, "POINTSMAN_STATE")
    state_dir = own_state or _state_dir(environ, platform)
    named = environ.get("POINTSMAN_SOCKET", "")
    own_socket = socket or (None if named in NO_PATHS else Path(named))
    return Paths(
        config_file=absolute(config_file or _config_dir(environ, platform) / "config.toml"),
        state_dir=absolute(state_dir),
        socket=absolute(own_socket or _socket(environ, state_dir, private=own_state is not None)),
    )


def absolute(path: Path) -> Path:
    """Raises StartError for a `~` that stands for no folder."""
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise StartError(f"{path} means no folder: write the path without ~, or set HOME") from None


def _given(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(value) if (value := environ.get(name)) else None


def _home(environ: Mapping[str, str]) -> Path:
    try:
        return Path(environ.get("HOME") or Path.home())
    except RuntimeError:
        raise StartError(
            "no home folder is known: set HOME, or both POINTSMAN_STATE and POINTSMAN_CONFIG"
        ) from None


def _desktop(environ: Mapping[str, str], name: str) -> Path | None:
    """An XDG folder; one that is not absolute counts as unset, as the standard has it."""
    return path if (path := _given(environ, name)) and path.is_absolute() else None


def config_home(environ: Mapping[str, str]) -> Path:
    """Where a desktop's programs keep what is configured. Raises StartError where no home is known."""
    return _desktop(environ, "XDG_CONFIG_HOME") or _home(environ) / ".config"


def _config_dir(environ: Mapping[str, str], platform: str) -> Path:
    if platform == "darwin":
        return _home(environ) / "Library" / "Application Support" / "pointsman"
    return config_home(environ) / "pointsman"


def _state_dir(environ: Mapping[str, str], platform: str) -> Path:
    if platform == "darwin":
        return _home(environ) / "Library" / "Application Support" / "pointsman" / "state"
    return (_desktop(environ, "XDG_STATE_HOME") or _home(environ) / ".local" / "state") / "pointsman"


def _socket(environ: Mapping[str, str], state_dir: Path, *, private: bool) -> Path:
    """A state folder of one's own brings a socket of its own: two daemons never meet at one socket."""
    runtime = None if private else _desktop(environ, "XDG_RUNTIME_DIR")
    return (runtime / "pointsman" if runtime else state_dir) / "pointsman.sock"
