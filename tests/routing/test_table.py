"""Who is asked: a table of requests, of who is there, and of what holds; and who answers, and why.

here    small (simple), big (routine)              pay   mini (routine, $1), mid (generation, $5),
free    gift (routine)                                   best (reasoning, $20)
"""

from dataclasses import dataclass, replace
from types import MappingProxyType

import pytest

from pointsman.calls import Call, CallKind, Decision, Hints, Outlook
from pointsman.chat import Chat, Message, Part, PartKind, Role
from pointsman.config.schema import Config
from pointsman.dates import Window
from pointsman.funds import CURVE, Budget, Purse, Stand, wish
from pointsman.modes import Mode, Privacy
from pointsman.money import NANO, Price
from pointsman.profiles import BALANCED, Profile
from pointsman.profiles import Role as Played
from pointsman.routing.names import Names
from pointsman.routing.policy import decide
from pointsman.routing.understand import understand
from pointsman.server.choices import names_of
from pointsman.server.presets import PRESETS
from pointsman.types import Grade, Modality, Model, Priority, TaskKind, Tier
from tests.routing.house import model, snapshot

PLAN = "Plan out the architecture for a new app"
CODE = "Write a Python script to parse JSON"
REWORK = "Refactor the whole codebase to use asyncio"
FACT = "What is the capital of France?"
LATER = "Summarize this doc in the background"
BEAT = "HEARTBEAT"
LOOK = "What is in this picture?"

TEXT = Modality.TEXT


def _paid(name: str, grade: Grade, dollars: int) -> Model:
    price = Price(dollars * NANO, 5 * dollars * NANO)
    return model(f"pay/{name}", tier=Tier.PAID, grade=grade, price=price, reads=TEXT | Modality.IMAGE)


MODELS = MappingProxyType(
    {
        "small": model("here/small", grade=Grade.SIMPLE, parameters=3, reads=TEXT),
        "big": model("here/big", grade=Grade.ROUTINE, parameters=30, reads=TEXT),
        "gift": model("free/gift", tier=Tier.FREE, grade=Grade.ROUTINE, reads=TEXT),
        "mini": _paid("mini", Grade.ROUTINE, 1),
        "mid": _paid("mid", Grade.GENERATION, 5),
        "best": _paid("best", Grade.REASONING, 20),
    }
)
ALL, HERE, CLOUD, PAY = (
    tuple(MODELS),
    ("small", "big"),
    ("gift", "mini", "mid", "best"),
    ("mini", "mid", "best"),
)
NOBODY = ""
SILENT, PLAIN = Hints(), Names()


@dataclass(frozen=True, slots=True)
class Case:
    """`spent`: per cent of a dollar a day. `answers` empty: nobody. `why`: its reason, and * if degraded."""

    says: str
    answers: str
    why: str = ""
    there: tuple[str, ...] = ALL
    asks: str = "auto"
    mode: Mode = Mode.NORMAL
    spent: int = 0
    hints: Hints = SILENT
    names: Names = PLAIN

    def __str__(self) -> str:
        special = [self.asks, "+".join(self.there), self.mode.value, f"{self.spent} %"]
        return f"{self.says[:24]} | {' | '.join(special)} -> {self.answers or 'nobody'}"


def profile(name: str) -> Names:
    return Names(active=name)


MINE = Profile("mine", (Tier.LOCAL,), fallback=("pay/mid",))
MAIN_IS_SMALL = Names(aliases={"main": "here/small"})
MAIN_PAYS = Names(aliases={"main": "pay/best"})
MAIN_IS_SMALL = Names(aliases={"main": "here/small"})
CODE_TO_MID = Names(tasks={TaskKind.CODE: ["pay/mid"]})
LADDER_ENDS = Names(profiles={"balanced": BALANCED, "mine": MINE})
REVIEWER = Names(roles={"reviewer": Played("reviewer", floor=Grade.GENERATION, prefer=("pay/best",))})
CLAUDES_TO_AUTO = Names(aliases={"claude-*": "auto"})
CODE_AND_CLAUDES = replace(CLAUDES_TO_AUTO, tasks=CODE_TO_MID.tasks)
CLAUDES_TO_BIG = Names(aliases={"claude-*": "here/big"})
FALLS_BACK = Names(fallback={"pay/best": ["pay/mid", "local"]})
HYBRID = names_of(
    Config.model_validate({"roles": {name: dict(role) for name, role in PRESETS["hybrid"].roles.items()}})
)
CRITICAL = Hints(priority=Priority.CRITICAL)

