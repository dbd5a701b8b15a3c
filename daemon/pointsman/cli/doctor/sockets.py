"""The Unix socket: whether somebody answers, or can come to listen there."""

import os
import shlex
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from pointsman.cli.doctor.case import Case, is_there
from pointsman.cli.doctor.finding import Finding, State, fail, note, ok, warn
from pointsman.discovery.sockets import read_listeners
from pointsman.paths import LONGEST_SOCKET_PATH, absolute

TOPIC = "socket"
KNOCK = 0.5  # seconds
ANOTHER = "pointsman serve --socket PATH takes another"


def listens(path: Path) -> bool:
    """As the kernel says, where it does: a knock would start a daemon that is started by the first one."""
    name = os.fsencode(path)
    return any(where == name for where, _ in read_listeners()) or _answers(path)


def unix_socket(case: Case, is_held: Callable[[Path], bool] = listens) -> Iterator[Finding]:
    """Where nobody chose the place, a daemon takes the first that is of use, or does without."""
    chosen = case.config.server.socket
    if chosen is False:
        yield note(TOPIC, "there is none", "server.socket is false")
        return
    of_no_use: list[Finding] = []
    for path in case.paths.sockets if chosen == "auto" else (absolute(Path(str(chosen))),):
        finding = _place(path, is_held, runs=not case.running.away)
        if finding.state is not State.FAIL:
            yield from of_no_use
            yield finding
            return
        of_no_use.append(finding._replace(state=State.WARN) if chosen == "auto" else finding)
    yield from of_no_use


def _place(path: Path, is_held: Callable[[Path], bool], *, runs: bool) -> Finding:
    if (length := len(os.fsencode(path))) > LONGEST_SOCKET_PATH:
        why = f"it has {length} bytes, and systems allow {LONGEST_SOCKET_PATH}"
        return fail(TOPIC, f"the path {path} is too long", why, ANOTHER)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return _free(path)
    except OSError as error:
        return fail(TOPIC, f"{path} can't be used", str(error.strerror), ANOTHER)
    if not stat.S_ISSOCK(mode):
        away = f"mv {shlex.quote(str(path))} {shlex.quote(f'{path}.old')}"
        return fail(TOPIC, f"{path} is in the way", "it is no socket", away)
    if is_held(path):
        return _held(path, runs=runs)
    why = "a daemon that is gone left it behind; the next start replaces it"
    return warn(TOPIC, f"nobody answers at {path}", why, f"pointsman serve, or rm {shlex.quote(str(path))}")


def _free(path: Path) -> Finding:
    if path.is_symlink():
        away = f"rm {shlex.quote(str(path))}"
        return fail(TOPIC, f"{path} is in the way", "it is a link to what is not there", away)
    there = next(one for one in path.parents if is_there(one))
    if os.access(there, os.W_OK | os.X_OK):
        return ok(TOPIC, f"{path} is free")
    return fail(TOPIC, f"no socket can be made at {path}", f"{there} can't be written to", ANOTHER)


def _held(path: Path, *, runs: bool) -> Finding:
    if runs:
        return ok(TOPIC, f"the daemon listens at {path}")
    why = "a service manager that starts the daemon for the first request, or another program"
    return note(TOPIC, f"somebody listens at {path}, and no daemon runs", why)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        knock.settimeout(KNOCK)
        try:
            knock.connect(str(path))
        except OSError:
            return False
    return True
