"""Endpoints, models and tasks that tests name by what matters, and any at all for property tests."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from pointsman.calls import Machine, Outlook, Parked, Speed, Task, Wanted
from pointsman.dates import Window
from pointsman.funds import CURVE, Budget, Purse, Scope, Stand
from pointsman.modes import Mode, Privacy
from pointsman.money import NANO, Price
from pointsman.profiles import PROFILES, Profile, Role, Weights
from pointsman.types import (
    Ability,
    Dialect,
    Endpoint,
    FoundBy,
    Grade,
    Health,
    Modality,
    Model,
    ModelState,
    Place,
    Priority,
    Snapshot,
    Tier,
)

_Value = TypeVar("_Value")
_NAMES = ("one", "two", "three", "four")


def endpoint(id: str = "local", **facts: Any) -> Endpoint:  # noqa: A002 - the field is called so
    place = Place(f"http://{id}.example/v1")
    return replace(Endpoint(id=id, provider=id, place=place, found_by=FoundBy.PORT), **facts)


def model(id: str = "local/tiny", **facts: Any) -> Model:  # noqa: A002 - the field is called so
    """A model that no rule objects to, where `facts` say nothing else."""
    at, _, name = id.partition("/")
    return replace(Model(id=id, name=name, served_as=name, endpoint=endpoint(at), tier=Tier.LOCAL), **facts)


def snapshot(*models: Model) -> Snapshot:
    return Snapshot(1, tuple({each.endpoint.id: each.endpoint for each in models}.values()), models, 0.0)


def played(by: Mapping[str, str]) -> dict[str, Role]:
    """Roles, by the name of the model that plays each."""
    return {name: Role(name, model) for name, model in by.items()}


def task(**facts: Any) -> Task:
    usual = Task(
        grade=Grade.ROUTINE,
        needs=Ability.NONE,
        reads=Modality.TEXT,
        prompt_tokens=100,
        max_tokens=None,
        privacy=Privacy.ANY,
    )
    return replace(usual, **facts)


abilities = st.sampled_from((Ability.NONE, Ability.TOOLS, Ability.JSON, Ability.TOOLS | Ability.JSON))
modalities = st.sampled_from((Modality.TEXT, Modality.TEXT | Modality.IMAGE, Modality.TEXT | Modality.AUDIO))

endpoints = st.builds(
    endpoint,
    st.sampled_from(("a", "b", "c")),
    health=st.sampled_from(Health),
    dialect=st.sampled_from((Dialect.OPENAI, Dialect.OPENAI, Dialect.OLLAMA)),
)


prices = st.builds(
    Price, st.none() | st.integers(0, 10 * NANO), st.none() | st.integers(0, 90 * NANO)
) | st.builds(Price, st.just(NANO), st.just(2 * NANO))


@st.composite
def _models(draw: st.DrawFn) -> Model:
    at = draw(endpoints)
    name = draw(st.sampled_from(_NAMES))
    return Model(
        id=f"{at.id}/{name}",
        name=name,
        served_as=draw(st.sampled_from((name, f"/models/{name}.gguf"))),
        endpoint=at,
        tier=draw(st.none() | st.sampled_from(Tier) | st.just(Tier.LOCAL)),
        state=draw(st.sampled_from(ModelState)),
        context=draw(st.none() | st.integers(0, 20_000)),
        lacks=draw(abilities),
        reads=draw(st.none() | modalities),
        price=draw(st.none() | prices),
        trains=draw(st.none() | st.booleans()),
        grade=draw(st.sampled_from(Grade)),
        parameters=draw(st.none() | st.integers(0, 10**12)),
        size_bytes=draw(st.none() | st.integers(0, 10**12)),
        aliases=draw(st.sampled_from(((), ("five",)))),
    )


snapshots: SearchStrategy[Snapshot] = st.lists(_models(), max_size=5, unique_by=lambda each: each.id).map(
    lambda models: snapshot(*models)
)

tasks = st.builds(
    Task,
    grade=st.sampled_from(Grade),
    needs=abilities,
    reads=modalities,
    prompt_tokens=st.integers(0, 20_000),
    max_tokens=st.none() | st.integers(1, 10_000),
    privacy=st.sampled_from(Privacy),
    mode=st.sampled_from((Mode.NORMAL, Mode.NORMAL, *Mode)),
    priority=st.sampled_from(Priority),
)

outlooks = st.dictionaries(st.sampled_from(("a/one", "b/two")), st.integers(1, 3), max_size=2).map(Outlook)

# Of what most decisions are about: little is amiss, so that there is something to choose from.


def _mostly(usual: _Value, other: SearchStrategy[_Value]) -> SearchStrategy[_Value]:
    return st.integers(0, 5).flatmap(lambda drawn: st.just(usual) if drawn else other)


@st.composite
def _willing(draw: st.DrawFn) -> Model:
    at = endpoint(draw(st.sampled_from("abc")), health=draw(_mostly(Health.UP, st.sampled_from(Health))))
    return replace(
        draw(_models()),
        id=f"{at.id}/{(name := draw(st.sampled_from(_NAMES)))}",
        name=name,
        endpoint=at,
        tier=draw(st.sampled_from(Tier)),
        state=draw(_mostly(ModelState.LOADED, st.sampled_from(ModelState))),
        context=draw(_mostly(None, st.integers(0, 20_000))),
        lacks=draw(_mostly(Ability.NONE, abilities)),
        reads=draw(_mostly(None, modalities)),
        price=draw(_mostly(Price(NANO, 2 * NANO), prices)),
    )


_IDS = st.sampled_from([f"{at}/{name}" for at in "abc" for name in _NAMES])
_seconds = st.none() | st.floats(0, 100)
willing = st.lists(_willing(), min_size=1, max_size=6, unique_by=lambda each: each.id).map(
    lambda models: snapshot(*models)
)
usual_tasks = st.builds(
    replace,
    tasks,
    mode=_mostly(Mode.NORMAL, st.sampled_from(Mode)),
    privacy=_mostly(Privacy.ANY, st.sampled_from(Privacy)),
    needs=_mostly(Ability.NONE, abilities),
    reads=_mostly(Modality.TEXT, modalities),
)


def _by_id(values: SearchStrategy[_Value]) -> SearchStrategy[dict[str, _Value]]:
    return st.dictionaries(_IDS, values, max_size=4)


purses = st.builds(
    Purse,
    st.lists(
        st.builds(
            Stand,
            st.builds(
                Budget,
                st.just("month"),
                st.just(Window.MONTH),
                _mostly(NANO, st.none() | st.just(0)),
                _mostly(True, st.booleans()),
                st.sampled_from((Scope(), Scope(), Scope("provider", "a"), Scope("model", "b/two"))),
                st.booleans(),
            ),
            st.integers(0, 11 * NANO // 10) | st.just(97 * NANO // 100),
        ),
        min_size=1,
        max_size=2,
    ).map(tuple)
    | st.just(()),
    curve=_mostly(CURVE, st.just(())),
)

all_outlooks = st.builds(
    Outlook,
    in_flight=_by_id(st.integers(1, 3)),
    waits=_by_id(st.floats(0, 100)),
    parked=_by_id(st.builds(Parked, st.floats(0, 100), st.just("it answered 429"))),
    purse=purses,
    paces=_by_id(st.builds(Speed, _seconds, _seconds, _seconds)),
    machine=st.builds(Machine, st.none(), st.none() | st.integers(0, 10**12), st.none() | st.booleans()),
    wall=st.floats(0, 10**9),
)

profiles = st.sampled_from((*PROFILES.values(), Profile("paid", (Tier.PAID, Tier.LOCAL)))) | st.builds(
    Profile,
    st.just("own"),
    slack=st.integers(0, 3),
    best_first=st.booleans(),
    weights=st.builds(Weights, st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
)

choices = st.builds(
    Wanted,
    st.just("auto"),
    st.just(True),
    profile=profiles,
    floor=st.sampled_from(Grade),
    is_minor=st.booleans(),
    avoids=_mostly(frozenset(), st.frozensets(_IDS, max_size=2)),
)
preferring = st.builds(
    replace,
    choices,
    preferred=st.lists(_IDS, max_size=2, unique=True).map(tuple),
    preferred_by=st.just("task:code"),
)
