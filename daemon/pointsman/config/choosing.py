"""How a model is chosen: the sections for roles and profiles."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field

from pointsman.config.fields import (
    Flag,
    Names,
    Says,
    Section,
    Share,
    Signs,
    Table,
    Text,
    Unset,
    Word,
    empty,
)
from pointsman.config.readers import read_names
from pointsman.profiles import PROFILES, ROLES, Profile, Role, Weights
from pointsman.types import Grade, Priority, TaskKind, Tier

BUILT_IN_PROFILES = tuple(PROFILES)


class ChoosingConfig(Section):
    mentions: Flag = Field(
        default=True,
        description="A first word `@name` in what the user typed last calls the alias, role or model of that "
        "name for this request, and is taken off what is sent. Where nobody is called that, it is text.",
    )
    signs: Table[Word[TaskKind], Signs] = Field(
        default_factory=empty,
        description="Words of your own that say which kind of task a request is, louder than any other sign: "
        "[routing.md](routing.md#signs) says how they are written.",
    )


class RoleConfig(Section):
    """What a client may send as `model`, and what happens then."""

    model: Annotated[Text | None, Unset("chosen for each request")] = Field(
        default=None, description="The model, alias or other role that plays it."
    )
    floor: Annotated[Word[Grade] | None, Unset("the role's own, else routine")] = Field(
        default=None, description="The least grade of a model that may be chosen."
    )
    profile: Annotated[Text | None, Unset("the active one")] = Field(
        default=None, description="The profile by which a model is chosen."
    )
    prefer: Annotated[Names, Unset("none")] = Field(
        default=(), description="Models that are taken before others, the best first."
    )
    fallback: Annotated[Names, Unset("those of [fallback]")] = Field(
        default=(), description="Who is asked when the model fails, in this order."
    )
    priority: Word[Priority] = Field(
        default=Priority.NORMAL, description="Who goes first when the budget or a queue runs short."
    )

    def to_role(self, name: str) -> Role:
        """What is left out is as it is built in, of a role of that name."""
        built_in = ROLES.get(name, Role(name))
        given = self.model_fields_set
        return replace(
            built_in,
            model=built_in.model if self.model is None else self.model,
            floor=built_in.floor if self.floor is None else self.floor,
            profile=self.profile or "",
            prefer=self.prefer,
            fallback=self.fallback,
            priority=self.priority if "priority" in given else built_in.priority,
            like=built_in.like if given <= {"model"} else "",
        )


def _model_alone(value: object) -> object:
    """`reviewer = "opus"` is short for `reviewer = { model = "opus" }`."""
    return {"model": value} if isinstance(value, str) else value


RoleField = Annotated[RoleConfig, BeforeValidator(_model_alone), Says("a name in quotes, or a table")]


class WeightsConfig(Section):
    """What counts between models of one tier. Only the proportions matter."""

    cost: Share = Field(default=1.0, description="The weight of the expected cost, no unit.")
    time: Share = Field(default=1.0, description="The weight of the expected time, no unit.")
    quality: Share = Field(
        default=1.0, description="The weight of the quality for the kind of task, no unit."
    )


class ProfileConfig(Section):
    """A way of choosing of the user's own. What it leaves out is as in `balanced`."""

    ladder: Annotated[
        tuple[Word[Tier], ...], BeforeValidator(read_names), Says("a list of local, free, paid")
    ] = Field(default=tuple(Tier), description="The tiers that may answer, the first tried first.")
    slack: Annotated[int, Field(ge=0, le=3), Says("a whole number from 0 to 3")] = Field(
        default=0, description="How many grades below what the task needs are accepted."
    )
    weights: WeightsConfig = Field(
        default_factory=WeightsConfig, description="What counts between models of one tier."
    )
    fallback: Annotated[Names, Unset("those of [fallback]")] = Field(
        default=(), description="Who is asked next when the chosen model fails, in this order."
    )
    tasks: Table[Word[TaskKind], Names] = Field(
        default_factory=empty, description="Preference lists by kind of task, for this profile alone."
    )

    def to_profile(self, name: str) -> Profile:
        weights = Weights(self.weights.cost, self.weights.time, self.weights.quality)
        return Profile(
            name, self.ladder, self.slack, weights=weights, fallback=self.fallback, tasks=self.tasks
        )


class ProfilesConfig(Section):
    """`active`, and the tables of the profiles that the user defines."""

    model_config = ConfigDict(extra="allow")
    others = ProfileConfig
    __pydantic_extra__: dict[str, ProfileConfig] = Field(init=False)

    active: Text = Field(
        default="balanced", description="The profile in force: eco, balanced, premium, or one defined here."
    )

    @property
    def defined(self) -> Mapping[str, ProfileConfig]:
        return MappingProxyType(self.__pydantic_extra__)
