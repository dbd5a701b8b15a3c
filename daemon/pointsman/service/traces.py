"""Every file that Pointsman makes in its folders: what uninstalling leaves or takes, and touches no other."""

import json
import socket
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from pointsman.paths import Paths
from pointsman.service.units import NAME

LEDGER_ENDS = ("", "-wal", "-shm", "-journal")  # what SQLite makes beside it
DRAFT = "?" * 8  # what tempfile.mkstemp puts after a prefix, and no editor or person


def passing(paths: Paths) -> list[Path]:
    """Of use to a daemon that runs, or from one that did: those that are there."""
    state = paths.state_dir
    drafts = (state / "daemon.new", state / "settings.new", *_drafts(paths.credentials))
    logs = (paths.log, *state.glob(f"{paths.log.name}.[0-9]"))
    return _there([paths.lock, paths.published, *_sockets(paths), *drafts, *logs])


def lasting(paths: Paths) -> list[Path]:
    """What was written, set, or spent: those that are there."""
    ledger = (paths.ledger.with_name(f"{paths.ledger.name}{end}") for end in LEDGER_ENDS)
    return _there([paths.config_file, paths.credentials, paths.settings, *ledger])


def folders(paths: Paths) -> list[Path]:
    """Those that are Pointsman's, the inner before the outer; a file that was chosen may be in any other."""
    named = (folder for folder in (paths.socket.parent, paths.config_file.parent) if folder.name == NAME)
    return sorted({paths.state_dir, *named}, key=lambda folder: len(folder.parts), reverse=True)


def foreign(paths: Paths) -> Iterator[Path]:
    """What somebody else put into these folders, or a link that somebody made in the place of one."""
    known = {*passing(paths), *lasting(paths), *folders(paths)}
    for folder in folders(paths):
        if folder.is_symlink():
            yield folder
        yield from (path for path in _entries(folder) if path not in known)


def _sockets(paths: Paths) -> Iterator[Path]:
    """In the usual places; and the chosen one, where a daemon that was killed left it."""
    published = [Path(text)] if (text := _published_socket(paths)) else []
    return (path for path in dict.fromkeys((*paths.sockets, *published)) if _is_left_over(path))


def _is_left_over(path: Path) -> bool:
    """A socket that nobody answers at: a daemon with another state folder may have come to listen there."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
            knock.setblocking(False)
            knock.connect(str(path))
    except ConnectionRefusedError:
        return True
    except OSError:  # it is gone, busy, or of another kind
        return False
    return False


def _published_socket(paths: Paths) -> str:
    if not paths.published.is_file():
        return ""
    try:
        return str(json.loads(paths.published.read_bytes())["socket"] or "")
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _drafts(path: Path) -> Iterator[Path]:
    return path.parent.glob(f".{path.name}.{DRAFT}")


def _there(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if path.is_symlink() or path.exists()]


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
