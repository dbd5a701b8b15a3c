"""The JSON of `/control/v0/`: what the CLI's `--json` prints and the tray reads.

Imports nothing heavy, so that clients may name the shapes; `explain` answers with a DecisionView.
Times are wall-clock seconds since the epoch (`at`) or spans in seconds; prices are USD per million
tokens as decimal strings; costs are integer nano-dollars. `null` always means *unknown*. A tier is
`local`, `free`, `paid` or `unknown`.
"""

from typing import TypedDict

from pointsman.ledger.views import DecisionView


class EndpointShape(TypedDict):
    id: str
    provider: str
    title: str
    place: str  # a URL, or unix:PATH
    tier: str
    tiers: list[str]  # of its models
    health: str  # up | loading | silent | away | refused | sign-in
    note: str  # for people; empty when all is well
    build: str  # its software, in its own words
    models: int
    found_by: str  # port | environment | process | config | key | open


class SpentShape(TypedDict):
    requests: int
    input_tokens: int
    output_tokens: int
    cost: int  # of the attempts whose cost is known
    unpriced: int  # attempts whose cost is not


class LastRequestShape(TypedDict):
    id: str
    at: float
    app: str
    model: str  # empty: nobody answered
    tier: str
    status: int


class JobShape(TypedDict):
    """A background job, or a source that models are looked for in."""

    name: str
    failures: int  # since the start
    error: str  # of its last run; empty: it ended well


class LedgerShape(TypedDict):
    trouble: str  # empty: none
    lost: int  # requests that could not be written down


class LimitShape(TypedDict):
    """What is left alone for now."""

    kind: str  # model | account | free (the models of an account that cost nothing)
    id: str
    seconds: float  # until it may be asked again; 0: one request is its probe
    failures: int  # in a row
    limited: bool  # by a rate limit or a quota, else by a failure
    reason: str


class ModeShape(TypedDict):
    mode: str  # normal | no-paid | local-only | paused
    origin: str  # command | configuration


class GoneShape(TypedDict):
    """Whose prompts left this machine for one place, ever."""

    to: str  # an endpoint, or the host that an engine passes them on to
    programs: int
    first: str  # the first program; `unknown`: it did not say its name
    at: float  # when


class BudgetShape(TypedDict):
    """How a budget stands. Nano-dollars."""

    name: str
    window: str | None  # hour | day | week | month; null: none, it is a provider's credit
    scope: str  # total, or provider:, model:, app:, role:, user: or account: with a name after it
    limit: int | None  # null: none
    hard: bool  # false: it is only told of
    unpriced: bool  # models whose price is not known may be used under it
    spent: int
    reserved: int  # for what is under way, at the most
    left: int | None  # null: as much as you like
    share: float  # that is spent of it, from 0 up
    step: str  # normal | thrifty | lean | reserve | free | local
    ends: float | None  # wall clock, when its window does
    origin: str  # configuration | command | default | provider


class StatusShape(TypedDict):
    summary: str  # one plain sentence
    version: str
    pid: int
    uptime: float
    url: str
    socket: str
    config_file: str | None  # null: there is none, the defaults hold
    state_dir: str
    endpoints: list[EndpointShape]
    models: dict[str, int]  # by tier
    states: dict[str, dict[str, int]]  # models by tier, then by state or `away`; only what there is
    looked_for: list[str]
    swept_ago: float | None  # null: the first sweep is not over
    last_request: LastRequestShape | None
    today: dict[str, SpentShape]  # by tier, since local midnight; empty tier: nobody answered
    mode: ModeShape
    budgets: list[BudgetShape]
    gone: list[GoneShape]  # what left this machine, the place of most programs first
    limits: list[LimitShape]  # what is left alone, the first to recover first
    hints: list[str]  # what to mend, the most useful first
    failed_jobs: list[JobShape]
    ledger: LedgerShape


class PriceShape(TypedDict):
    input: str | None
    output: str | None
    cache_read: str | None
    cache_write: str | None
    cache_write_hour: str | None
    request: str  # USD for each request


class AdvancedShape(TypedDict):
    """What `?advanced=1` adds to a model."""

    grade: str
    source: str  # where the grade comes from: user | family | size | price | unknown
    cost: str  # none | low | medium | high, by its price; empty: unknown
    listed_by: str  # where its name comes from: list | docs | kept | seed
    price_source: str  # user | catalogue | library; empty: unknown, or nothing to pay
    size_bytes: int | None
    quantisation: str
    parameters: int | None
    speed: float | None  # tokens a second that it writes, as measured
    slots: int | None  # requests that it answers at the same time
    provider: str
    found_by: str  # port | environment | process | config | key | open
    seen_at: float | None  # when its endpoint last answered


class ModelShape(TypedDict):
    id: str  # endpoint/name
    name: str
    endpoint: str
    health: str
    tier: str
    trains: bool | None  # whether its provider may train on prompts
    state: str  # loaded | sleeping | unloaded | loading | failed
    wait: float | None  # seconds until a new request could begin; null: at once, or not known
    note: str  # for people: why it can't be used now; empty when all is well
    runs_at: str  # the host it runs on, where its engine only passes prompts on; empty: on the engine
    context: int | None  # tokens in force
    context_most: int | None  # tokens that a request may set; null: it can't
    max_output: int | None
    abilities: dict[str, bool | None]
    modalities: list[str] | None
    price: PriceShape | None
    aliases: list[str]
    advanced: AdvancedShape | None


class ModelsShape(TypedDict):
    models: list[ModelShape]


