"""What is said of places: each `[providers.NAME]` read once, its key found out; and the clouds of keys.

A cloud needs no configuration where there is a key for it, in its usual variable or among the
credentials. What stands in the configuration wins over the credentials, they over the environment.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from pointsman.catalogue.providers import GENERIC, GENERIC_ANTHROPIC, PROVIDERS, provider
from pointsman.catalogue.row import Provider
from pointsman.config.credentials import NO_KEYS, Keys
from pointsman.config.keys import A_KEY, fingerprint, resolve_key, sendable
from pointsman.config.places import Plan, ProviderConfig
from pointsman.config.readers import read_url
from pointsman.config.schema import Config
from pointsman.discovery.overrides import Overrides
from pointsman.discovery.spots import SCHEMES
from pointsman.errors import ConfigError
from pointsman.net import is_loopback
from pointsman.types import Account, Dialect, FoundBy, Place, Tier

SPOKEN = frozenset({Dialect.OPENAI, Dialect.OLLAMA, Dialect.ANTHROPIC})
SOCKET = "unix:"
GENERICS = MappingProxyType({None: GENERIC, Dialect.OPENAI: GENERIC, Dialect.ANTHROPIC: GENERIC_ANTHROPIC})
VERSION_PATH = "/v1"  # of Ollama's OpenAI API, and of whatever speaks Anthropic's dialect
OWN_PATH = "/api"  # Ollama's
ON_PLAN = tuple(row.id for row in PROVIDERS if row.free and row.free.on_plan)
CREDENTIALS = "credentials"  # where a key is from, as `keys list` says it
CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True)
class Written:
    """One provider, as it is to be asked. `trouble`, for people: why it can't be used as it is written."""

    id: str
    row: Provider
    place: Place
    kind: Dialect | None  # None: the user does not say
    account: Account | None
    tier: Tier | None  # None: the user does not say
    models: tuple[str, ...]
    trouble: str = ""
    origin: str = ""  # where its key is from: configuration, credentials, or a reference; empty: no key
    found_by: FoundBy = FoundBy.CONFIG
    cloud: bool = False  # at the address of its row, which is elsewhere whatever stands in for it
    sign_in: str = ""  # for people: what to do for a key, where nothing but its list can be had
    unheeded: str = ""  # for people: what is written of it and does nothing
    passed_over: str = ""  # for people: what is wrong with a key that another stands in for

    @property
    def dialect(self) -> Dialect:
        return self.kind or self.row.dialect

    @property
    def here(self) -> bool:
        return not self.cloud and (self.place.socket is not None or is_loopback(self.place.url))

    @property
    def port(self) -> int | None:
        if self.place.socket:
            return None
        parts = urlsplit(self.place.url)
        return parts.port or SCHEMES.get(parts.scheme)

    @property
    def usable(self) -> bool:
        return not self.trouble


@dataclass(frozen=True, slots=True)
class Said:
    """All that is said of providers, and by whom."""

    config: Config
    environ: Mapping[str, str]
    credentials: Keys


def read_places(
    config: Config, environ: Mapping[str, str], credentials: Keys = NO_KEYS
) -> tuple[Written, ...]:
    """The providers of the configuration that have a place, then the clouds that need none."""
    said = Said(config, environ, credentials)
    found = (_read(name, given, said) for name, given in config.providers.items())
    return (*(written for written in found if written), *_unwritten(said))


def read_place(name: str, said: Said) -> Written | None:
    """One of them, or a cloud that there is no key for yet. None: nobody knows where that is."""
    return _read(name, said.config.providers.get(name, ProviderConfig()), said)


def without_place(config: Config, environ: Mapping[str, str] = MappingProxyType({})) -> tuple[str, ...]:
    """What is written and can't be looked for, in plain words."""
    return tuple(
        f"nothing for [providers.{name}]: it names no api_base, and Pointsman knows no address for {name}"
        for name, given in config.providers.items()
        if not _url(name, given, environ)
    )


def read_overrides(config: Config) -> Overrides:
    return Overrides(
        prices=MappingProxyType({name: price.to_price() for name, price in config.prices.items()}),
        grades=MappingProxyType(dict(config.grades)),
        trains=MappingProxyType(
            {name: given.trains for name, given in config.providers.items() if given.trains is not None}
        ),
    )


def how_to_sign_in(name: str, row: Provider) -> str:
    had = f" (a key is had at {row.sign_in})" if row.sign_in else ""
    return f"pointsman keys set {name}{had}"


def _unwritten(said: Said) -> Iterator[Written]:
    """Clouds that the configuration does not name. Without a key only lists are asked for, if that may be."""
    for row in PROVIDERS:
        if not row.base_url or row.id in said.config.providers:
            continue
        written = _read(row.id, ProviderConfig(), said)
        if written and (written.origin or (row.open_list and said.config.discovery.remote)):
            yield written


def _read(name: str, given: ProviderConfig, said: Said) -> Written | None:
    row = _row(name, given)
    if not (url := _url(name, given, said.environ)):
        return None
    cloud = _is_own(row, given)
    reference, origin = _reference(name, row, given, said)
    account, trouble = _account(name, row, reference, origin, said.environ)
    sign_in = "" if reference or not cloud else how_to_sign_in(name, row)
    dialect = given.kind or row.dialect
    if dialect not in SPOKEN:
        trouble = (
            f"Pointsman does not speak the {dialect} dialect yet; if there is an OpenAI-compatible address "
            f'too, write that as api_base with kind = "openai" into [providers.{name}]'
        )
    elif sign_in and not row.open_list:
        trouble = f"it needs a key: {sign_in}"
    return Written(
        name,
        row,
        _place(_versioned(url, dialect)),
        given.kind,
        account,
        _tier(row, given),
        given.models,
        trouble,
        origin=origin,
        found_by=_found_by(name, origin, said),
        cloud=cloud,
        sign_in=f"needs sign-in: {sign_in}" if sign_in else "",
        unheeded=_unheeded(name, row, given),
        passed_over=_passed_over(row, origin, said.environ),
    )


