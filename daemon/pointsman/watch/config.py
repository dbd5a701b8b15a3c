"""The configuration is read again: when its file has changed, on SIGHUP, and when somebody asks for it.

A file that can't be used changes nothing; what is wrong with it is told until it has been mended.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from pointsman.config.live import Live
from pointsman.config.source import Stamp
from pointsman.errors import ConfigError
from pointsman.events import Bus

EVERY = 5.0  # seconds; with the sweeper's pulse, so that an idle machine is woken once for both
REST = 1.0  # seconds that what has changed must rest before it is read

log = logging.getLogger(__name__)


class ConfigWatch:
    """`put_to_use` does what has to be waited for. `rest` lets so many seconds pass."""

    def __init__(
        self,
        live: Live,
        put_to_use: Callable[[], Awaitable[object]],
        bus: Bus,
        wall: Callable[[], float],
        rest: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._live = live
        self._put_to_use = put_to_use
        self._bus = bus
        self._wall = wall
        self._rest = rest
        self._seen: Stamp = live.stamp
        self._tried: Stamp = live.stamp
        self._tried_with = live.commands
        self.trouble = ""  # what is wrong with the file as it is now; empty: nothing
        live.hear(self._say)

    async def look(self) -> None:
        """A job. An editor may still be writing what has just changed: half a file may be a good one."""
        if await self._has_changed():
            await self._rest(REST)
            if await self._has_changed():
                return
        if self._seen != self._tried or self._may_hold_now:
            await self.try_reload()

    async def _has_changed(self) -> bool:
        """Since it was looked at last."""
        before, self._seen = self._seen, await asyncio.to_thread(self._live.newest)
        return self._seen != before

    @property
    def _may_hold_now(self) -> bool:
        """What commands had set may have been all that was wrong with it."""
        return bool(self.trouble) and self._live.commands != self._tried_with

    async def try_reload(self) -> None:
        """For who can't be told what is wrong: the log is."""
        try:
            changed = await self.reload()
        except ConfigError:
            log.warning("%s", self.trouble)
        else:
            log.warning("the configuration was read again; others are now: %s", _listed(changed))

    async def reload(self) -> frozenset[str]:
        """The sections that are others now. Raises ConfigError: nothing has changed."""
        self._tried, self._tried_with = self._live.newest(), self._live.commands
        try:
            changed = self._live.reload()
        except ConfigError as error:
            self.trouble = f"{error}\nwhat was read before stays in force"
            self._bus.publish("config.refused", self._wall(), why=str(error))
            raise
        self.trouble = ""
        for warning in self._live.loaded.warnings:
            log.warning("%s", warning)
        await asyncio.shield(self._finish(changed))  # who asked for it may be gone: it is not left half done
        return changed

    async def _finish(self, changed: frozenset[str]) -> None:
        await self._put_to_use()
        if changed:
            self._say(changed)

    def _say(self, changed: frozenset[str]) -> None:
        """Whoever changed it: commands do too, and what they change is in use at once."""
        self._bus.publish("config.changed", self._wall(), sections=sorted(changed))


def _listed(sections: frozenset[str]) -> str:
    return ", ".join(sorted(sections)) or "none"
