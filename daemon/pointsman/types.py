"""The vocabulary: frozen values that every room speaks, and nothing that does I/O.

A *provider* is known, an *endpoint* is there, a *model* is served by it, a *candidate* may be asked, and an
*attempt* was. Units are in the names or in the docstrings. `None` always means *unknown*, never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, Flag, IntEnum, StrEnum, auto
from typing import NamedTuple
from urllib.parse import urlsplit

from pointsman.chat import CONTENT, Chat, Event
from pointsman.modes import Mode, Privacy
from pointsman.money import Price, Usage

PARKED = "parked"  # the rule that leaves out what failed, or said "not now", a moment ago


class Tier(IntEnum):
    """The ladder: what runs here, then what costs nothing, then what costs money."""

    LOCAL = 0
    FREE = 1
    PAID = 2

    @property
    def word(self) -> str:
        return self.name.lower()


def tier_word(tier: Tier | None) -> str:
    return "unknown" if tier is None else tier.word


class Grade(IntEnum):
    """What a model can be trusted with, and what a task needs."""

    SIMPLE = 0
    ROUTINE = 1
    GENERATION = 2
    REASONING = 3


class CallKind(StrEnum):
    """What is asked of a model."""

    CHAT = "chat"
    COMPLETION = "completion"  # the continuation of a text
    EMBEDDING = "embedding"


class Priority(IntEnum):
    """Who goes first where requests wait in line: the smaller number."""

    CRITICAL = 0
    NORMAL = 1
    BACKGROUND = 2


class Dialect(StrEnum):
    """A family of wire formats."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    OLLAMA = "ollama"


class Ability(Flag):
    NONE = 0
    CHAT = auto()
    TOOLS = auto()
    JSON = auto()
    EMBEDDINGS = auto()
    THINKING = auto()


class Modality(Flag):
    NONE = 0
    TEXT = auto()
    IMAGE = auto()
    AUDIO = auto()
    VIDEO = auto()
    FILE = auto()


def flag_names(flags: Flag) -> list[str]:
    """The members of an `Ability` or a `Modality`; a flag's own name is `A|B`."""
    return (flags.name or "").lower().split("|") if flags else []


class ModelState(StrEnum):
    """Where a model is. All but FAILED can be asked; what is not loaded costs a load."""

    LOADED = "loaded"
    SLEEPING = "sleeping"
    UNLOADED = "unloaded"
    LOADING = "loading"
    FAILED = "failed"


class Health(StrEnum):
    """What the last look at an endpoint saw."""

    UP = "up"
    LOADING = "loading"
    SILENT = "silent"  # it takes connections and does not answer: asked when nobody else can be
    AWAY = "away"
    REFUSED = "refused"  # it answered, and would not let us in: a key is missing or wrong
    SIGN_IN = "sign-in"  # it tells anybody what it has, and answers only who has a key


class FoundBy(StrEnum):
    """How Pointsman came to know of a place; what it serves is told by the place itself."""

    PORT = "port"  # an engine usually listens there
    ENVIRONMENT = "environment"  # OLLAMA_HOST and its like name an engine's address
    PROCESS = "process"  # an engine runs, and this is where it listens
    CONFIG = "config"
    KEY = "key"  # a cloud's: in the environment, or given to `pointsman keys set`
    OPEN = "open"  # a cloud that gives its list without a key

    @property
    def by_looking(self) -> bool:
        """What was looked for on this machine, and not named by anybody."""
        return self in {FoundBy.PORT, FoundBy.ENVIRONMENT, FoundBy.PROCESS}


class Auth(Enum):
    """Where a provider wants its key."""

    NONE = "none"
    BEARER = "authorization"
    X_API_KEY = "x-api-key"
    X_GOOG_API_KEY = "x-goog-api-key"


@dataclass(frozen=True, slots=True)
class Account:
    """What limits, credit and 401s belong to: a provider and one key. The key never leaves in a repr."""

    id: str
    key: str = field(repr=False)
    auth: Auth = Auth.BEARER


@dataclass(frozen=True, slots=True)
class Place:
    """Where an API is: `url` without a trailing slash, so that `url + "/chat/completions"` is a route."""

    url: str
    socket: str | None = None  # a Unix socket's path; the url's host then means nothing

    @property
    def root(self) -> str:
        """The server's own address: an engine's own routes begin there, whatever the path of its API."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def __str__(self) -> str:
        return f"unix:{self.socket}" if self.socket else self.url


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place that serves models."""

    id: str
    provider: str
    place: Place
    found_by: FoundBy
    dialect: Dialect = Dialect.OPENAI
    tier: Tier | None = None  # None: found, and not used until its tier is named
    account: Account | None = None
    health: Health = Health.UP
    note: str = ""  # for people: what is wrong with it, or what it waits for
    build: str = ""  # its software, in its own words
    holds: int | None = None  # models that it keeps loaded at once; None: it does not say
    tells_loads: bool = True  # a model that is being loaded from one that is there
    seen_at: float = field(default=0.0, compare=False)  # wall clock; exact once it is away


@dataclass(frozen=True, slots=True)
class Stretch:
    """A context that is set by each request, on an engine that cuts a longer prompt without a word."""

    most: int  # tokens: the model's own limit
    plain: int | None  # tokens a request gets that sets nothing; None: it does not say


