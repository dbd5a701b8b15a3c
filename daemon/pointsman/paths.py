"""Where configuration, state and the socket live, on each system."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Bytes: sun_path is 104 on macOS and 108 on Linux, its end a NUL (unix(4), unix(7)).
LONGEST_SOCKET_PATH = 103


@dataclass(frozen=True, slots=True)
class Paths:
    config_file: Path
    state_dir: Path
    socket: Path

    @property
    def ledger(self) -> Path:
        return self.state_dir / "ledger.sqlite3"

    @property
    def published(self) -> Path:
        """JSON that tells clients where the daemon is: pid, version, url, socket."""
        return self.state_dir / "daemon.json"

    @property
    def lock(self) -> Path:
        return self.state_dir / "lock"


def find_paths(
    environ: Mapping[str, str],
    *,
    config: Path | None = None,
    state: Path | None = None,
    socket: Path | None = None,
    platform: str = sys.platform,
) -> Paths:
    """An argument wins over `POINTSMAN_CONFIG`, `_STATE`, `_SOCKET`, which win over the system's places."""
    home = Path(environ.get("HOME") or Path.home())
    config_file = config or _given(environ, "POINTSMAN_CONFIG")
    own_state = state or _given(environ, "POINTSMAN_STATE")
    state_dir = own_state or _state_dir(environ, home, platform)
    own_socket = socket or _given(environ, "POINTSMAN_SOCKET")
    return Paths(
        config_file=_absolute(config_file or _config_dir(environ, home, platform) / "config.toml"),
        state_dir=_absolute(state_dir),
        socket=_absolute(own_socket or _socket(environ, state_dir, private=own_state is not None)),
    )


def _given(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(value) if (value := environ.get(name)) else None


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _config_dir(environ: Mapping[str, str], home: Path, platform: str) -> Path:
    if platform == "darwin":
        return home / "Library" / "Application Support" / "pointsman"
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pointsman"


def _state_dir(environ: Mapping[str, str], home: Path, platform: str) -> Path:
    if platform == "darwin":
        return home / "Library" / "Application Support" / "pointsman" / "state"
    return Path(environ.get("XDG_STATE_HOME") or home / ".local" / "state") / "pointsman"


def _socket(environ: Mapping[str, str], state_dir: Path, *, private: bool) -> Path:
    """A state folder of one's own brings a socket of its own: two daemons never meet at one socket."""
    runtime = environ.get("XDG_RUNTIME_DIR")
    folder = Path(runtime) / "pointsman" if runtime and not private else state_dir
    return folder / "pointsman.sock"