CASES = (
    # balanced: here, then free, then paid, among those good enough
    Case(PLAN, "pay/best", "ladder:paid"),
    Case(PLAN, "here/big", "ladder:local*", HERE),
    Case(PLAN, "pay/best", "ladder:paid", CLOUD),
    Case(PLAN, "here/small", "ladder:local*", ("small",)),
    Case(PLAN, "free/gift", "ladder:free*", ("gift", "small")),
    Case(CODE, "here/big", "ladder:local"),
    Case(CODE, "here/big", "ladder:local", HERE),
    Case(CODE, "free/gift", "ladder:free", CLOUD),
    Case(CODE, "pay/mini", "ladder:paid", PAY),
    Case(CODE, "here/small", "ladder:local*", ("small",)),
    Case(CODE, "free/gift", "ladder:free", ("small", "gift")),
    Case(REWORK, "pay/mid", "ladder:paid"),
    Case(REWORK, "here/big", "ladder:local*", HERE),
    Case(REWORK, "pay/best", "ladder:paid", ("best", "big")),
    Case(FACT, "here/big", "ladder:local"),
    Case(FACT, "pay/mini", "ladder:paid", PAY),
    Case(FACT, "free/gift", "ladder:free", ("small", "gift", "mini")),
    Case(FACT, NOBODY, there=()),
    # what nobody waits for: the smaller one here, then what is cheapest
    Case(LATER, "here/small", "ladder:local"),
    Case(LATER, "free/gift", "ladder:free", CLOUD),
    Case(LATER, "pay/mini", "ladder:paid", PAY),
    Case(LATER, "here/big", "ladder:local", ("big", "mini")),
    Case(BEAT, "here/small", "ladder:local"),
    Case(BEAT, "pay/mini", "ladder:paid", PAY),
    Case(LATER, "pay/mini", "ladder:paid", PAY, names=MAIN_PAYS, asks="background"),
    Case(LATER, NOBODY, there=("best",), names=MAIN_PAYS, asks="background"),
    Case(BEAT, "here/small", "ladder:local", names=profile("premium")),
    Case(LATER, "here/small", "ladder:local", names=MAIN_PAYS),
    Case(LATER, "here/big", "ladder:local", names=MAIN_IS_SMALL),
    Case(LATER, "here/small", "ladder:local", ("small", "mini"), names=MAIN_IS_SMALL),
    Case(FACT, "pay/best", "alias:main", names=MAIN_PAYS),
    Case(LATER, "here/big", "ladder:local", names=MAIN_IS_SMALL),
    Case(LATER, "here/small", "ladder:local", ("small", "gift", "mini"), names=MAIN_IS_SMALL),
    # eco: a grade less will do
    Case(PLAN, "pay/mid", "ladder:paid", asks="auto:eco"),
    Case(REWORK, "here/big", "ladder:local", asks="auto:eco"),
    Case(CODE, "here/big", "ladder:local", names=profile("eco")),
    Case(CODE, "pay/mini", "ladder:paid", ("small", "mini"), names=profile("eco")),
    Case(CODE, "free/gift", "ladder:free", CLOUD, asks="auto:eco"),
    Case(PLAN, "here/big", "ladder:local*", HERE, asks="auto:eco"),
    # premium: the best, wherever it is
    Case(CODE, "pay/best", "ladder:paid", asks="auto:premium"),
    Case(FACT, "pay/best", "ladder:paid", names=profile("premium")),
    Case(FACT, "here/big", "ladder:local", HERE, asks="auto:premium"),
    Case(CODE, "pay/mid", "ladder:paid", ("mid", "mini", "big"), hints=Hints(profile="premium")),
    Case(PLAN, "pay/best", "ladder:paid", asks="auto:premium"),
    # the preset hybrid: main is paid, its workers are here where they are good enough
    Case(FACT, "pay/best", "ladder:paid", names=HYBRID),
    Case(CODE, "pay/best", "ladder:paid", names=HYBRID),
    Case(CODE, "pay/mid", "ladder:paid", ("small", "big", "mid"), names=HYBRID),
    Case(CODE, "here/big", "ladder:local*", names=HYBRID, spent=100),
    Case(CODE, "here/big", "ladder:local*", names=HYBRID, mode=Mode.LOCAL_ONLY),
    Case(CODE, "here/big", "ladder:local", asks="subagent", names=HYBRID),
    Case(CODE, "free/gift", "ladder:free", CLOUD, asks="rlm", names=HYBRID),
    Case(CODE, "here/big", "ladder:local", asks="delegation", names=HYBRID),
    Case(LATER, "here/small", "ladder:local", names=HYBRID),
    # modes, and the presets that set them: zero is no-paid, offline is local-only
    Case(PLAN, "here/big", "ladder:local*", mode=Mode.NO_PAID),
    Case(CODE, "free/gift", "ladder:free", CLOUD, mode=Mode.NO_PAID),
    Case(REWORK, "free/gift", "ladder:free*", CLOUD, mode=Mode.NO_PAID),
    Case(CODE, NOBODY, there=PAY, mode=Mode.NO_PAID),
    Case(CODE, "here/big", "ladder:local", mode=Mode.LOCAL_ONLY),
    Case(CODE, NOBODY, there=CLOUD, mode=Mode.LOCAL_ONLY),
    Case(PLAN, "here/small", "ladder:local*", ("small", "gift", "best"), mode=Mode.LOCAL_ONLY),
    Case(CODE, NOBODY, mode=Mode.PAUSED),
    Case(FACT, NOBODY, asks="pay/best", mode=Mode.NO_PAID),
    # as a budget is used up
    Case(PLAN, "pay/best", "ladder:paid", spent=79),
    Case(PLAN, "pay/mid", "ladder:paid*", spent=85),
    Case(PLAN, "pay/mid", "ladder:paid*", spent=92),
    Case(PLAN, "here/big", "ladder:local*", spent=97),
    Case(PLAN, "here/big", "ladder:local*", spent=100),
    Case(PLAN, "pay/best", "ladder:paid", spent=97, hints=CRITICAL),
    Case(PLAN, "here/big", "ladder:local*", spent=100, hints=CRITICAL),
    Case(CODE, "pay/mini", "ladder:paid", PAY, spent=92),
    Case(CODE, NOBODY, there=PAY, spent=97),
    Case(CODE, "free/gift", "ladder:free", CLOUD, spent=100),
    Case(FACT, "pay/best", "named", asks="pay/best", spent=85),
    Case(FACT, NOBODY, asks="pay/best", spent=92),
    Case(FACT, "pay/best", "named", asks="pay/best", spent=92, hints=CRITICAL),
    Case(CODE, "here/big", "ladder:local", asks="auto:premium", spent=97),
    # roles
    Case(FACT, "here/small", "ladder:local", asks="memory"),
    Case(FACT, "here/small", "ladder:local", hints=Hints(role="compaction")),
    Case(FACT, "here/big", "ladder:local", asks="rlm"),
    Case(FACT, "here/big", "ladder:local", asks="delegation"),
    Case(FACT, "pay/best", "alias:subagent", asks="subagent", names=MAIN_PAYS),
    Case(PLAN, "pay/best", "ladder:paid", asks="memory"),
    Case(FACT, "pay/best", "role:reviewer", asks="reviewer", names=REVIEWER),
    Case(FACT, "pay/mid", "ladder:paid", ("mid", "mini", "big"), asks="reviewer", names=REVIEWER),
    # preferences by kind go before the ladder, and no further than the rules
    Case(CODE, "pay/mid", "task:code", names=CODE_TO_MID),
    Case(FACT, "here/big", "ladder:local", names=CODE_TO_MID),
    Case(CODE, "here/big", "ladder:local", names=CODE_TO_MID, mode=Mode.LOCAL_ONLY),
    Case(FACT, "pay/mid", "task:code", names=CODE_TO_MID, hints=Hints(kind=TaskKind.CODE)),
    Case(CODE, "here/big", "named", asks="here/big", names=CODE_TO_MID),
    # who is not on a ladder may be in its list of fallbacks, and is asked when all others have failed
    Case(PLAN, "here/big", "ladder:local*", asks="auto:mine", names=LADDER_ENDS),
    Case(PLAN, "pay/mid", "fallback:mine*", CLOUD, asks="auto:mine", names=LADDER_ENDS),
    Case(PLAN, NOBODY, there=("best",), asks="auto:mine", names=LADDER_ENDS),
    Case(PLAN, NOBODY, there=CLOUD, asks="auto:mine", names=LADDER_ENDS, mode=Mode.NO_PAID),
    # but a floor that is demanded goes before them, and holds in the background too
    Case(CODE, "pay/best", "ladder:paid", names=CODE_TO_MID, hints=Hints(floor=Grade.REASONING)),
    Case(CODE, "pay/best", "ladder:paid", asks="claude-opus-4", names=CODE_AND_CLAUDES),
    Case(LATER, "pay/best", "ladder:paid", hints=Hints(floor=Grade.REASONING)),
    # names
    Case(PLAN, "here/small", "named", asks="small"),
    Case(FACT, "pay/best", "named", asks="pay/best"),
    Case(FACT, "here/big", "alias:claude-x", asks="claude-x", names=CLAUDES_TO_BIG),
    Case(FACT, "pay/best", "ladder:paid", asks="claude-opus-4", names=CLAUDES_TO_AUTO),
    Case(FACT, "here/big", "fallback:pay/best", asks="pay/best", names=FALLS_BACK, spent=100),
    Case(FACT, "pay/mid", "fallback:pay/best", asks="pay/best", names=FALLS_BACK, spent=92),
    # what a request says of itself
    Case(FACT, "pay/best", "ladder:paid", hints=Hints(floor=Grade.REASONING)),
    Case(CODE, "pay/mid", "ladder:paid", hints=Hints(revises=True)),
    Case(PLAN, "here/big", "ladder:local*", hints=Hints(privacy=Privacy.LOCAL)),
    Case(CODE, NOBODY, there=CLOUD, hints=Hints(privacy=Privacy.LOCAL)),
    Case(PLAN, "here/big", "ladder:local*", hints=Hints(at_most=1)),
    Case(LOOK, "pay/mini", "ladder:paid"),
    Case(LOOK, NOBODY, there=(*HERE, "gift")),
    Case(LOOK, NOBODY, asks="here/big"),
)