class AttemptShape(TypedDict):
    """Times are seconds since the request came in."""

    model: str
    endpoint: str
    tier: str
    outcome: str  # open | ok | failed | cut | cancelled | lost (Pointsman was ended in the midst)
    status: int | None
    error: str
    started: float
    first_content: float | None
    ended: float | None
    input_tokens: int | None
    output_tokens: int | None
    estimated: bool
    cost: int | None  # what counts
    priced: int | None  # by our prices
    told: bool  # the cost is its provider's own word
    reserved: int | None  # what was set aside for it


class RequestLineShape(TypedDict):
    """One line of the log."""

    id: str
    at: float
    app: str
    format: str
    asked: str
    stream: bool
    status: int  # what the client was told; 0: it is under way, or with an error, a crash ended it
    model: str  # empty: nobody answered
    tier: str  # empty: nobody answered
    reason: str
    error: str
    seconds: float  # until now, where the status is 0: when that was written down
    attempts: int
    input_tokens: int | None
    output_tokens: int | None
    cost: int | None


class RequestsShape(TypedDict):
    requests: list[RequestLineShape]


class RequestShape(TypedDict):
    """All that is known of one request. `decision` has the shape that `POST explain` answers with."""

    request: RequestLineShape
    decision: DecisionView | None
    attempts: list[AttemptShape]
    score: float | None  # how good it was, from 0 to 1, as somebody judged it


class DiscoveredShape(TypedDict):
    seconds: float
    new: list[str]  # ids of endpoints that were not known before
    endpoints: list[EndpointShape]
    models: dict[str, int]  # by tier
    looked_for: list[str]
    failed: list[JobShape]


class UrlShape(TypedDict):
    """Where the models of a provider elsewhere are told."""

    name: str
    title: str
    list: str  # the address that is asked for them; empty: it is no place yet, for want of a key
    docs: str  # the page that is read where it has no list; empty: none
    docs_origin: str  # known | configuration | command
    source: str  # what told of them last: list | docs | kept | seed; empty: nothing yet
    synced_at: float | None  # when that was; null: never
    models: int
    error: str  # of the last look; empty: it ended well


class UrlsShape(TypedDict):
    urls: list[UrlShape]


class CeilingShape(TypedDict):
    """What a model elsewhere has told of its provider's limits, as it is now if nobody else used them."""

    model: str
    budget: str  # requests a minute, input tokens; empty: it has no name
    limit: int | None
    remaining: int | None
    seconds: float | None  # until it is full again


class FreeShape(TypedDict):
    """What was counted before its provider would refuse it: what costs nothing, or what its user limits."""

    account: str
    model: str  # empty: those of the account together
    what: str  # is counted: free requests, or all
    span: str  # second | minute | day
    limit: int
    used: int
    seconds: float  # until some of it is there again, or its day ends


class CreditShape(TypedDict):
    """What a provider told of a key the last time. Nano-dollars; null: it did not say."""

    account: str
    limit: int | None
    remaining: int | None
    spent: int | None


class LimitsShape(TypedDict):
    limits: list[LimitShape]  # the first to recover first
    ceilings: list[CeilingShape]  # by model
    free: list[FreeShape]  # by account
    credit: list[CreditShape]  # by account


class TurnShape(TypedDict):
    share: float  # of a budget, from 0 to 1
    step: str  # that holds from there on


class AmountShape(TypedDict):
    """Nano-dollars."""

    cost: int  # as far as it is known
    reserved: int  # for what is under way, at the most
    unpriced: int  # attempts at a cost that nobody knows


class BudgetsShape(TypedDict):
    """`today` and `month` are null where the ledger can't be read."""

    budgets: list[BudgetShape]
    curve: list[TurnShape]
    today: AmountShape | None
    month: AmountShape | None
    notes: list[str]  # of what was changed: which budgets hold all the same


class SpendRowShape(TypedDict):
    """What was done with one model, or for one program ... Nano-dollars.

    A request counts for the model that answered it; tokens and money count for the model that was tried.
    """

    key: str  # a day's is its date; empty: nobody answered, or it is not known
    requests: int
    attempts: int
    input_tokens: int
    output_tokens: int
    cache_read: int  # of the input: what was read from a cache
    cost: int  # as far as it is known
    reserved: int  # for what is under way, at the most
    unpriced: int  # attempts at a cost that nobody knows


class DriftShape(TypedDict):
    """A provider tells of other costs than our prices come to. Nano-dollars."""

    provider: str
    told: int  # by the provider, which is what counts
    priced: int  # by us


class SavingsShape(TypedDict):
    """Against the best paid model that is known, for all tokens. Nano-dollars."""

    model: str
    would_cost: int
    saved: int | None  # less than 0: it was dearer; null: not all is known that was spent


class SpendShape(TypedDict):
    by: str  # model | provider | app | role | kind | user | day | tier
    since: str | None  # the first day, as 2026-11-01; null: from the beginning
    rows: list[SpendRowShape]  # the dearest first, days in their order
    total: SpendRowShape  # its key is empty
    drift: list[DriftShape]  # of those that are more than 2 % off
    savings: SavingsShape | None  # null: no paid model is known with its price


class KeyShape(TypedDict):
    """A place that has a key, or a cloud that wants one. The key itself is never told."""

    name: str
    title: str
    origin: str  # configuration | credentials | env:NAME; empty: there is none
    fingerprint: str  # eight hex digits that tell one key from another; empty: none can be had
    state: str  # works | refused | unclear | untested | missing
    note: str  # for people; empty when all is well
    tested_at: float | None
    sign_in: str  # where a key is had


class KeysShape(TypedDict):
    keys: list[KeyShape]
    trouble: str  # what is wrong with the credentials file; empty: nothing


class TrialShape(TypedDict):
    name: str
    verdict: str  # works | refused | unclear
    words: str
    at: float
