"""Ways of choosing a model, and the roles that requests play: built in, or as their user wrote them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pointsman.modes import Privacy
from pointsman.types import Ability, Grade, Priority, TaskKind, Tier

AUTO = "auto"
MAIN = "main"  # the role that auto plays


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts between models of one tier. Only the proportions matter."""

    cost: float = 1.0
    time: float = 1.0
    quality: float = 1.0


@dataclass(frozen=True, slots=True)
class Profile:
    """A way of choosing. `slack`: grades below what a task needs that are accepted."""

    name: str
    ladder: tuple[Tier, ...] = tuple(Tier)
    slack: int = 0
    best_first: bool = False  # the best grade first, on whatever rung
    weights: Weights = Weights()
    fallback: tuple[str, ...] = ()
    tasks: Mapping[TaskKind, tuple[str, ...]] = field(default_factory=dict)  # whom it prefers, by kind


BALANCED = Profile("balanced")
PROFILES = MappingProxyType(
    {
        one.name: one
        for one in (
            BALANCED,
            Profile("eco", slack=1, weights=Weights(time=0.0, quality=0.0)),
            Profile("premium", best_first=True, weights=Weights(cost=0.0)),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Role:
    """What a request is for. `model`: the name that plays it; empty: one is chosen for each request."""

    name: str
    model: str = ""
    floor: Grade = Grade.ROUTINE
    needs: Ability = Ability.NONE
    profile: str = ""  # empty: the active one
    prefer: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    is_minor: bool = False  # of two models here, the smaller serves it
    like: str = ""  # the role that it is in all but its name


ROLES = MappingProxyType(
    {
        one.name: one
        for one in (
            Role(MAIN),
            Role("reasoning", MAIN, like=MAIN),
            Role("rlm", needs=Ability.TOOLS, is_minor=True),
            Role("subagent", MAIN, needs=Ability.TOOLS),
            Role("delegation", MAIN, Grade.SIMPLE),
            Role("memory", "", Grade.SIMPLE, is_minor=True),
            Role("compaction", "memory", Grade.SIMPLE, is_minor=True, like="memory"),
            Role("reflection", "memory", Grade.SIMPLE, is_minor=True, like="memory"),
            Role("background", "", Grade.SIMPLE, priority=Priority.BACKGROUND, is_minor=True),
        )
    }
)
BACKGROUND = ROLES["background"]


@dataclass(frozen=True, slots=True)
class AppRules:
    """What holds for all that one program asks."""

    privacy: Privacy = Privacy.ANY  # at the least
    profile: str = ""  # where its requests name none; empty: the role's, or the active one
    floor: Grade | None = None  # where its requests name none; None: the role's
    allow: tuple[str, ...] = ()  # names of the only models that it may use; empty: all


NO_RULES = AppRules()
