"""Sockets that launchd holds for us, by their names in the agent's plist: launch_activate_socket(3)."""

import ctypes
import errno
import os
from collections.abc import Callable
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_void_p

from pointsman.errors import StartError

NAMES = ("tcp", "unix")  # the keys of `Sockets` in the plist
NOT_OURS = (errno.ESRCH, errno.ENOENT)  # launchd did not start this process; there is no such name

Activate = Callable[..., int]
"""`int launch_activate_socket(const char *name, int **fds, size_t *count)`; who calls it frees `fds`."""


def activate_function() -> Activate:
    """The system's own, which macOS alone has."""
    function = ctypes.CDLL(None).launch_activate_socket
    function.argtypes = (c_char_p, POINTER(POINTER(c_int)), POINTER(c_size_t))
    function.restype = c_int
    return function


def descriptors(activate: Activate) -> list[tuple[str, int]]:
    """Each with its name; none where launchd did not start this process. Raises StartError."""
    return [(name, fd) for name in NAMES for fd in _named(name, activate)]


def _named(name: str, activate: Activate) -> list[int]:
    fds, count = POINTER(c_int)(), c_size_t()
    failed = activate(name.encode(), byref(fds), byref(count))
    if failed in NOT_OURS:
        return []
    if failed:
        raise StartError(f"launchd does not hand over the socket {name!r}: {os.strerror(failed)}")
    try:
        return fds[: count.value]
    finally:
        free = ctypes.CDLL(None).free
        free.argtypes, free.restype = (c_void_p,), None
        free(fds)
