"""What is asked, what is decided about it, and what is done: frozen values, but for the attempt under way.

A *call* came in and is a *task* for some model; a *candidate* may be asked, and an *attempt* was. `None`
always means *unknown*, never zero.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from math import ceil
from typing import NamedTuple, overload

from pointsman.chat import CONTENT, Chat, Event
from pointsman.errors import UpstreamError
from pointsman.funds import EMPTY, NOBODY, Caller, Purse
from pointsman.modes import Mode, Privacy
from pointsman.money import Usage
from pointsman.profiles import BALANCED, Profile
from pointsman.types import Ability, Complexity, Grade, Modality, Model, Priority, TaskKind

LONG = 120.0  # seconds, from which a wait is told in minutes
PARKED = "parked"  # the rule that leaves out what failed, or said "not now", a moment ago


class CallKind(StrEnum):
    """What is asked of a model."""

    CHAT = "chat"
    COMPLETION = "completion"  # the continuation of a text
    EMBEDDING = "embedding"
    COUNT = "count"  # how many tokens a chat would take; nothing is written


@dataclass(frozen=True, slots=True)
class Hints:
    """What a client says about its request in `X-Pointsman-*` headers."""

    app: str = ""
    privacy: Privacy = Privacy.ANY
    priority: Priority | None = None  # None: its role's
    role: str = ""
    profile: str = ""
    floor: Grade | None = None
    kind: TaskKind | None = None
    at_most: int | None = None  # nano-dollars that it may cost
    session: str = ""
    revises: bool = False  # it asks anew for what was just answered


@dataclass(frozen=True, slots=True)
class Call:
    """What came in. `fields` holds each top-level field's JSON as it was sent, opaque outside `wire`."""

    kind: CallKind
    format: str  # a key of wire.formats.FORMATS
    model: str  # as the client wrote it; empty: it leaves the choice to us
    fields: Mapping[str, object]
    size: int  # bytes of the body
    stream: bool = False
    wants_usage: bool = False  # of a stream: it asked for usage itself
    thinks: bool = False  # it asks the model to think before it answers
    max_tokens: int | None = None
    choices: int = 1
    chat: Chat | None = None  # of other calls than chats: a message for each text
    untranslatable: str = ""  # a field that no other dialect can carry; empty: none
    headers: Mapping[str, str] = field(default_factory=dict)  # of the client's, those that go up
    hints: Hints = Hints()
    extras: frozenset[str] = frozenset()  # what it asks for that costs more than its tokens: wire.extras
    caches: bool = False  # it marks something to be kept in a cache
    caches_for_hour: bool = False  # some of that for an hour
    mention: str = ""  # whom its user means by a first word `@name`, which has been taken off: before `model`

    @property
    def asked(self) -> str:
        """Whom it asks for, as it was written."""
        return f"@{self.mention}" if self.mention else self.model


@dataclass(frozen=True, slots=True)
class Task:
    """What a call asks of a model. `prompt_tokens` is an estimate that errs on the high side."""

    grade: Grade  # the least that will do
    needs: Ability
    reads: Modality
    prompt_tokens: int
    max_tokens: int | None
    privacy: Privacy
    kind: TaskKind = TaskKind.GENERAL
    complexity: Complexity = Complexity.STANDARD
    prompt_ceiling: int = 0  # tokens the prompt can't exceed, whatever the model's vocabulary
    untranslatable: str = ""  # a field that only an OpenAI API can be asked with; empty: none
    format: str = "openai.chat"  # the call's
    priority: Priority = Priority.NORMAL
    mode: Mode = Mode.NORMAL  # in force when it was asked
    caller: Caller = NOBODY
    at_most: int | None = None  # nano-dollars that an answer may cost
    text_bytes: int = 0  # of all that is read as text, whatever it comes to in tokens
    extra_tokens: int = 0  # that the prompt has at the most besides: templates, images
    expected_output: int = 8_192  # tokens, of a standard task
    extras: frozenset[str] = frozenset()  # all it asks for but text, in the words of `Price.unpriced`
    reasons: tuple[str, ...] = ()
    stays_with: str = ""  # the model that answered in this conversation last, while its cache may last
    in_tool_loop: bool = False  # it brings what a tool was called for, and the answer goes on


class Parked(NamedTuple):
    """A model that may not be asked before `until`, on the event loop's clock."""

    until: float
    reason: str
    limited: bool = False  # by a rate limit or a quota

    def words(self, now: float) -> str:
        """`parked for 43 s more: it answered 429`, or for `4 min`, `4 h 10 min`."""
        return f"parked for {lasting(self.until - now)} more: {self.reason}"


class Speed(NamedTuple):
    """How quick a model was seen to be, in seconds. None: that was not seen yet."""

    read: float | None = None  # for each token of a prompt that is new to it
    written: float | None = None  # for each token
    load: float | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine can do now. None: it is not known."""

    memory: int | None = None  # bytes, all there are
    available: int | None = None  # bytes that a model could be loaded into
    on_battery: bool | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the gate, the queues and this machine know at this moment; by model, where it is a mapping."""

    in_flight: Mapping[str, int] = field(default_factory=dict)  # requests being answered
    waits: Mapping[str, float] = field(default_factory=dict)  # seconds a new request would wait
    parked: Mapping[str, Parked] = field(default_factory=dict)
    now: float = 0.0  # on the event loop's clock
    purse: Purse = EMPTY
    paces: Mapping[str, Speed] = field(default_factory=dict)
    machine: Machine = Machine()
    wall: float = 0.0  # the time of day, for prices that it changes


