"""One daemon to a state folder: a lock that dies with the process, and a file that says where it is."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pointsman.errors import StartError
from pointsman.paths import Paths


class RunsAlready(StartError):
    """Another daemon holds the state folder; the message says where it is."""


@contextmanager
def sole(paths: Paths) -> Iterator[None]:
    """Holds the state folder. Raises RunsAlready, or StartError where the folder is of no use."""
    handle = _open_lock(paths)
    try:
        _take(handle, paths)
        try:
            _write(paths.lock, {"pid": os.getpid()})
            yield
        finally:
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


class Holder(NamedTuple):
    """Who holds a state folder. `pid` None: nobody can say."""

    pid: int | None
    whereabouts: str  # for people


def holder(paths: Paths) -> Holder | None:
    """None: no daemon runs with this state folder. Raises StartError where that can't be told."""
    try:
        handle = os.open(
            paths.lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
        )  # a FIFO keeps nobody waiting
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StartError(f"{paths.lock} can't be read: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return Holder(_pid(paths), _whereabouts(paths))
    finally:
        os.close(handle)
    return None


def _pid(paths: Paths) -> int | None:
    try:
        pid = json.loads(paths.lock.read_text(encoding="utf-8"))["pid"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return pid if isinstance(pid, int) else None


@contextmanager
def published(paths: Paths, *, version: str, url: str, socket: str) -> Iterator[None]:
    """Tells clients where the daemon is, for as long as it is there."""
    facts = {"pid": os.getpid(), "version": version, "url": url, "socket": socket or None}
    draft = paths.published.with_suffix(".new")
    _write(draft, facts)
    draft.replace(paths.published)
    _write(paths.lock, facts)
    try:
        yield
    finally:
        paths.published.unlink(missing_ok=True)


def _write(file: Path, facts: Mapping[str, object]) -> None:
    try:
        file.touch(mode=0o600)
        file.write_text(json.dumps(facts) + "\n", encoding="utf-8")
    except OSError as error:
        raise StartError(f"{file} can't be written: {error.strerror}") from error


def _open_lock(paths: Paths) -> int:
    try:
        paths.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(paths.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartError(
            f"the state folder {paths.state_dir} can't be used: {error.strerror}. Choose another with --state"
        ) from error


def _take(handle: int, paths: Paths) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RunsAlready(f"Pointsman is running already: {_whereabouts(paths)}") from None
    except OSError as error:
        raise StartError(f"{paths.lock} can't be locked: {error.strerror}") from error


def _whereabouts(paths: Paths) -> str:
    """By the lock, which is never of a daemon that is gone, as the published file may be."""
    try:
        facts = json.loads(paths.lock.read_text(encoding="utf-8"))
        if "url" not in facts:
            return f"process {facts['pid']}, which is starting, holds {paths.lock}"
        socket = f" and {facts['socket']}" if facts["socket"] else ""
        return f"process {facts['pid']}, at {facts['url']}{socket}. `pointsman status` shows it"
    except (OSError, ValueError, KeyError, TypeError):
        return f"another process holds {paths.lock}"
