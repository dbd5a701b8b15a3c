"""The shape of a row: what is known of a provider before anybody has looked for it."""

from dataclasses import dataclass

from pointsman.types import Auth, Dialect, Tier


@dataclass(frozen=True, slots=True)
class Mark:
    """One fingerprint: a GET of `path` that only this engine answers so.

    It fits when `header` begins with `value`, when the answer is a text that begins with `text`, or when
    it is JSON that holds `key`, at its top or in the first entry of its list, and there begins with `value`.
    With an `owner`, only a server is asked whose own list says that its models belong to that owner.
    """

    path: str
    key: str = ""
    header: str = ""
    value: str = ""
    text: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many requests in a span, of an account or of each of its models."""

    count: int
    span: str  # second, minute or day
    by_model: bool = False
    zone: str = "UTC"  # whose midnight begins a day
    bought: int = 0  # so many of an account that has bought credits
    what: str = "free requests"


@dataclass(frozen=True, slots=True)
class FreeTier:
    """How a provider counts what costs nothing.

    `suffix`: of the names of its free models. `on_plan`: all models of a key are free if its plan is, which
    the user says (`plan = "free"`). `source`: where the figures are from, and when they were read.
    """

    limits: tuple[Allowance, ...]
    source: str
    suffix: str = ""
    on_plan: bool = False


@dataclass(frozen=True, slots=True)
class Provider:
    """A row of knowledge. A new OpenAI-compatible engine or cloud is one row and no code."""

    id: str
    title: str
    dialect: Dialect = Dialect.OPENAI
    tier: Tier | None = None  # of an engine, None: it passes prompts on, nobody knows where to
    base_url: str = ""  # of a cloud; an engine's place is found
    ports: tuple[int, ...] = ()  # where an engine usually listens, the most usual first
    host_env: tuple[str, ...] = ()  # variables that name an engine's address: a host, host:port or a URL
    port_env: tuple[str, ...] = ()  # variables that name its port alone
    programs: tuple[str, ...] = ()  # its processes: the name of an executable, a script or a Python module
    marks: tuple[Mark, ...] = ()  # any one of them proves it
    pages: tuple[str, ...] = ()  # where it tells more than its list; who reads them: discovery/pages.py
    vital: str = ""  # the page that tells which models run here; without it the list is not used
    describes: str = ""  # where it describes one model, asked with a POST that names it
    owners: tuple[str, ...] = ()  # of the models that it runs itself, where it lists those of others too
    auth: Auth = Auth.BEARER
    key_env: tuple[str, ...] = ()
    relays: bool = False  # it carries bytes: behind it a real engine answers, with all its marks, elsewhere
    speaks: tuple[str, ...] = ()  # formats that it takes besides OpenAI's: keys of wire.formats.FORMATS
    takes_any_name: bool = False  # it answers with what it has loaded, whatever model it was asked for
    context_setting: str = ""  # what to set for a larger context, `{}` standing for the tokens
    tools_setting: str = ""  # what to do for tools where a model of it has none
    docs_url: str = ""
    base_env: tuple[str, ...] = ()  # variables that name another address of a cloud: a proxy, a region
    open_list: bool = False  # its list can be had without a key
    sign_in: str = ""  # where a key is had
    key_page: str = ""  # below base_url: what it tells of a key
    tells_cost: bool = False  # its answers say what they cost, and that is what it charges
    cap_field: str = "max_tokens"  # of a chat: what it calls the most tokens of an answer
    free: FreeTier | None = None
    trains: bool | None = None  # whether it may train on prompts; None: unknown
    trains_free: bool | None = None  # the same of its free models
    id_pattern: str = ""  # of model names on its documentation page, where it has no list

    def trains_on(self, tier: Tier | None, url: str) -> bool | None:
        """Whether it may train on prompts to its models of a tier; behind another address is anybody."""
        if tier is Tier.LOCAL:
            return False
        if url != self.base_url:
            return None
        return self.trains_free if tier is Tier.FREE else self.trains