def _found_by(name: str, origin: str, said: Said) -> FoundBy:
    if name in said.config.providers:
        return FoundBy.CONFIG
    return FoundBy.KEY if origin else FoundBy.OPEN


def _tier(row: Provider, given: ProviderConfig) -> Tier | None:
    """The user's word: of the place, or of the plan of its key where that gives all models away."""
    on_plan = given.plan is Plan.FREE and row.id in ON_PLAN
    return Tier.FREE if given.tier is None and on_plan else given.tier


def _unheeded(name: str, row: Provider, given: ProviderConfig) -> str:
    if given.plan is not Plan.FREE or given.tier is not None or row.id in ON_PLAN:
        return ""
    instead = (
        f"what {row.title} gives away is free without it"
        if row.base_url
        else f'if all its models cost nothing, write tier = "free" into [providers.{name}]'
    )
    return (
        f'plan = "free" does nothing here, as only {", ".join(ON_PLAN)} are known for such plans: {instead}'
    )


def _row(name: str, given: ProviderConfig) -> Provider:
    """What is known of it: by its address, its name, or of the one engine that speaks its dialect."""
    speaks = (row for row in PROVIDERS if row.dialect is given.kind and row.tier is Tier.LOCAL)
    return _addressed(given) or provider(name) or GENERICS.get(given.kind) or next(speaks, GENERIC)


def _addressed(given: ProviderConfig) -> Provider | None:
    """The cloud whose own address is written, whatever the user calls it: a second account has a name too."""
    rows = (row for row in PROVIDERS if given.api_base and given.kind in {None, row.dialect})
    return next((row for row in rows if _is_own(row, given)), None)


def _is_own(row: Provider, given: ProviderConfig) -> bool:
    """Whether it is a cloud at its own address, written or not."""
    if not row.base_url or not given.api_base:
        return bool(row.base_url)
    return _versioned(given.api_base, row.dialect) == row.base_url


def _versioned(url: str, dialect: Dialect) -> str:
    """With its version in the path, where the dialect knows no other and people leave it away.

    Ollama's OpenAI API is beside its own; clients of Anthropic's dialect add the version by themselves.
    """
    if url.startswith(SOCKET) or dialect not in {Dialect.OLLAMA, Dialect.ANTHROPIC}:
        return url
    root = url.removesuffix(OWN_PATH) if dialect is Dialect.OLLAMA else url
    return root.removesuffix(VERSION_PATH) + VERSION_PATH


def _url(name: str, given: ProviderConfig, environ: Mapping[str, str]) -> str:
    """Its address: as written, the cloud's own or its stand-in's, or where this engine usually is."""
    row = _row(name, given)
    usual = f"http://127.0.0.1:{row.ports[0]}/v1" if row.ports else ""
    return given.api_base or next(_stand_ins(row, environ), row.base_url) or usual


def _stand_ins(row: Provider, environ: Mapping[str, str]) -> Iterator[str]:
    """Addresses that its variables name; one that can't be an address counts as not set."""
    for name in row.base_env:
        try:
            if address := environ.get(name):
                yield read_url(address)
        except PydanticCustomError:
            continue


def _place(address: str) -> Place:
    socket = address.removeprefix(SOCKET)
    return Place(address) if socket == address else Place("http://localhost/v1", socket)


def _reference(name: str, row: Provider, given: ProviderConfig, said: Said) -> tuple[SecretStr | None, str]:
    """Its key, or where that is, and who said so.

    A cloud's key goes to no other address of the user's own, but the one that is written beside it. The
    environment's is that of the account which is called as the cloud is.
    """
    if given.api_key:
        return given.api_key, CONFIGURATION
    own = _is_own(row, given)
    if (own or not row.base_url) and name in said.credentials:
        return said.credentials[name], CREDENTIALS
    if own and name == row.id:
        there = [name for name in row.key_env if said.environ.get(name)]
        variable = next((name for name in there if sendable(said.environ[name])), there[0] if there else "")
        return (SecretStr(f"env:{variable}"), f"env:{variable}") if variable else (None, "")
    return None, ""


def _passed_over(row: Provider, origin: str, environ: Mapping[str, str]) -> str:
    """What is wrong with those of its variables that come before the one that is used."""
    names = [f"env:{name}" for name in row.key_env]
    before = row.key_env[: names.index(origin)] if origin in names else ()
    return "; ".join(f"{name} is not used: it must be {A_KEY}" for name in before if environ.get(name))


def _account(
    name: str, row: Provider, reference: SecretStr | None, origin: str, environ: Mapping[str, str]
) -> tuple[Account | None, str]:
    """Its account, and what is wrong with its key."""
    if reference is None:
        return None, ""
    try:
        key = resolve_key(reference, environ)
    except ConfigError as error:
        whose = f"the api_key of [providers.{name}]" if origin == CONFIGURATION else f"the key of {name}"
        return None, f"{whose} can't be had: {error.message}"
    return Account(f"{name}-{fingerprint(key)}", key, row.auth), ""
