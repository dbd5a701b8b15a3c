"""What there is to mend: a sentence each, with its number and what to do. The most useful come first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pointsman.calls import Decision
from pointsman.routing import degrade, policy
from pointsman.server.control import contexts
from pointsman.server.control.words import chats, count, is_here, models_of, of_endpoint, set_tools
from pointsman.types import Ability, Endpoint, FoundBy, Health, Model, ModelState, Snapshot, Tier

# Rules that hold for every request until somebody changes something.
STANDING = (degrade.UNSET, degrade.HELD, degrade.UNPRICED, policy.dialect.__name__, policy.healthy.__name__)
WAYS_ON = (
    "start a local engine, for example `llama-server -m model.gguf`, "
    "give a provider's key (`pointsman keys` says where one is had), "
    "or name a server under [providers] in the configuration"
)
NOTHING_FOUND = f"nothing was found: {WAYS_ON}"
NOTHING_ELSE = f"nothing else was found: {WAYS_ON}"


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known now, what would be decided for a short request, and what was turned away of late."""

    snapshot: Snapshot
    decision: Decision | None  # None: nobody is there to decide
    turned_away: Mapping[str, str]  # by endpoint: today's prompts that were too long for it, a sentence


_LOCKED = frozenset({Health.REFUSED, Health.SIGN_IN})

Hint = Callable[[Scene], Iterator[str]]


def hints(scene: Scene) -> list[str]:
    told = [hint for kind in KINDS for hint in kind(scene)]
    nobody = all(endpoint.found_by is FoundBy.OPEN for endpoint in scene.snapshot.endpoints)
    if not nobody or scene.snapshot.swept_at is None:
        return told
    return [*told, NOTHING_ELSE] if any(_sign_in(scene)) else [NOTHING_FOUND, *told]


def _turned_away(scene: Scene) -> Iterator[str]:
    yield from scene.turned_away.values()


def _small(scene: Scene) -> Iterator[str]:
    return contexts.small(scene.snapshot, but=scene.turned_away)


def _places(scene: Scene) -> Iterator[str]:
    """Places that somebody meant to be used, and that can't be."""
    for endpoint in scene.snapshot.endpoints:
        if endpoint.tier is None:
            continue
        if endpoint.health is Health.REFUSED:
            yield f"{endpoint.id} is not used: {endpoint.note or 'it wants a key'}"
        elif endpoint.health is Health.AWAY and _is_meant(endpoint):
            yield f"{endpoint.id} is away: {endpoint.note or f'nothing answers at {endpoint.place}'}"
        elif endpoint.health is Health.SILENT:
            yield _silent(endpoint)


def _silent(endpoint: Endpoint) -> str:
    """An engine is its user's to start, a cloud is not."""
    if endpoint.tier is not Tier.LOCAL:
        return f"{endpoint.id} is asked last: {endpoint.note}"
    return (
        f"{endpoint.id} takes connections and does not answer: it is asked last; "
        "if it stays so, start it anew"
    )


def _failed(scene: Scene) -> Iterator[str]:
    for endpoint in _sound(scene):
        bad = [one for one in models_of(endpoint, scene.snapshot) if one.state is ModelState.FAILED]
        if bad:
            yield f"{endpoint.id} could not load {_which(bad)}: its own log says why"


def _tools(scene: Scene) -> Iterator[str]:
    """What is unknown may well be able to."""
    local = [model for model in scene.snapshot.models if is_here(model) and chats(model)]
    if not local or not all(Ability.TOOLS in model.lacks for model in local):
        return
    help_ = next(filter(None, (set_tools(model.endpoint) for model in local)), "load one that can")
    if len(local) == 1:
        yield f"{local[0].id} is the only local model and cannot call tools, which agents need: {help_}"
    else:
        yield f"none of the {len(local)} local models can call tools, which agents need: {help_}"


def _unknown(scene: Scene) -> Iterator[str]:
    for endpoint in scene.snapshot.endpoints:
        if endpoint.tier is None and endpoint.health is not Health.AWAY:
            yield f"an unknown server at {endpoint.place} is not used: {endpoint.note or 'name its tier'}"


def _left_out(scene: Scene) -> Iterator[str]:
    """Models of a sound endpoint that no request would be given, counted by the reason."""
    if scene.decision is None:
        return
    for endpoint in _sound(scene):
        models = {one.id: one for one in models_of(endpoint, scene.snapshot)}
        for excluded in scene.decision.excluded:
            out = [models[one] for one in excluded.models if one in models]
            out = [one for one in out if one.state is not ModelState.FAILED]
            if out and excluded.rule in STANDING:
                be = "is" if len(out) == 1 else "are"
                yield f"{of_endpoint(endpoint, len(out))} {be} not used: {excluded.reason}"


def _loading(scene: Scene) -> Iterator[str]:
    for endpoint in scene.snapshot.endpoints:
        if endpoint.health is Health.LOADING:
            yield f"{endpoint.id} is still loading: a request waits for it where no other model will do"


def _sign_in(scene: Scene) -> Iterator[str]:
    for endpoint in scene.snapshot.endpoints:
        free = models_of(endpoint, scene.snapshot)
        if endpoint.health is Health.SIGN_IN and free:
            yield f"{of_endpoint(endpoint, len(free))} would cost nothing: {endpoint.note}"


KINDS: tuple[Hint, ...] = (
    *(_turned_away, _places, _failed),
    *(_small, _tools, _unknown, _left_out, _loading, _sign_in),
)


def _is_meant(endpoint: Endpoint) -> bool:
    """Somebody wants it to be there: it is written down, or there is a key for it."""
    return endpoint.found_by in {FoundBy.CONFIG, FoundBy.KEY}


def _which(models: Sequence[Model]) -> str:
    return models[0].name if len(models) == 1 else count(len(models))


def _sound(scene: Scene) -> Iterator[Endpoint]:
    """Endpoints of which nothing worse is said."""
    for endpoint in scene.snapshot.endpoints:
        gone = endpoint.health is Health.AWAY and _is_meant(endpoint)
        if endpoint.tier is not None and endpoint.health not in _LOCKED and not gone:
            yield endpoint
