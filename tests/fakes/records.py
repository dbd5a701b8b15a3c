"""Finished requests, as a router would hand them to the ledger."""

from dataclasses import replace
from typing import Any

from pointsman.calls import Attempt, Candidate, Decision, Excluded, Outcome, Task, Wanted
from pointsman.ledger.record import RequestRecord
from pointsman.modes import Privacy
from pointsman.money import Usage
from pointsman.types import Ability, Account, Endpoint, FoundBy, Grade, Modality, Model, Place, Tier

ENDPOINT = Endpoint(
    id="local",
    provider="llama-server",
    place=Place("http://127.0.0.1:8080/v1"),
    found_by=FoundBy.PORT,
    tier=Tier.LOCAL,
    account=Account(id="local", key="sk-never-written-down"),
)
MODEL = Model(id="local/tiny", name="tiny", served_as="tiny", endpoint=ENDPOINT, tier=Tier.LOCAL)
TASK = Task(
    grade=Grade.ROUTINE,
    needs=Ability.TOOLS | Ability.JSON,
    reads=Modality.TEXT,
    prompt_tokens=120,
    max_tokens=None,
    privacy=Privacy.ANY,
    reasons=("short question",),
)


def decision(id: str = "r1", **changes: Any) -> Decision:  # noqa: A002 - it is the id
    base = Decision(
        id=id,
        wanted=Wanted(asked="auto", chosen=True),
        task=TASK,
        candidates=(Candidate(MODEL, "cheapest"),),
        excluded=(Excluded("budget", "no budget set", ("cloud/big",)),),
    )
    return replace(base, **changes)


def attempt(**changes: Any) -> Attempt:
    base = Attempt(
        model="local/tiny",
        endpoint="local",
        tier="local",
        started=0.001,
        outcome=Outcome.OK,
        status=200,
        first_content=0.2,
        ended=0.5,
        usage=Usage(input=100, output=20),
        cost=0,
    )
    return replace(base, **changes)


def record(id: str = "r1", at: float = 1_800_000_000.0, **changes: Any) -> RequestRecord:  # noqa: A002
    base = RequestRecord(
        id=id,
        at=at,
        app="",
        format="openai.chat",
        asked="auto",
        stream=False,
        status=200,
        answered_by="local/tiny",
        tier="local",
        reason="cheapest",
        error="",
        seconds=0.5,
        decision=decision(id),
        attempts=(attempt(),),
    )
    return replace(base, **changes)
