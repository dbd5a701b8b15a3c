"""The JSON of what is set of choosing: the profile, aliases, lists by kind of task, roles, presets.

An origin is `built-in`, `configuration` or `command`. As in `shapes`, nothing heavy is imported.
"""

from typing import TypedDict


class WeightsShape(TypedDict):
    """Only the proportions matter."""

    cost: float
    time: float
    quality: float


class ProfileShape(TypedDict):
    name: str
    ladder: list[str]  # tiers, the first tried first
    slack: int  # grades below what a task needs that are accepted
    best_first: bool  # the best grade first, on whatever rung
    weights: WeightsShape
    origin: str


class ProfilesShape(TypedDict):
    active: str
    origin: str  # of what is active
    profiles: list[ProfileShape]


class AliasShape(TypedDict):
    name: str  # may hold `*`
    model: str  # what it was given
    means: str  # the model that is asked first now, or `auto`; empty: none
    missing: bool  # nobody serves what it means now
    origin: str


class AliasesShape(TypedDict):
    aliases: list[AliasShape]


class TaskListShape(TypedDict):
    kind: str
    models: list[str]  # to be taken first, the best first; empty: as the profile has it
    missing: list[str]  # those of them that nobody serves now
    origin: str


class TasksShape(TypedDict):
    tasks: list[TaskListShape]  # every kind there is


class RoleShape(TypedDict):
    name: str
    model: str  # who plays it; empty: one is chosen for each request
    floor: str  # the least grade that may be chosen
    needs: list[str]
    profile: str  # empty: the active one
    prefer: list[str]
    fallback: list[str]
    priority: str
    means: str  # the model that is asked first now, or `auto`; empty: none
    missing: bool  # nobody serves what it means now
    origin: str


class RolesShape(TypedDict):
    roles: list[RoleShape]


class PresetShape(TypedDict):
    preset: str
    set: list[str]  # what it set, for people
    undo: list[str]  # a command for each
