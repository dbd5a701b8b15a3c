"""GET models: what is known of each model. All of them, or those that fit the query."""

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType

from aiohttp import web

from pointsman.catalogue.providers import provider
from pointsman.errors import BadRequest, LedgerError
from pointsman.ledger.queries import Reader
from pointsman.server.control import catalogue
from pointsman.server.control.reply import reply
from pointsman.server.control.shapes import ModelsShape
from pointsman.server.rooms import ROOMS
from pointsman.types import Modality, Model, Snapshot, Tier, flag_names, tier_word

Fits = Callable[[Model], bool]


async def get_models(request: web.Request) -> web.Response:
    rooms = request.app[ROOMS]
    advanced = request.query.get("advanced", "0") not in ("0", "false")
    models = fitting(rooms.registry.snapshot, request.query)
    speeds = await asyncio.to_thread(_speeds, rooms.reader) if advanced else {}
    measured = catalogue.Measured(rooms.loads.readiness(), speeds, rooms.router.purse())
    return reply(ModelsShape(models=[catalogue.model(of, measured, advanced=advanced) for of in models]))


def _speeds(reader: Reader) -> Mapping[str, float]:
    """A list of models does not fail with the ledger: `status` says what is wrong with it."""
    try:
        return reader.speeds()
    except LedgerError:
        return {}


def fitting(snapshot: Snapshot, query: Mapping[str, str]) -> list[Model]:
    """Raises BadRequest for a value that means nothing: an empty list would look like an answer."""
    filters = [make(query[name], snapshot) for name, make in _FILTERS.items() if name in query]
    return [model for model in snapshot.models if all(fits(model) for fits in filters)]


def _by_provider(wanted: str, snapshot: Snapshot) -> Fits:
    """An endpoint's id, or that of the provider behind it."""
    there = {endpoint.id: endpoint.provider for endpoint in snapshot.endpoints}
    known = [*dict.fromkeys([*there, *there.values()])]
    if wanted not in known and provider(wanted) is None:
        raise _meaningless("provider", wanted, known)
    return lambda model: wanted in (model.endpoint.id, model.endpoint.provider)


def _by_modality(wanted: str, _snapshot: Snapshot) -> Fits:
    """What it is known to read."""
    words = flag_names(~Modality.NONE)
    if wanted not in words:
        raise _meaningless("modality", wanted, words)
    return lambda model: wanted in flag_names(model.reads or Modality.NONE)


def _by_tier(wanted: str, _snapshot: Snapshot) -> Fits:
    words = [tier_word(tier) for tier in (*Tier, None)]
    if wanted not in words:
        raise _meaningless("tier", wanted, words)
    return lambda model: tier_word(model.tier) == wanted


_FILTERS: Mapping[str, Callable[[str, Snapshot], Fits]] = MappingProxyType(
    {"provider": _by_provider, "modality": _by_modality, "tier": _by_tier}
)


def _meaningless(name: str, wanted: str, known: list[str]) -> BadRequest:
    there = f"there are {', '.join(known)}" if known else "none is known yet"
    return BadRequest(f"no {name} is called {wanted[:80]!r}: {there}", param=name)
