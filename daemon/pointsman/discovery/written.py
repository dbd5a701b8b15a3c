"""What the configuration says of places: each `[providers.NAME]` read once, its key found out."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from pydantic import SecretStr

from pointsman.catalogue.providers import GENERIC, GENERIC_ANTHROPIC, PROVIDERS, provider
from pointsman.catalogue.row import Provider
from pointsman.config.keys import resolve_key
from pointsman.config.places import ProviderConfig
from pointsman.config.schema import Config
from pointsman.discovery.source import Overrides
from pointsman.discovery.spots import SCHEMES
from pointsman.errors import ConfigError
from pointsman.net import is_loopback
from pointsman.types import Account, Dialect, Place, Tier

SPOKEN = frozenset({Dialect.OPENAI, Dialect.OLLAMA, Dialect.ANTHROPIC})
SOCKET = "unix:"
GENERICS = MappingProxyType({None: GENERIC, Dialect.OPENAI: GENERIC, Dialect.ANTHROPIC: GENERIC_ANTHROPIC})
VERSION_PATH = "/v1"  # of Ollama's OpenAI API, and of whatever speaks Anthropic's dialect
OWN_PATH = "/api"  # Ollama's


@dataclass(frozen=True, slots=True)
class Written:
    """One provider of the configuration. `trouble`, for people: why it can't be used as it is written."""

    id: str
    row: Provider
    place: Place
    kind: Dialect | None  # None: the user does not say
    account: Account | None
    tier: Tier | None  # None: the user does not say
    models: tuple[str, ...]
    trouble: str = ""

    @property
    def dialect(self) -> Dialect:
        return self.kind or self.row.dialect

    @property
    def here(self) -> bool:
        return self.place.socket is not None or is_loopback(self.place.url)

    @property
    def port(self) -> int | None:
        if self.place.socket:
            return None
        parts = urlsplit(self.place.url)
        return parts.port or SCHEMES.get(parts.scheme)

    @property
    def usable(self) -> bool:
        return not self.trouble


def read_places(config: Config, environ: Mapping[str, str]) -> tuple[Written, ...]:
    """The providers of the configuration that have a place."""
    found = (_read(name, given, environ) for name, given in config.providers.items())
    return tuple(written for written in found if written)


def without_place(config: Config) -> tuple[str, ...]:
    """What is written and can't be looked for, in plain words."""
    return tuple(
        f"nothing for [providers.{name}]: it names no api_base, and Pointsman knows no address for {name}"
        for name, given in config.providers.items()
        if not _url(name, given)
    )


def read_overrides(config: Config) -> Overrides:
    return Overrides(
        prices=MappingProxyType({name: price.to_price() for name, price in config.prices.items()}),
        grades=MappingProxyType(dict(config.grades)),
    )


def _read(name: str, given: ProviderConfig, environ: Mapping[str, str]) -> Written | None:
    row = _row(name, given)
    if not (url := _url(name, given)):
        return None
    account, trouble = _account(name, row, given, environ)
    dialect = given.kind or row.dialect
    if dialect not in SPOKEN:
        trouble = (
            f"Pointsman does not speak the {dialect} dialect yet; if there is an OpenAI-compatible address "
            f'too, write that as api_base with kind = "openai" into [providers.{name}]'
        )
    place = _place(_versioned(url, dialect))
    return Written(name, row, place, given.kind, account, given.tier, given.models, trouble)


def _row(name: str, given: ProviderConfig) -> Provider:
    """What is known of it: by its name, or of the one engine that speaks its dialect."""
    speaks = (row for row in PROVIDERS if row.dialect is given.kind and row.tier is Tier.LOCAL)
    return provider(name) or GENERICS.get(given.kind) or next(speaks, GENERIC)


def _versioned(url: str, dialect: Dialect) -> str:
    """With its version in the path, where the dialect knows no other and people leave it away.

    Ollama's OpenAI API is beside its own; clients of Anthropic's dialect add the version by themselves.
    """
    if url.startswith(SOCKET) or dialect not in {Dialect.OLLAMA, Dialect.ANTHROPIC}:
        return url
    root = url.removesuffix(OWN_PATH) if dialect is Dialect.OLLAMA else url
    return root.removesuffix(VERSION_PATH) + VERSION_PATH


def _url(name: str, given: ProviderConfig) -> str:
    """Its address: as written, the cloud's own, or where this engine usually is."""
    row = _row(name, given)
    usual = f"http://127.0.0.1:{row.ports[0]}/v1" if row.ports else ""
    return given.api_base or row.base_url or usual


def _place(address: str) -> Place:
    socket = address.removeprefix(SOCKET)
    return Place(address) if socket == address else Place("http://localhost/v1", socket)


def _account(
    name: str, row: Provider, given: ProviderConfig, environ: Mapping[str, str]
) -> tuple[Account | None, str]:
    """Its account, and what is wrong with its key. An address of the user's own gets only a written key."""
    reference = given.api_key or (None if given.api_base else _in_environment(row, environ))
    if reference is None:
        if row.base_url and not given.api_base:
            return None, f'it needs a key: write api_key = "env:{row.key_env[0]}" into [providers.{name}]'
        return None, ""
    try:
        key = resolve_key(reference, environ)
    except ConfigError as error:
        return None, f"the api_key of [providers.{name}] can't be had: {error.message}"
    fingerprint = hashlib.sha256(key.encode()).hexdigest()[:8]
    return Account(f"{name}-{fingerprint}", key, row.auth), ""


def _in_environment(row: Provider, environ: Mapping[str, str]) -> SecretStr | None:
    return next((SecretStr(f"env:{name}") for name in row.key_env if environ.get(name)), None)
