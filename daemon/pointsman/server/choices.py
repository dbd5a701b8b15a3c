"""What the user says of choosing, by the file and by commands: aliases, roles, lists by kind, the profile."""

from collections.abc import Collection, Mapping

from pointsman import profiles
from pointsman.config.lines import dotted
from pointsman.config.live import Live
from pointsman.config.schema import Config
from pointsman.errors import BadRequest, NotFound, UnknownModel
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


class Choices:
    """What commands say holds over what the file says."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._renew(live.config)
        live.tell(self._renew, *SECTIONS, "fallback", "choosing", "apps")

    def _renew(self, config: Config) -> None:
        self._names = names_of(config)

    def names(self) -> Names:
        """As they are now: whoever decides looks once."""
        return self._names

    def origin(self, section: str, name: str) -> str:
        if f"{section}.{name}" in self._live.commands:
            return COMMAND
        return CONFIGURATION if name in _written(self._live.config)[section] else BUILT_IN

    def set(self, said: Mapping[str, object]) -> None:
        """Holds at once: values by their keys in the configuration, such as `tasks.code`.

        Raises BadRequest for what can't be: then nothing has changed. Raises NotKept where it will not
        outlast a restart.
        """
        self._live.change(said)

    def set_alias(self, name: str, model: str) -> None:
        self.set({f"{ALIASES}.{_good(name)}": model})

    def set_roles(self, changes: Mapping[str, Mapping[str, object]]) -> None:
        """By their names. What is not changed of one stays as it was set; None takes a field back."""
        self.set({f"{ROLES}.{_good(name)}": self._merged(name, fields) for name, fields in changes.items()})

    def undo(self, section: str, name: str) -> None:
        """What the file says, or what is built in, holds again. Raises as `set` does, and NotFound."""
        key = f"{section}.{name}"
        if key in self._live.commands:
            self._live.change({}, [key])
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
        own = self._live.config.roles.get(role)
        fields = {} if own is None else own.model_dump(exclude_unset=True)
        return {key: value for key, value in {**fields, **changes}.items() if value is not None}


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


def _good(name: str) -> str:
    """Raises BadRequest for a name that nobody could see, or that means something else."""
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise BadRequest(f"a name has 1 to {LONGEST_NAME} characters, all of them to be seen", param="name")
    if name == AUTO or name.startswith(BY_PROFILE):
        raise BadRequest(f"{name} has a meaning of its own: take another name", param="name")
    return name
