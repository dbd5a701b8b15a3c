"""Which page of a provider's documentation is read for names of models, where it has no list."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pointsman.catalogue.row import Provider
from pointsman.config.settings import Settings

SECTION = "urls"  # of the configuration, and of what commands have set


class Urls:
    """`written`: what the configuration says where no command has said anything; may raise ConfigError.

    Without `settings` nothing outlasts a restart.
    """

    def __init__(
        self,
        said: Mapping[str, str] = MappingProxyType({}),
        settings: Settings | None = None,
        written: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._said = said
        self._settings = settings
        self._written = written

    def of(self, row: Provider) -> str:
        return self._said.get(row.id, row.docs_url)

    def is_set(self, row: Provider) -> bool:
        """Whether it is a command's word."""
        return self._settings is not None and f"{SECTION}.{row.id}" in self._settings.values

    def set(self, row: Provider, url: str) -> None:
        """Raises NotKept where it will not outlast a restart."""
        self._said = MappingProxyType({**self._said, row.id: url})
        if self._settings is not None:
            self._settings.set(f"{SECTION}.{row.id}", url)

    def reset(self, row: Provider) -> None:
        """What the configuration says holds again, or what Pointsman knows. Raises NotKept."""
        rest = {name: url for name, url in self._said.items() if name != row.id}
        written = {name: url for name, url in self._written().items() if name == row.id}
        self._said = MappingProxyType(rest | written)
        if self._settings is not None:
            self._settings.undo(f"{SECTION}.{row.id}")
