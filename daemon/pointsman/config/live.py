"""The configuration in force, and the one way in which it becomes another.

Whoever changes it, a command or its file, the whole of it is checked before any of it holds. Then it is
assigned once, and who has made something of a section is told. A value that is needed now and then is read
from `config` each time.
"""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from pointsman.config.load import Loaded, check
from pointsman.config.override import Overrides
from pointsman.config.schema import Config
from pointsman.config.settings import Settings
from pointsman.config.source import Source, Stamp, read_source, stamp_of
from pointsman.errors import BadRequest, ConfigError

Said = Callable[[Mapping[str, object]], Overrides]
"""Of what commands have set: all that wins over the file."""


class Live:
    """`settings`: what commands have set. A file that is not `explicit` need not be there."""

    def __init__(self, path: Path, settings: Settings, said: Said, *, explicit: bool = False) -> None:
        """Raises ConfigError."""
        self._path = path
        self._settings = settings
        self._said = said
        self._explicit = explicit
        self._told: list[tuple[frozenset[str], Callable[[Config], object]]] = []
        self._heard: list[Callable[[frozenset[str]], object]] = []
        self._source, self.stamp = self._read()
        self.loaded: Loaded = check(self._source, said(settings.values))
        self._started = self.config.server

    @property
    def config(self) -> Config:
        return self.loaded.config

    @property
    def waiting(self) -> tuple[str, ...]:
        """The keys that are others since the start, and hold after the next."""
        now = self.config.server
        return tuple(f"server.{name}" for name, value in self._started if value != getattr(now, name))

    def written(self) -> Loaded:
        """What would hold if no command had ever said anything. Raises ConfigError."""
        return check(self._source, self._said({}))

    def newest(self) -> Stamp:
        """Of the file as it is now; `stamp` is that of the file as it was read."""
        return stamp_of(self._path)

    def tell(self, deed: Callable[[Config], object], *sections: str) -> None:
        """From now on, whenever one of these has changed. A deed does not fail, and does not wait."""
        self._told.append((frozenset(sections), deed))

    def hear(self, deed: Callable[[frozenset[str]], object]) -> None:
        """From now on, whenever a command has changed something: which sections. As a deed of `tell`."""
        self._heard.append(deed)

    @property
    def commands(self) -> Mapping[str, object]:
        """What commands have set, by key."""
        return self._settings.values

    def reload(self) -> frozenset[str]:
        """Reads the file again: the sections that are others. Raises ConfigError: nothing has changed.

        A file that was there and is gone is no reason to forget its budgets.
        """
        before = self.config
        source, stamp = self._read()
        if source is None and self._source is not None:
            raise ConfigError("it is gone; the next start would go on without it", str(self._path))
        self.loaded = check(source, self._said(self._settings.values))
        self._source, self.stamp = source, stamp
        return self._tell(before)

    def change(self, new: Mapping[str, object], gone: Collection[str] = ()) -> None:
        """A command says so, by keys such as `tasks.code`; what it said of those that are `gone` is over.

        Raises BadRequest for what can't be: nothing has changed; NotKept where it will not outlast a restart.
        """
        before = self.config
        kept = {key: value for key, value in self._settings.values.items() if key not in gone}
        try:
            self.loaded = check(self._source, self._said({**kept, **new}))
        except ConfigError as error:
            raise BadRequest(error.reason) from None
        changed = self._tell(before)
        for listener in self._heard if changed else ():
            listener(changed)
        self._settings.swap(gone, new)

    def _read(self) -> tuple[Source | None, Stamp]:
        """The stamp is the older of the two: what is written meanwhile will be noticed."""
        stamp = self.newest()
        return read_source(self._path, explicit=self._explicit), stamp

    def _tell(self, before: Config) -> frozenset[str]:
        now = self.config
        changed = frozenset(name for name, value in before if value != getattr(now, name))
        for sections, deed in self._told:
            if sections & changed:
                deed(now)
        return changed
