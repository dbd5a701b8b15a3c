"""The ledger: whether it can be read, and written to, and has room to grow."""

import os
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from pointsman.build import MEGABYTE
from pointsman.cli.doctor.case import Case, is_there
from pointsman.cli.doctor.finding import Finding, fail, note, ok, warn
from pointsman.cli.show import count, size
from pointsman.errors import LedgerError
from pointsman.ledger.checkup import read_through, try_writing
from pointsman.ledger.schema import NewerLedger, OlderLedger
from pointsman.ledger.trouble import DamagedLedger, HeldLedger

TOPIC = "ledger"
READS_FOR = 1.0  # seconds
NOT_WRITABLE = "make it yours to write to, or choose another folder: pointsman serve --state DIR"
UPGRADE = "upgrade Pointsman, or choose another folder: pointsman serve --state DIR"
CHECK = "ls -ld {folder} says whose it is, df {folder} how full its disk"


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def ledger(case: Case, free_bytes: Callable[[Path], int] = _free) -> Iterator[Finding]:
    """`free_bytes`: of the disk that a folder is on."""
    path = case.paths.ledger
    if is_there(path):
        yield from _there(case)
    else:
        yield _to_be_made(path.parent)
    yield from _room(case, free_bytes)


def _there(case: Case) -> Iterator[Finding]:
    path = case.paths.ledger
    to_do = CHECK.format(folder=shlex.quote(str(path.parent)))
    try:
        whole = read_through(path, READS_FOR)
    except OlderLedger as error:
        yield note(TOPIC, error.message, "", "pointsman serve")
        return
    except LedgerError as error:
        yield fail(TOPIC, "it can't be read", error.message, _mend(error, path))
        return
    if status := case.running.status:
        if trouble := status["ledger"]["trouble"]:
            yield fail(TOPIC, "the daemon can't write it", trouble, to_do)
        if lost := status["ledger"]["lost"]:
            yield warn(TOPIC, f"{count(lost, 'request')} could not be written down", "since the start", to_do)
    else:  # else the daemon writes it, and knows
        try:
            try_writing(path)
        except LedgerError as error:
            yield fail(TOPIC, "it can't be written", error.message, _mend(error, path))
            return
    read = "sound" if whole else f"sound as far as was read in {READS_FOR:g} s"
    yield ok(TOPIC, str(path), f"{path.stat().st_size / MEGABYTE:.1f} MB, {read}")


def _mend(error: LedgerError, path: Path) -> str:
    file, folder = shlex.quote(str(path)), shlex.quote(str(path.parent))
    aside = shlex.quote(str(path.parent / "damaged"))
    match error:
        case NewerLedger():
            return UPGRADE
        case DamagedLedger():
            return f"with no daemon running: mkdir {aside} && mv {file}* {aside}"
        case HeldLedger():
            return f"close the program that holds it: lsof {file} names it"
        case _:
            return CHECK.format(folder=folder)


def _to_be_made(folder: Path) -> Finding:
    there = next(one for one in (folder, *folder.parents) if is_there(one))
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return ok(TOPIC, "there is none yet", f"the first start makes it in {folder}")
    why = f"{there} can't be written to" if there.is_dir() else f"{there} is no folder"
    return fail(TOPIC, f"none can be made in {folder}", why, NOT_WRITABLE)


def _room(case: Case, free_bytes: Callable[[Path], int]) -> Iterator[Finding]:
    """What it may still grow by should be there."""
    path = case.paths.ledger
    there = next(one for one in (path.parent, *path.parents) if is_there(one) and one.is_dir())
    cap = case.config.ledger.megabytes * MEGABYTE
    grows = cap - (path.stat().st_size if is_there(path) else 0)
    if (free := free_bytes(there)) < grows:
        what = f"{size(free)} are free on the disk of {there}, and the ledger may grow by {size(grows)}"
        to_do = "free some space, or set ledger.megabytes lower (16 or more)"
        yield warn(TOPIC, what, f"ledger.megabytes is {case.config.ledger.megabytes}", to_do)
