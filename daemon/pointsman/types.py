"""The vocabulary: frozen values that every room speaks, and nothing that does I/O.

A *provider* is known, an *endpoint* is there, and a *model* is served by it; what is asked of them, and what
becomes of it, is in `calls`. Units are in the names or the docstrings. `None` is *unknown*, never zero.
"""

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, Flag, IntEnum, StrEnum, auto
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

from pointsman.money import Price, dearest_of


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


class TaskKind(StrEnum):
    """What a request is about. `fast` is a short `general` one."""

    CODE = "code"
    REASONING = "reasoning"
    ANALYSIS = "analysis"
    CREATIVE = "creative"
    SUMMARIZE = "summarize"
    EXTRACT = "extract"
    TRANSFORM = "transform"
    RESEARCH = "research"
    GENERAL = "general"
    FAST = "fast"
    BACKGROUND = "background"


class Complexity(IntEnum):
    """How much a task demands of who answers it."""

    TRIVIAL = 0
    SIMPLE = 1
    STANDARD = 2
    COMPLEX = 3
    EXPERT = 4

    @property
    def word(self) -> str:
        return self.name.lower()


class Priority(IntEnum):
    """Who goes first where requests wait in line, or money runs short: the smaller number."""

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


_LOOPBACK = re.compile(r"(.*\.)?localhost|127(\.\d{1,3}){3}|::1")


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

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine. Names are not looked up."""
        return self.socket is not None or bool(_LOOPBACK.fullmatch(urlsplit(self.url).hostname or ""))

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


DEAREST = 10**18  # nano-dollars per million tokens: above all prices


class Kind(NamedTuple):
    """Models of one place in which no rule sees a difference but in their contexts and in what they cost.

    The larger come first, and of those that cost money the cheaper.
    """

    models: tuple[Model, ...]
    ids: tuple[str, ...]
    least: int | None  # tokens: the smallest context of those that tell theirs; None: none does
    dearest: Price  # what none of them is above


def kinds_of(models: Iterable[Model]) -> tuple[Kind, ...]:
    """One whose context is set by each request is a kind of its own."""
    kinds: dict[object, list[Model]] = {}
    for one in models:
        shown = one.state, one.lacks, one.reads, one.grade, one.stretch and one.id, _told(one.price)
        kinds.setdefault((id(one.endpoint), one.tier, one.trains, one.runs_at, shown), []).append(one)
    return tuple(map(_kind, kinds.values()))


def _told(price: Price | None) -> tuple[object, ...]:
    """What of a price is known at all."""
    return () if price is None else (price.input is None, price.output is None, price.unpriced)


def _kind(models: list[Model]) -> Kind:
    ordered = sorted(models, key=rank)
    contexts = [one.context for one in models if one.context is not None]
    dearest = dearest_of(one.price for one in models if one.price)
    return Kind(tuple(ordered), tuple(one.id for one in ordered), min(contexts, default=None), dearest)


def rank(model: Model) -> tuple[int, str]:
    """In which order models are asked between which nothing else decides."""
    if model.tier is Tier.PAID:
        usual = model.price.usual if model.price else None
        return (DEAREST if usual is None else usual), model.name
    return -(model.parameters or 0), model.name


@dataclass(frozen=True)
class Snapshot:
    """The endpoints and models known at one moment. `version` grows by one with each change.

    What is the same for every request is worked out once, when the first one needs it.
    """

    version: int = 0
    endpoints: tuple[Endpoint, ...] = ()
    models: tuple[Model, ...] = ()
    swept_at: float | None = None  # monotonic; None: the first sweep is not over

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        return kinds_of(self.models)

    @cached_property
    def verdicts(self) -> dict[Hashable, dict[str, tuple[str, str] | None]]:
        """What rules have said of kinds: by what of a task they look at, then by a model of the kind."""
        return {}

    @cached_property
    def by_id(self) -> Mapping[str, Model]:
        return MappingProxyType({one.id: one for one in self.models})

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[Model]]:
        """By all that their places call them."""
        found: dict[str, list[Model]] = {}
        for one in self.models:
            for name in {one.name, one.served_as, *one.aliases}:
                found.setdefault(name, []).append(one)
        return MappingProxyType(found)
