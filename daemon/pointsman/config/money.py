"""What may be spent: the sections for budgets, for what happens as they run out, and for programs."""

from decimal import Decimal
from itertools import pairwise
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints

from pointsman.config.fields import (
    Flag,
    Names,
    Says,
    Section,
    Text,
    Unset,
    UsdOrNone,
    Word,
)
from pointsman.config.readers import one_of, wrong
from pointsman.dates import Window
from pointsman.funds import CURVE, TOTAL, Budget, Scope, Turn
from pointsman.modes import Privacy
from pointsman.money import to_nano
from pointsman.profiles import AppRules
from pointsman.steps import Step
from pointsman.types import Grade

A_CURVE = 'a list of [share, step] pairs, such as [[0.80, "thrifty"], [1.00, "free"]]'
A_SCOPE = "total, or one of provider:, model:, app:, role:, user: with a name after it"


def _curve(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise wrong(f"must be {A_CURVE}")
    turns = tuple(_turn(pair) for pair in value)
    shares = [turn.share for turn in turns]
    if any(later <= earlier for earlier, later in pairwise(shares)):
        raise wrong("must have shares that rise from pair to pair")
    return turns


def _turn(pair: object) -> Turn:
    if isinstance(pair, Turn):
        return pair
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise wrong(f"must be {A_CURVE}")
    share, step = pair
    if isinstance(share, bool) or not isinstance(share, int | float | Decimal) or not 0 <= share <= 1:
        raise wrong("must have shares from 0 to 1")
    return Turn(float(share), one_of(Step)(step))


def _pairs(turns: tuple[Turn, ...]) -> list[list[object]]:
    return [[turn.share, turn.step.value] for turn in turns]


class Allowance(Section):
    """So much for so long."""

    window: Word[Window] = Field(
        description="How long the limit holds; a new window starts with the calendar's, in local time."
    )
    limit: UsdOrNone = Field(
        description='US dollars in one window. 0: nothing that costs money. "none": as much as it '
        "likes, which is counted."
    )
    hard: Flag = Field(default=True, description="true: refused above the limit. false: only told.")
    unpriced: Flag = Field(
        default=False,
        description="true: models whose price is not known may be used under it; they count nothing.",
    )

    def to_budget(self, name: str, scope: Scope) -> Budget:
        """As it is counted: in nano-dollars."""
        limit = None if self.limit is None else to_nano(self.limit)
        return Budget(name, self.window, limit, self.hard, scope, self.unpriced)


class BudgetConfig(Allowance):
    scope: Annotated[
        str, StringConstraints(pattern=r"^(total|(provider|model|app|role|user):\S.*)$"), Says(A_SCOPE)
    ] = Field(default=TOTAL, description="Whose spending counts.")

    @property
    def whose(self) -> Scope:
        kind, _, name = self.scope.partition(":")
        return Scope(kind, name)


class DegradationConfig(Section):
    curve: Annotated[tuple[Turn, ...], BeforeValidator(_curve), PlainSerializer(_pairs), Says(A_CURVE)] = (
        Field(
            default=CURVE,
            description="What happens from which share (0 to 1) of a budget on; of several budgets the "
            "highest share counts. Below the first: normal. The steps: normal, thrifty, lean, "
            "reserve, free (nothing paid), local (nothing elsewhere). []: nothing is held back before a "
            "budget is used up.",
        )
    )


class AppConfig(Section):
    budget: Annotated[Allowance | None, Unset("none of its own")] = Field(
        default=None, description="What this program may spend. Its budget has the program's name."
    )
    privacy: Word[Privacy] = Field(
        default=Privacy.ANY,
        description="local: its prompts never leave this machine. no-train: never to who trains on them.",
    )
    profile: Annotated[Text | None, Unset("the active one")] = Field(
        default=None, description="The profile by which its models are chosen."
    )
    allow: Annotated[Names, Unset("all")] = Field(
        default=(),
        description="The only models that it may use, by name; `local` and `free` are all of that tier.",
    )
    floor: Annotated[Word[Grade] | None, Unset("the role's")] = Field(
        default=None, description="The least grade of a model that may be chosen for it."
    )

    def to_rules(self) -> AppRules:
        return AppRules(self.privacy, self.profile or "", self.floor, self.allow)