def _call(case: Case) -> Call:
    parts = [Part(PartKind.TEXT, case.says)]
    parts += [Part(PartKind.IMAGE)] if case.says == LOOK else []
    chat = Chat((Message(Role.USER, tuple(parts)),))
    return Call(CallKind.CHAT, "openai.chat", case.asks, {}, 100, chat=chat, hints=case.hints)


def _decision(case: Case) -> Decision:
    known = snapshot(*(MODELS[name] for name in case.there))
    wanted, task = understand(_call(case), case.names, known)
    day = Stand(Budget("day", Window.DAY, NANO), case.spent * NANO // 100)
    wished = () if task.at_most is None else (Stand(wish(task.at_most), 0),)
    outlook = Outlook(purse=Purse((day, *wished), curve=CURVE))
    return decide("d", wanted, replace(task, mode=case.mode), known, outlook)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_is_answered_by_whom_the_rules_say(case: Case) -> None:
    candidates = _decision(case).candidates
    first = candidates[0] if candidates else None
    assert (first.model.id if first else NOBODY) == case.answers
    if first is not None:
        assert first.reason + "*" * first.degraded == case.why


@pytest.mark.parametrize("case", CASES, ids=str)
def test_who_does_not_answer_is_left_out_by_a_rule_or_comes_later(case: Case) -> None:
    decision = _decision(case)
    left_out = [id_ for one in decision.excluded for id_ in one.models]
    told = sorted([*left_out, *(one.model.id for one in decision.candidates)])
    assert told == sorted(MODELS[name].id for name in case.there)
    assert all(one.rule and one.reason for one in decision.excluded)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (Case(FACT, "", hints=Hints(floor=Grade.REASONING)), "floor:reasoning (X-Pointsman-Floor)"),
        (Case(FACT, "", asks="claude-opus-4", names=CLAUDES_TO_AUTO), "floor:reasoning (claude-opus-4)"),
        (Case(FACT, ""), "floor:routine (main)"),
        (Case(FACT, "", asks="reviewer", names=REVIEWER), "floor:generation (reviewer)"),
    ],
    ids=str,
)
def test_a_floor_says_whose_it_is(case: Case, reason: str) -> None:
    assert reason in _decision(case).task.reasons
