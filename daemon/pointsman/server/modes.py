"""The mode in force, and how it is changed."""

from collections.abc import Callable

from pointsman.config.live import Live
from pointsman.config.schema import Config
from pointsman.events import Bus
from pointsman.modes import Mode

SECTION = "privacy"  # of the configuration
KEY = f"{SECTION}.mode"


class Modes:
    def __init__(self, live: Live, bus: Bus, wall: Callable[[], float]) -> None:
        self._live = live
        self._bus = bus
        self._wall = wall
        self._told = live.config.privacy.mode
        live.tell(self._changed, SECTION)

    def mode(self) -> Mode:
        return self._live.config.privacy.mode

    @property
    def is_set(self) -> bool:
        """Whether it is a command's word; else it is the file's, or the default."""
        return KEY in self._live.commands

    def set(self, mode: Mode) -> None:
        """It holds from the next attempt on. Raises NotKept where it will not outlast a restart."""
        self._live.change({KEY: mode.value})

    def undo(self) -> None:
        """As if no command had ever said anything."""
        self._live.change({}, [KEY])

    def _changed(self, config: Config) -> None:
        was, self._told = self._told, config.privacy.mode
        if self._told is not was:
            self._bus.publish("mode.changed", self._wall(), mode=self._told.value, was=was.value)
