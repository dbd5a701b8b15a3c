"""What a service manager is told: that the daemon serves, what with, that it lives, that it stops.

One datagram of `NAME=value` lines to the Unix socket that NOTIFY_SOCKET names (sd_notify(3)). Without that
variable nobody wants to know, and nothing is done. Nor does the daemon wait for its manager, or fail with it.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from pointsman.types import Health, Snapshot, Tier

VARIABLES = (
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
)  # meant for this process, and for no child of it
UNUSED = frozenset({Health.AWAY, Health.SIGN_IN})

CallLater = Callable[[float, Callable[[], None]], asyncio.TimerHandle]

log = logging.getLogger(__name__)


class Notifier:
    """May be told anything at any time, from the start to the end of the process."""

    def __init__(self, environ: Mapping[str, str], pid: int) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self._period = _half_of_patience(environ, pid)
        self._next_ping: asyncio.TimerHandle | None = None
        self._status: Callable[[], str] | None = None
        self._failed = False

    def ready(self, status: Callable[[], str]) -> None:
        """It serves: at last, or again after `reloading`.

        `status`: one line for people, as `systemctl status` shows it. It goes with each sign of life.
        """
        self._status = status
        self._send("READY=1", *self._in_words())

    def look(self) -> None:
        """The status is another."""
        self._send(*self._in_words())

    def reloading(self) -> None:
        """`ready` is to follow, whether what was read is good or not."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._status = lambda: "stopping, once answers under way are out"
        self._send("STOPPING=1", *self._in_words())

    @contextmanager
    def pinging(self, call_later: CallLater) -> Iterator[None]:
        """Tells by the event loop that it turns: one that hangs falls silent, and its manager acts.

        At half the time after which silence is taken for that, as sd_watchdog_enabled(3) recommends.
        """
        if self._period is None or not self._address:
            yield
            return
        self._ping(call_later, self._period)
        try:
            yield
        finally:
            if self._next_ping:
                self._next_ping.cancel()

    def _ping(self, call_later: CallLater, period: float) -> None:
        self._send("WATCHDOG=1", *self._in_words())
        self._next_ping = call_later(period, partial(self._ping, call_later, period))

    def _in_words(self) -> tuple[str, ...]:
        """Another line would be another message."""
        return () if self._status is None else ("STATUS=" + " ".join(self._status().splitlines()),)

    def _send(self, *lines: str) -> None:
        """A socket for each: the manager may have been started anew, and messages are seconds apart."""
        if not self._address or not lines:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                sock.sendto("\n".join(lines).encode(errors="replace"), self._address)
        except OSError as error:
            if not self._failed:
                log.warning("the service manager can't be told %s: %s", lines[0], error)
            self._failed = True


def in_use(snapshot: Snapshot) -> str:
    """`3 models; local: llama-server; free: groq, openrouter`: where a request may go."""
    places = {one.id for one in snapshot.endpoints if one.health not in UNUSED}
    models = [one for one in snapshot.models if one.tier is not None and one.endpoint.id in places]
    if not models:
        return "no models"
    of_tier = {tier: sorted({one.endpoint.id for one in models if one.tier is tier}) for tier in Tier}
    listed = (f"; {tier.word}: {', '.join(names)}" for tier, names in of_tier.items() if names)
    return f"{len(models)} model{'s' if len(models) > 1 else ''}{''.join(listed)}"


def _address(named: str) -> str:
    """As the kernel takes it: an abstract name begins with a NUL, which is written as `@`. Empty: nobody."""
    if named.startswith("@"):
        return "\0" + named[1:]
    if named and not named.startswith("/"):
        log.warning("the service manager is told nothing: NOTIFY_SOCKET is no path and no @name: %s", named)
        return ""
    return named


def _half_of_patience(environ: Mapping[str, str], pid: int) -> float | None:
    """Seconds; None: nobody waits for signs of life of this process."""
    usec = environ.get("WATCHDOG_USEC")
    if usec is None or environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    if not usec.isascii() or not usec.isdecimal() or int(usec) == 0:
        log.warning("WATCHDOG_USEC is no number of microseconds, so no sign of life is given: %s", usec)
        return None
    return int(usec) / 2e6
