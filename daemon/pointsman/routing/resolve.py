"""What the name in a request means, in this order: auto, a profile, role, alias, `endpoint/model`,
`provider/model`, bare name. Whatever a name means, it is never something near it.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from types import MappingProxyType

from pointsman.calls import Wanted, some
from pointsman.catalogue.grades import family_of
from pointsman.errors import BadRequest, UnknownModel
from pointsman.profiles import AUTO, BACKGROUND, MAIN, ROLES, Profile, Role
from pointsman.routing.names import FAMILIES, Names
from pointsman.types import Endpoint, Grade, Model, Snapshot, TaskKind, Tier, rank

SHOWN = 8  # names of those that are known
YEAR = 2_000  # a number that is no smaller is a date's
BY_PROFILE = f"{AUTO}:"  # what goes before a profile's name, in the place of a model's

_FALLBACK_WORDS = MappingProxyType({"local": (Tier.LOCAL,), "free": (Tier.FREE,), AUTO: tuple(Tier)})


def resolve(
    name: str,
    names: Names,
    snapshot: Snapshot,
    *,
    role: str = "",
    profile: str = "",
    floor: Grade | None = None,
) -> Wanted:
    """`role`, `profile` and `floor` are those that the request names beside its model.

    Raises UnknownModel, with the nearest names, for a name that means nothing at all, and BadRequest for a
    role or a profile that there is not.
    """
    asked = name or AUTO
    _demand(role, {**names.roles, **ROLES}, "role")
    if asked.startswith(BY_PROFILE):
        asked_profile, first = asked.removeprefix(BY_PROFILE), role or MAIN
        if asked_profile not in names.profiles:
            raise UnknownModel(_unknown(asked, names, snapshot))
    else:
        asked_profile, first = profile, (role or MAIN) if asked == AUTO else asked
    _demand(profile, names.profiles, "profile")
    chain = [first, AUTO] if asked.startswith(BY_PROFILE) else names.chain(first, sent=True)
    if chain[-1].startswith(BY_PROFILE) and chain[-1].removeprefix(BY_PROFILE) in names.profiles:
        asked_profile, chain[-1] = asked_profile or chain[-1].removeprefix(BY_PROFILE), AUTO
    played = next((one for link in chain if (one := names.role(link))), None)
    if chain[-1] == AUTO:
        floor = floor if floor is not None else _grade_of(first, names)
        if role and not played:
            own = resolve(AUTO, names, snapshot, role=role, profile=asked_profile, floor=floor)
            return replace(own, asked=asked)
        return _chosen(asked, first, played, names, profile=asked_profile, floor=floor)
    known = role or (played.name if played else "")
    return _meant(asked, chain, names, snapshot, role=known)


def _chosen(
    asked: str, first: str, role: Role | None, names: Names, *, profile: str, floor: Grade | None
) -> Wanted:
    """A choice that is left to us."""
    role = role or names.roles.get(MAIN, ROLES[MAIN])
    return Wanted(
        asked,
        chosen=True,
        via="" if first == MAIN else first,
        role=role.name,
        profile=_for(role, names.profile(profile or role.profile)),
        floor=role.floor if floor is None else floor,
        needs=role.needs,
        priority=role.priority,
        is_minor=role.is_minor,
    )


def _grade_of(name: str, names: Names) -> Grade | None:
    """A name that stands for a choice of ours may be that of a model whose grade is known."""
    family = None if names.role(name) else family_of(name, local=False)
    return family.grade if family else None


def _for(role: Role, profile: Profile) -> Profile:
    """The best is for what somebody waits for."""
    return replace(profile, best_first=False) if role.is_minor else profile


def _meant(asked: str, chain: Sequence[str], names: Names, snapshot: Snapshot, *, role: str) -> Wanted:
    """Models in the user's own order."""
    named = _serving(chain[-1], snapshot)
    if len(chain) == 1 and not named:
        raise UnknownModel(_unknown(chain[0], names, snapshot))
    found = {chain[-1]: named}
    for fallback in (one for link in chain for one in _fallbacks(link, names)):
        meant = names.chain(fallback)[-1]
        found.setdefault(meant, _standing_in(meant, snapshot))
    known = names.role(role)
    return Wanted(
        asked,
        chosen=False,
        models=_distinct(found.values()),
        named=len(named),
        via="" if len(chain) == 1 else chain[0],
        missing=tuple(meant for meant, models in found.items() if not models),
        role=role,
        profile=names.profile(""),
        priority=known.priority if known else None,
    )