@dataclass(frozen=True, slots=True)
class Model:
    """What an endpoint serves. `id` is `endpoint/name`; `served_as` is what the endpoint calls it."""

    id: str
    name: str
    served_as: str
    endpoint: Endpoint
    tier: Tier | None
    state: ModelState = ModelState.LOADED
    context: int | None = None  # tokens in force, prompt and answer together
    stretch: Stretch | None = None
    slots: int | None = None  # requests that it answers at the same time
    max_output: int | None = None
    has: Ability = Ability.NONE
    lacks: Ability = Ability.NONE  # neither has nor lacks: unknown
    reads: Modality | None = None  # None: unknown
    price: Price | None = None
    price_source: str = ""  # user, catalogue or library; empty: unknown, or nothing to pay
    trains: bool | None = None  # whether its provider may train on prompts; None: unknown
    source: str = ""  # where its name is from: a list, docs, a kept list, the seed
    grade: Grade = Grade.ROUTINE
    grade_source: str = "unknown"
    size_bytes: int | None = None
    parameters: int | None = None
    quantisation: str = ""
    aliases: tuple[str, ...] = ()
    runs_at: str = ""  # the host it runs on, where its engine only passes prompts on; empty: on the engine
    known_as: frozenset[str] = frozenset()  # names it may answer under, where another could; empty: any


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look at one place saw. `models` None: it did not say, and what was known of it stands."""

    endpoint: Endpoint
    models: tuple[Model, ...] | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The endpoints and models known at one moment. `version` grows by one with each change."""

    version: int = 0
    endpoints: tuple[Endpoint, ...] = ()
    models: tuple[Model, ...] = ()
    swept_at: float | None = None  # monotonic; None: the first sweep is not over


@dataclass(frozen=True, slots=True)
class Hints:
    """What a client says about its request in `X-Pointsman-*` headers."""

    app: str = ""
    privacy: Privacy = Privacy.ANY
    priority: Priority = Priority.NORMAL


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


@dataclass(frozen=True, slots=True)
class Task:
    """What a call asks of a model. `prompt_tokens` is an estimate that errs on the high side."""

    grade: Grade  # the least that will do
    needs: Ability
    reads: Modality
    prompt_tokens: int
    max_tokens: int | None
    privacy: Privacy
    prompt_ceiling: int = 0  # tokens the prompt can't exceed, whatever the model's vocabulary
    untranslatable: str = ""  # a field that only an OpenAI API can be asked with; empty: none
    format: str = "openai.chat"  # the call's
    priority: Priority = Priority.NORMAL
    mode: Mode = Mode.NORMAL  # in force when it was asked
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parked:
    """A model that may not be asked before `until`, on the event loop's clock."""

    until: float
    reason: str
    limited: bool = False  # by a rate limit or a quota


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the gate and the queues know at this moment, by model."""

    in_flight: Mapping[str, int] = field(default_factory=dict)  # requests being answered
    waits: Mapping[str, float] = field(default_factory=dict)  # seconds a new request would wait
    parked: Mapping[str, Parked] = field(default_factory=dict)
    now: float = 0.0  # on the event loop's clock


@dataclass(frozen=True, slots=True)
class Candidate:
    model: Model
    reason: str  # a short code for `X-Pointsman-Reason`
    degraded: bool = False
    context: int | None = None  # tokens to ask the engine for, in its own dialect; None: as it is


@dataclass(frozen=True, slots=True)
class Excluded:
    model: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the name in a request means: a choice left to us, or models in the user's own order."""

    asked: str
    chosen: bool  # True: Pointsman chooses among all
    models: tuple[str, ...] = ()  # ids, when it does not
    named: int = 0  # how many of them, from the first, the name itself means; the rest are its fallbacks
    via: str = ""  # the role or alias it came by
    missing: tuple[str, ...] = ()  # names in the user's lists that nobody serves now


@dataclass(frozen=True, slots=True)
class Decision:
    """A pure result: who may answer, in which order, and why everyone else may not."""

    id: str
    wanted: Wanted
    task: Task
    candidates: tuple[Candidate, ...]
    excluded: tuple[Excluded, ...]
    parked: tuple[Model, ...] = ()  # those of the excluded that may answer when they are no longer parked

    def left_out(self) -> list[tuple[str, str, list[str]]]:
        """The excluded by (rule, reason), each with its models' ids, in the order the rules first spoke."""
        groups: dict[tuple[str, str], list[str]] = {}
        for one in self.excluded:
            groups.setdefault((one.rule, one.reason), []).append(one.model)
        return [(rule, reason, models) for (rule, reason), models in groups.items()]


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


class Outcome(StrEnum):
    """How an attempt ended."""

    OPEN = "open"  # not ended: what a crash leaves behind
    OK = "ok"
    FAILED = "failed"
    CUT = "cut"  # it failed after content had been passed on
    CANCELLED = "cancelled"  # the client went away


@dataclass(slots=True)
class Attempt:
    """One try at one model: one row of the ledger. Written down before it is made, then filled in.

    Times are seconds since the request came in.
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
    cost: int | None = None  # nano-dollars; None: unknown
