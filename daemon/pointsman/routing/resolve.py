"""What the name in a request means, in this order: auto, role, alias, `endpoint/model`,
`provider/model`, bare name. Whatever a name means, it is never something near it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from types import MappingProxyType

from pointsman.calls import Wanted, some
from pointsman.errors import BadRequest, UnknownModel
from pointsman.types import Endpoint, Model, Snapshot, Tier

AUTO = "auto"
MAIN = "main"  # the role that auto plays

SHOWN = 8  # names of those that are known

_FALLBACK_WORDS = MappingProxyType({"local": (Tier.LOCAL,), "free": (Tier.FREE,), AUTO: tuple(Tier)})


@dataclass(frozen=True, slots=True)
class Names:
    """What the user has named: aliases (a name or a pattern with `*`), roles, and lists of fallbacks."""

    aliases: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    fallback: Mapping[str, Sequence[str]] = field(default_factory=dict)


def resolve(name: str, names: Names, snapshot: Snapshot) -> Wanted:
    """Raises UnknownModel, with the nearest names, for a name that means nothing at all."""
    asked = name or AUTO
    first = MAIN if asked == AUTO and (MAIN in names.roles or MAIN in names.aliases) else asked
    chain = _chain(first, names)
    role = next((link for link in chain if link in names.roles), MAIN if asked == AUTO else "")
    if chain[-1] == AUTO:
        return Wanted(asked, chosen=True, via="" if first == AUTO else first, role=role)
    named = _serving(chain[-1], snapshot)
    if len(chain) == 1 and not named:
        raise UnknownModel(_unknown(first, names, snapshot))
    found = {chain[-1]: named}
    for fallback in (one for link in chain for one in names.fallback.get(link, ())):
        meant = _chain(fallback, names)[-1]
        found.setdefault(meant, _of_tiers(meant, snapshot) or _serving(meant, snapshot))
    return Wanted(
        asked,
        chosen=False,
        models=tuple(dict.fromkeys(model.id for models in found.values() for model in models)),
        named=len(named),
        via="" if len(chain) == 1 else first,
        missing=tuple(meant for meant, models in found.items() if not models),
        role=role,
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
    meant = _chain(wanted.via or wanted.asked, names)[-1]
    several = [model.id for model in _everywhere(meant, snapshot) if model.tier is not None]
    if len(places) > 1 or len(several) > 1:
        several = several or list(places)
        raise BadRequest(
            f"{wanted.asked!r} is served in {len(several)} places, whose vectors may differ: "
            f"name one of {', '.join(several)}",
            "model",
        )
    return replace(wanted, models=places, missing=() if places else wanted.missing[:1])


def known_names(names: Names, snapshot: Snapshot) -> list[str]:
    """All that a client may ask for, for people: auto, what the user named, models by name and by id."""
    found = [AUTO, *names.roles, *names.aliases]
    for model in snapshot.models:
        found += [model.name, model.id]
    return list(dict.fromkeys(found))


def _chain(name: str, names: Names) -> list[str]:
    """A name and what it stands for, link by link, to the name that stands for itself. Circles end."""
    chain = [name]
    while target := next((to for to in _targets(chain[-1], names) if to not in chain), None):
        chain.append(target)
    return chain


def _targets(name: str, names: Names) -> Iterator[str]:
    """What a name may stand for. A role may be given to the alias of its own name: `rlm = "rlm"`."""
    if role := names.roles.get(name):
        yield role
    if alias := _alias(name, names.aliases):
        yield alias


def _alias(name: str, aliases: Mapping[str, str]) -> str | None:
    if name in aliases:
        return aliases[name]
    return next(
        (to for pattern, to in aliases.items() if "*" in pattern and fnmatchcase(name, pattern)), None
    )


def _of_tiers(word: str, snapshot: Snapshot) -> list[Model]:
    """What a word that only a list of fallbacks may hold stands for."""
    tiers = _FALLBACK_WORDS.get(word, ())
    return [model for tier in tiers for model in snapshot.models if model.tier is tier]


def _serving(name: str, snapshot: Snapshot) -> list[Model]:
    """The models of a name. A bare name may be served in several places: those of its best tier."""
    return _best_tier(_everywhere(name, snapshot))


def _everywhere(name: str, snapshot: Snapshot) -> Sequence[Model]:
    if exact := snapshot.by_id.get(name):
        return [exact]
    owner, _, rest = name.partition("/")
    owned = [model for model in snapshot.by_name.get(rest, ()) if _owns(owner, model.endpoint)]
    return owned or snapshot.by_name.get(name, ())


def _owns(name: str, endpoint: Endpoint) -> bool:
    return name in (endpoint.id, endpoint.provider)


def _best_tier(models: Iterable[Model]) -> list[Model]:
    def tier(model: Model) -> int:
        return len(Tier) if model.tier is None else model.tier

    found = sorted(models, key=tier)
    return [model for model in found if tier(model) == tier(found[0])]


def _unknown(name: str, names: Names, snapshot: Snapshot) -> str:
    known = [one for one in known_names(names, snapshot) if one != name]
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known are {some(known, SHOWN)}"
    fix = f'to let Pointsman choose for this name, put "{name}" = "auto" under [models] in the configuration'
    return f"no model is called {name!r}: {hint} ({fix})"
