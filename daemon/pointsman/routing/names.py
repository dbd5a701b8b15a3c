"""What the user has named, and what has a name without that: aliases, roles, profiles, preferences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from types import MappingProxyType

from pointsman.profiles import AUTO, BALANCED, PROFILES, ROLES, AppRules, Profile, Role
from pointsman.routing.signs import Signs
from pointsman.types import TaskKind

# What a short name that people use stands for: the newest that is known whose name fits.
FAMILIES = MappingProxyType(
    {
        "opus": "*claude*opus*",
        "sonnet": "*claude*sonnet*",
        "haiku": "*claude*haiku*",
        "flash": "*gemini*flash*",
    }
)


@dataclass(frozen=True, slots=True)
class Names:
    """Aliases (a name or a pattern with `*`), roles, fallbacks, profiles, lists by kind, rules for programs.

    `active` is the profile that holds where nothing else is said. `mentions`: a first word `@name` in what is
    asked means one of these names, or a model's. `signs`: the user's own, of kinds of tasks.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    fallback: Mapping[str, Sequence[str]] = field(default_factory=dict)
    profiles: Mapping[str, Profile] = field(default_factory=lambda: PROFILES)
    tasks: Mapping[TaskKind, Sequence[str]] = field(default_factory=dict)
    active: str = BALANCED.name
    mentions: bool = True
    signs: Signs[TaskKind] | None = None
    apps: Mapping[str, AppRules] = field(default_factory=dict)

    def role(self, name: str) -> Role | None:
        role = self.roles.get(name) or ROLES.get(name)
        if role is None or not role.like:
            return role
        return replace(self.roles.get(role.like) or ROLES[role.like], name=role.name, model=role.model)

    def profile(self, name: str) -> Profile:
        return self.profiles.get(name) or self.profiles[self.active]

    def chain(self, name: str, *, sent: bool = False) -> list[str]:
        """A name and what it stands for, link by link, to what stands for itself. Circles end.

        `sent`: by a client, so that it may fit a pattern. What the user wrote means what it says.
        """
        chain = [name]
        while target := next((to for to in self._targets(chain, sent=sent) if to not in chain), None):
            chain.append(target)
        return chain

    def _targets(self, chain: Sequence[str], *, sent: bool) -> Iterator[str]:
        """What a name may stand for. A role may be given to the alias of its own name: `rlm = "rlm"`.

        A pattern is for what has no other meaning: `m*` is neither main's, nor that of `auto`, which is main.
        """
        name = chain[-1]
        role = self.role(name)
        if role and role.model:
            yield role.model
        if name in self.aliases:
            yield self.aliases[name]
        elif sent and len(chain) == 1 and role is None:
            patterns = ((pattern, to) for pattern, to in self.aliases.items() if "*" in pattern)
            yield from (to for pattern, to in patterns if fnmatchcase(name, pattern))
        if role:
            yield AUTO

    def nearest(self, name: str, known: Sequence[str]) -> list[str]:
        return get_close_matches(name, [one for one in known if one != name], n=3, cutoff=0.5)