def _fallbacks(link: str, names: Names) -> Sequence[str]:
    role = names.role(link)
    return (role.fallback if role else ()) or names.fallback.get(link, ())


def for_kind(wanted: Wanted, kind: TaskKind, names: Names, snapshot: Snapshot) -> Wanted:
    """Whom the user prefers comes first: for a task of that kind, or for its role."""
    if not wanted.chosen:
        return wanted
    played = names.role(wanted.role)
    lists = (
        (wanted.profile.tasks.get(kind, ()), f"task:{kind}"),
        (names.tasks.get(kind, ()), f"task:{kind}"),
        (played.prefer if played else (), f"role:{wanted.role}"),
    )
    preferred, by = next((one for one in lists if one[0]), ((), ""))
    fallback, whose = _after_the_chosen(wanted, names)
    # Below its role's own floor a list may go; whoever names a higher one wants no less.
    least = wanted.floor if raises_the_floor(wanted, names) else Grade.SIMPLE
    mains = _mains(names, snapshot) if wanted.role == BACKGROUND.name else []
    return replace(
        wanted,
        preferred=_distinct((_serving(name, snapshot) for name in _meanings(preferred, names)), least),
        preferred_by=by,
        fallback=_distinct(_standing_in(name, snapshot) for name in _meanings(fallback, names)),
        fallback_by=whose,
        avoids=frozenset(one.id for one in mains if one.tier is Tier.PAID),
        spares=frozenset(one.id for one in mains if one.tier is Tier.LOCAL),
    )


def _after_the_chosen(wanted: Wanted, names: Names) -> tuple[Sequence[str], str]:
    """The list that says who is asked when the chosen one fails, and whose it is."""
    played = names.role(wanted.role)
    lists = (
        (played.fallback if played else (), wanted.role),
        (wanted.profile.fallback, wanted.profile.name),
        (names.fallback.get(wanted.via, ()), wanted.via),
        (names.fallback.get(wanted.role, ()), wanted.role),
    )
    return next((one for one in lists if one[0]), ((), ""))


def _meanings(listed: Iterable[str], names: Names) -> list[str]:
    return [meant for name in listed if (meant := names.chain(name)[-1]) != AUTO]


def _distinct(found: Iterable[Sequence[Model]], least: Grade = Grade.SIMPLE) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.id for models in found for one in models if one.grade >= least))


def raises_the_floor(wanted: Wanted, names: Names) -> bool:
    """Whether more is demanded than its role does: by a header, a model's name, or the program's rules."""
    played = names.role(wanted.role)
    return played is not None and wanted.floor > played.floor


def _mains(names: Names, snapshot: Snapshot) -> list[Model]:
    """What main's model costs, or its time, is not spent on what nobody waits for."""
    meant = names.chain(MAIN)[-1]
    return [] if meant == AUTO else _serving(meant, snapshot)


def permitted(allow: Iterable[str], names: Names, snapshot: Snapshot) -> frozenset[str]:
    """The ids of all that a program's list lets it use, wherever that is. It may say `local` or `free`."""
    meant = (names.chain(name)[-1] for name in allow)
    return frozenset(
        model.id for name in meant for model in (*_of_tiers(name, snapshot), *_everywhere(name, snapshot))
    )


def pinned(name: str, names: Names, snapshot: Snapshot) -> Wanted:
    """The one model that a name means, without its fallbacks. Raises BadRequest where it means none or many.

    For vectors: those of two models can't be compared, so that none may stand in for another.
    """
    wanted = resolve(name, names, snapshot)
    if wanted.chosen:
        raise BadRequest(
            "an embeddings request names its model: vectors of two models can't be compared, so that "
            "Pointsman does not choose one; `pointsman models` lists what is known",
            "model",
        )
    places = wanted.models[: wanted.named]
    meant = names.chain(wanted.via or wanted.asked, sent=True)[-1]
    several = [model.id for model in _everywhere(meant, snapshot) if model.tier is not None]
    if len(places) > 1 or len(several) > 1:
        several = several or list(places)
        raise BadRequest(
            f"{wanted.asked!r} is served in {len(several)} places, whose vectors may differ: "
            f"name one of {', '.join(several)}",
            "model",
        )
    return replace(wanted, models=places, missing=() if places else wanted.missing[:1])


