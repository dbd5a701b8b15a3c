"""What the user says of choosing, by the file and by commands: aliases, roles, lists by kind, the profile."""

from collections.abc import Collection, Mapping
from typing import Protocol

from pointsman import profiles
from pointsman.config.lines import dotted
from pointsman.config.load import Loaded
from pointsman.config.override import Origin, Overrides, overrides
from pointsman.config.schema import Config
from pointsman.config.settings import Settings
from pointsman.errors import BadRequest, ConfigError, NotFound, UnknownModel
from pointsman.profiles import AUTO
from pointsman.routing.kinds import own_signs
from pointsman.routing.names import Names
from pointsman.routing.resolve import BY_PROFILE, resolve
from pointsman.types import Snapshot

PROFILES, ALIASES, ROLES, TASKS = "profiles", "models", "roles", "tasks"  # sections of the configuration
SECTIONS = (PROFILES, ALIASES, ROLES, TASKS)
ACTIVE = "active"  # the profile that is, in its section
LONGEST_NAME = 80

BUILT_IN, CONFIGURATION, COMMAND = "built-in", "configuration", "command"  # who says so


class Read(Protocol):
    """Reads the file anew, with what wins over it. Raises ConfigError."""

    def __call__(self, *, overrides: Overrides) -> Loaded: ...


class Choices:
    """What commands say holds over what the file says. `config`: what holds at the start, by both."""

    def __init__(self, config: Config, settings: Settings, read: Read) -> None:
        self._settings = settings
        self._read = read
        self._config = config
        self._names = names_of(config)

    def names(self) -> Names:
        """As they are now: whoever decides looks once."""
        return self._names

    def origin(self, section: str, name: str) -> str:
        if f"{section}.{name}" in self._settings.values:
            return COMMAND
        return CONFIGURATION if name in _written(self._config)[section] else BUILT_IN

    def set(self, said: Mapping[str, object]) -> None:
        """Holds at once: values by their keys in the configuration, such as `tasks.code`.

        Raises BadRequest for what can't be, ConfigError where the file is broken: then nothing has changed.
        Raises NotKept where it will not outlast a restart.
        """
        self._change((), said)

    def set_alias(self, name: str, model: str) -> None:
        self.set({f"{ALIASES}.{_good(name)}": model})

    def set_roles(self, changes: Mapping[str, Mapping[str, object]]) -> None:
        """By their names. What is not changed of one stays as it was set; None takes a field back."""
        self.set({f"{ROLES}.{_good(name)}": self._merged(name, fields) for name, fields in changes.items()})

    def undo(self, section: str, name: str) -> None:
        """What the file says, or what is built in, holds again. Raises as `set` does, and NotFound."""
        key = f"{section}.{name}"
        if key in self._settings.values:
            self._change((key,), {})
        elif self.origin(section, name) == CONFIGURATION:
            raise BadRequest(f"{key} is set in the configuration, [{dotted((section,))}]: take it out there")
        else:
            raise NotFound(f"no command has set {key[:LONGEST_NAME]}: there is nothing to undo")

    def means(self, name: str, snapshot: Snapshot) -> str:
        """What a name stands for now: the model that is asked first, or auto; empty: nobody serves it."""
        try:
            wanted = resolve(name, self._names, snapshot)
        except UnknownModel:
            return ""
        return AUTO if wanted.chosen else wanted.models[0] if wanted.named else ""

    def _merged(self, role: str, changes: Mapping[str, object]) -> dict[str, object]:
        own = self._config.roles.get(role)
        fields = {} if own is None else own.model_dump(exclude_unset=True)
        return {key: value for key, value in {**fields, **changes}.items() if value is not None}

    def _change(self, gone: Collection[str], new: Mapping[str, object]) -> None:
        values = self._settings.values.items()
        kept = {key: value for key, value in values if _is_ours(key) and key not in gone}
        self._config = self._checked({**kept, **new})
        self._names = names_of(self._config)
        self._settings.swap(gone, new)

    def _checked(self, said: Mapping[str, object]) -> Config:
        """The file, and over it what commands say. Raises ConfigError or, for those, BadRequest."""
        try:
            return self._read(overrides=overrides({}, said)).config
        except ConfigError as error:
            if error.file:
                raise
            raise BadRequest(str(error).removeprefix(f"{Origin.COMMAND.words}: ")) from None


def names_of(config: Config) -> Names:
    return Names(
        aliases=config.models,
        roles={name: role.to_role(name) for name, role in config.roles.items()},
        fallback=config.fallback,
        profiles={
            **profiles.PROFILES,
            **{name: one.to_profile(name) for name, one in config.profiles.defined.items()},
        },
        tasks=config.tasks,
        active=config.profiles.active,
        mentions=config.choosing.mentions,
        signs=own_signs(config.choosing.signs),
        apps={name: app.to_rules() for name, app in config.apps.items()},
    )


def _written(config: Config) -> Mapping[str, Collection[str]]:
    """The names that are set, by their section."""
    return {
        PROFILES: config.profiles.model_fields_set,
        ALIASES: config.models,
        ROLES: config.roles,
        TASKS: config.tasks,
    }


def _is_ours(key: str) -> bool:
    return key.partition(".")[0] in SECTIONS


def _good(name: str) -> str:
    """Raises BadRequest for a name that nobody could see, or that means something else."""
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise BadRequest(f"a name has 1 to {LONGEST_NAME} characters, all of them to be seen", param="name")
    if name == AUTO or name.startswith(BY_PROFILE):
        raise BadRequest(f"{name} has a meaning of its own: take another name", param="name")
    return name
