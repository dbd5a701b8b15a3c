"""What a check has to say: how something is, why, and what to do."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, TypedDict


class State(StrEnum):
    """The worst is last. Only a failure makes `doctor` fail."""

    OK = "ok"
    NOTE = "note"  # as it may well be meant
    WARN = "warn"  # it works, and not as well as it could
    FAIL = "fail"  # it does not work


class Where(StrEnum):
    """In whose environment it is so."""

    HERE = "here"
    SERVICE = "service"


class Finding(NamedTuple):
    """For people: `what` is so, because of `why`; `to_do` is a command, or words. Empty: nothing to say."""

    topic: str
    state: State
    what: str
    why: str = ""
    to_do: str = ""
    where: Where = Where.HERE

    @property
    def words(self) -> str:
        return f"{self.what}: {self.why}" if self.why else self.what


class FindingShape(TypedDict):
    topic: str
    state: str  # ok | note | warn | fail
    what: str
    why: str  # empty: `what` says all
    to_do: str  # a command, or words; empty: nothing
    where: str  # here | service: with the environment that the service has


class DoctorShape(TypedDict):
    version: str  # of whoever looked
    findings: list[FindingShape]
    warnings: int
    failures: int  # with one or more of them the exit code is 1


def ok(topic: str, what: str, why: str = "") -> Finding:
    return Finding(topic, State.OK, what, why)


def note(topic: str, what: str, why: str = "", to_do: str = "") -> Finding:
    return Finding(topic, State.NOTE, what, why, to_do)


def warn(topic: str, what: str, why: str, to_do: str) -> Finding:
    return Finding(topic, State.WARN, what, why, to_do)


def fail(topic: str, what: str, why: str, to_do: str) -> Finding:
    return Finding(topic, State.FAIL, what, why, to_do)


def number(findings: Iterable[Finding], state: State) -> int:
    return sum(one.state is state for one in findings)
