"""The mode in force, and how it is changed."""

from collections.abc import Callable

from pointsman.config.settings import Settings
from pointsman.events import Bus
from pointsman.modes import Mode

KEY = "privacy.mode"  # in the configuration, and among what commands have set


class Modes:
    """`written`: what holds where no command has said anything; may raise ConfigError."""

    def __init__(
        self,
        mode: Mode,
        settings: Settings,
        written: Callable[[], Mode],
        bus: Bus,
        wall: Callable[[], float],
    ) -> None:
        self._mode = mode
        self._settings = settings
        self._written = written
        self._bus = bus
        self._wall = wall

    def mode(self) -> Mode:
        return self._mode

    @property
    def is_set(self) -> bool:
        """Whether it is a command's word; else it is the file's, or the default."""
        return KEY in self._settings.values

    def set(self, mode: Mode) -> None:
        """It holds from the next attempt on. Raises NotKept where it will not outlast a restart."""
        self._change(mode)
        self._settings.set(KEY, mode.value)

    def undo(self) -> None:
        """As if no command had ever said anything."""
        self._change(self._written())
        self._settings.undo(KEY)

    def _change(self, mode: Mode) -> None:
        was, self._mode = self._mode, mode
        if mode is not was:
            self._bus.publish("mode.changed", self._wall(), mode=mode.value, was=was.value)
