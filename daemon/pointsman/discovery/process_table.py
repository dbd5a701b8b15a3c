"""The table of processes, from psutil. What vanishes meanwhile, or may not be known, is not in it."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import psutil

from pointsman.discovery.processes import Process, names_of

READ = ("pid", "ppid", "name", "cmdline")  # of each process: as little as will do


def read_table(programs: Collection[str]) -> Sequence[Process]:
    """All processes, with the details of those that go by one of the names `programs`."""
    return tuple(_read(one, programs) for one in psutil.process_iter(READ, ad_value=None))


def _read(one: psutil.Process, programs: Collection[str]) -> Process:
    told = one.info
    argv = tuple(told["cmdline"] or ())
    process = Process(one.pid, told["ppid"] or 0, names_of(told["name"] or "", argv))
    if not any(name in programs for name in process.names):
        return process
    return replace(process, argv=argv, folder=_folder(one), listens=_listens(one))


def _folder(one: psutil.Process) -> str:
    try:
        return one.cwd()
    except psutil.Error:
        return ""


def _listens(one: psutil.Process) -> tuple[tuple[str, int], ...] | None:
    try:
        sockets = one.net_connections("tcp")
    except psutil.Error:  # another user's, or gone
        return None
    return tuple((at.laddr.ip, at.laddr.port) for at in sockets if at.status == psutil.CONN_LISTEN)


def listener(port: int) -> tuple[int, str] | None:
    """The number and name of the process that listens on a port; None: nobody, or it is not to be seen."""
    try:
        sockets = psutil.net_connections("tcp")
        pids = [
            at.pid for at in sockets if at.status == psutil.CONN_LISTEN and at.laddr and at.laddr.port == port
        ]
        return next(((pid, psutil.Process(pid).name()) for pid in pids if pid), None)
    except psutil.Error:  # another user's, or gone
        return None