@dataclass(frozen=True, slots=True)
class Candidate:
    model: Model
    reason: str  # a short code for `X-Pointsman-Reason`
    degraded: bool = False
    context: int | None = None  # tokens to ask the engine for, in its own dialect; None: as it is


class Ranking(Sequence[Candidate]):
    """Candidates in order, each made when somebody looks at it: seldom more than the first of a thousand."""

    def __init__(self, length: int, candidates: Iterator[Candidate]) -> None:
        self._length = length
        self._made: list[Candidate] = []
        self._rest = candidates

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Candidate: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Candidate]: ...
    def __getitem__(self, index: int | slice) -> Candidate | Sequence[Candidate]:
        places = range(self._length)[index]
        last = places if isinstance(places, int) else max(places, default=-1)
        self._made += islice(self._rest, max(0, last + 1 - len(self._made)))
        return self._made[places] if isinstance(places, int) else [self._made[place] for place in places]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as of all that is a list


@dataclass(frozen=True, slots=True)
class Excluded:
    """The models, by id, that one rule leaves out for one reason."""

    rule: str
    reason: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the name in a request means: a choice left to us, or models in the user's own order."""

    asked: str
    chosen: bool  # True: Pointsman chooses among all
    models: tuple[str, ...] = ()  # ids, when it does not
    named: int = 0  # how many of them, from the first, the name itself means; the rest are its fallbacks
    via: str = ""  # the role or alias it came by
    missing: tuple[str, ...] = ()  # names in the user's lists that nobody serves now
    role: str = ""  # the role that it plays; empty: none
    profile: Profile = BALANCED  # by which we choose
    floor: Grade = Grade.ROUTINE  # the least grade that may be chosen
    needs: Ability = Ability.NONE  # what the role asks of a model
    priority: Priority | None = None  # the role's
    is_minor: bool = False  # of two models here, the smaller serves it
    preferred: tuple[str, ...] = ()  # ids of those that come first, on whatever rung
    preferred_by: str = ""  # whose wish that is: a short code
    fallback: tuple[str, ...] = ()  # ids of those that are asked next when the chosen one fails
    fallback_by: str = ""  # whose list that is
    avoids: frozenset[str] = frozenset()  # ids of those that it never gets
    spares: frozenset[str] = frozenset()  # ids of those here that it gets after all others of their rung
    allowed: frozenset[str] | None = None  # ids of the only ones that its program may use; None: all


@dataclass(frozen=True, slots=True)
class Decision:
    """A pure result: who may answer, in which order, and why everyone else may not."""

    id: str
    wanted: Wanted
    task: Task
    candidates: Sequence[Candidate]
    excluded: tuple[Excluded, ...]  # in the order in which the rules first spoke
    parked: tuple[Model, ...] = ()  # those of the excluded that may answer when they are no longer parked
    spending: str = ""  # what holds spending back; empty: nothing does


def some(models: Sequence[str], most: int = 3) -> str:
    """`a/one, b/two, c/three and 12 more`"""
    more = len(models) - most
    return ", ".join(models[:most]) + (f" and {more:,} more" if more > 0 else "")


def lasting(seconds: float) -> str:
    """`a moment`, `43 s`, `4 min`, `4 h 10 min`; what is left of a minute counts as one."""
    if seconds <= LONG:
        return f"{seconds:.0f} s" if seconds >= 0.5 else "a moment"
    hours, minutes = divmod(ceil(round(seconds) / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


class Frame(NamedTuple):
    """A piece of a streamed answer: bytes ready for a client of the same dialect, and what they say."""

    raw: bytes
    events: tuple[Event, ...] = ()

    @property
    def has_content(self) -> bool:
        return any(event.kind in CONTENT for event in self.events)


@dataclass(frozen=True, slots=True)
class Whole:
    """A plain answer, read whole and found sound. `text_size` counts its characters."""

    body: bytes
    usage: Usage | None
    text_size: int


class Empty(UpstreamError):
    """A plain answer that is whole and says nothing. What it read costs money all the same."""

    def __init__(self, usage: Usage | None) -> None:
        super().__init__("its answer is empty")
        self.usage = usage


class Outcome(StrEnum):
    """How an attempt ended."""

    OPEN = "open"  # not ended: what a crash leaves behind
    OK = "ok"
    FAILED = "failed"
    CUT = "cut"  # it failed after content had been passed on
    CANCELLED = "cancelled"  # the client went away
    LOST = "lost"  # Pointsman itself was ended in the midst of it: found open at the next start


@dataclass(slots=True)
class Attempt:
    """One try at one model: one row of the ledger. Written down before it is made, then filled in.

    Times are seconds since the request came in. Amounts are nano-dollars, None: unknown.
    """

    model: str
    endpoint: str
    tier: str
    started: float
    outcome: Outcome = Outcome.OPEN
    status: int | None = None
    error: str = ""
    first_content: float | None = None
    ended: float | None = None
    usage: Usage | None = None
    cost: int | None = None  # what counts: as its provider told it, else by its price
    priced: int | None = None  # by its price
    is_told: bool = False  # the cost is its provider's own word
    reserved: int | None = None  # what was set aside for it, and counts as spent while it is open
    provider: str = ""
    at: float = 0.0  # wall clock, when it was let go
    day: int = 0  # of the calendar, for which its cost counts: an ordinal