def is_name(word: str, names: Names, snapshot: Snapshot) -> bool:
    """Whether somebody is called by a word in a text. A pattern, which any word may fit, makes it no name."""
    if word.startswith(BY_PROFILE):
        return word.removeprefix(BY_PROFILE) in names.profiles
    own = word == AUTO or word in names.aliases or names.role(word) is not None
    return own or bool(_everywhere(word, snapshot))


def known_names(names: Names, snapshot: Snapshot) -> list[str]:
    """All that a client may ask for, for people: auto, what the user named, models by name and by id."""
    found = [AUTO, *names.roles, *names.aliases]
    for model in snapshot.models:
        found += [model.name, model.id]
    return list(dict.fromkeys(found))


def _of_tiers(word: str, snapshot: Snapshot) -> list[Model]:
    """What a word that only a list of fallbacks, or of what is allowed, may hold stands for."""
    tiers = _FALLBACK_WORDS.get(word, ())
    return [model for tier in tiers for model in sorted(snapshot.models, key=rank) if model.tier is tier]


def _standing_in(name: str, snapshot: Snapshot) -> list[Model]:
    """Those whom a list of fallbacks means."""
    return _of_tiers(name, snapshot) or _serving(name, snapshot)


def _serving(name: str, snapshot: Snapshot) -> list[Model]:
    """The models of a name. A bare name may be served in several places: those of its best tier."""
    return _best_tier(_everywhere(name, snapshot))


def _everywhere(name: str, snapshot: Snapshot) -> Sequence[Model]:
    if exact := snapshot.by_id.get(name):
        return [exact]
    owner, _, rest = name.partition("/")
    owned = [model for model in snapshot.by_name.get(rest, ()) if _owns(owner, model.endpoint)]
    return owned or snapshot.by_name.get(name, ()) or _newest(name, snapshot)


def _newest(name: str, snapshot: Snapshot) -> Sequence[Model]:
    """Of a family that people call by a short name."""
    if (pattern := FAMILIES.get(name)) is None:
        return ()
    fitting = [known for known in snapshot.by_name if fnmatchcase(known, pattern)]
    return snapshot.by_name[max(fitting, key=_version)] if fitting else ()


def _version(name: str) -> tuple[list[int], int]:
    """Its numbers; of names with the same, the shorter is the plain one."""
    numbers = [int(number) for number in re.findall(r"\d{1,8}", name.rpartition("/")[2])]
    return [number for number in numbers if number < YEAR] or [0], -len(name)


def _owns(name: str, endpoint: Endpoint) -> bool:
    return name in (endpoint.id, endpoint.provider)


def _best_tier(models: Iterable[Model]) -> list[Model]:
    def tier(model: Model) -> int:
        return len(Tier) if model.tier is None else model.tier

    found = sorted(models, key=lambda one: (tier(one), rank(one)[0] if one.tier is Tier.PAID else 0))
    return [model for model in found if tier(model) == tier(found[0])]


def _unknown(name: str, names: Names, snapshot: Snapshot) -> str:
    known = [one for one in known_names(names, snapshot) if one != name]
    also = [*(BY_PROFILE + one for one in names.profiles), *(one for one in ROLES if one not in names.roles)]
    near = names.nearest(name, [*known, *also])
    hint = f"did you mean {' or '.join(near)}?" if near else f"known are {some(known, SHOWN)}"
    fix = f"to let Pointsman choose for this name: pointsman alias '{name}' auto"
    return f"no model is called {name!r}: {hint} ({fix})"


def _demand(said: str, known: Collection[str], what: str) -> None:
    if said and said not in known:
        raise BadRequest(f"X-Pointsman-{what.title()} is one of {', '.join(known)}, not {said[:80]!r}")
