"""Endpoints, models and tasks that tests name by what matters, and any at all for property tests."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from pointsman.calls import Outlook, Task
from pointsman.modes import Mode, Privacy
from pointsman.profiles import Role
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
    Snapshot,
    Tier,
)


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


@st.composite
def _models(draw: st.DrawFn) -> Model:
    at = draw(endpoints)
    name = draw(st.sampled_from(("one", "two", "three", "four")))
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
)

outlooks = st.dictionaries(st.sampled_from(("a/one", "b/two")), st.integers(1, 3), max_size=2).map(Outlook)
