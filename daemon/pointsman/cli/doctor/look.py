"""A look around without a daemon: who is there, which keys work, which time it is elsewhere."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field

from pointsman.catalogue.registry import Registry
from pointsman.config.credentials import Credentials
from pointsman.config.schema import Config
from pointsman.discovery.catalogues import Catalogues, Sync
from pointsman.discovery.keybook import Keybook, Trial
from pointsman.discovery.other_clocks import OtherClocks
from pointsman.discovery.sweep import Sweeper, make_sweeper
from pointsman.discovery.written import Written
from pointsman.errors import BadRequest
from pointsman.events import Bus
from pointsman.ledger.record import KeptListRecord
from pointsman.net import Sessions
from pointsman.paths import Paths
from pointsman.types import Snapshot

NOTHING = Snapshot()
PATIENCE = 6.0  # seconds for all of it; engines here take two at the most


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen. `syncs` and `trials` by the name of their place; what took too long is in neither."""

    snapshot: Snapshot = NOTHING
    looked_for: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()  # of the ways to find engines
    elsewhere: tuple[Written, ...] = ()  # places that are asked over a network
    syncs: Mapping[str, Sync] = field(default_factory=dict)
    keyed: tuple[Written, ...] = ()  # places that there is a key for
    trials: Mapping[str, Trial] = field(default_factory=dict)
    credentials_trouble: str = ""
    ahead: Mapping[str, float] = field(default_factory=dict)  # seconds, by the address of a server
    answered: frozenset[str] = frozenset()  # addresses of servers

    @property
    def cut_off(self) -> bool:
        """Of several that are asked over a network none answered: that is said once, not of each."""
        several = {place.place.root for place in self.elsewhere}
        return len(several) > 1 and several.isdisjoint(self.answered)


async def look_around(
    config: Config,
    environ: Mapping[str, str],
    paths: Paths,
    kept: Sequence[KeptListRecord],
    *,
    patience: float,
) -> Look:
    """Where `discovery.remote` is off, nobody elsewhere is asked. Nothing is kept of what is told."""
    clocks = OtherClocks(time.time)
    sessions = Sessions(middlewares=[clocks])
    catalogues = Catalogues(kept, pages=lambda: config.urls)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(sessions.close)
        book = Keybook(lambda: config, environ, Credentials(paths.credentials), sessions, time.time)
        registry, places = Registry(), book.read()
        sweeper = make_sweeper(
            config,
            environ,
            sessions,
            registry,
            Bus(),
            monotonic=time.monotonic,
            wall=time.time,
            places=places,
            catalogues=catalogues,
        )
        stack.push_async_callback(sweeper.close)
        keyed = tuple(place for place in book.entries() if place.origin)
        tried = keyed if config.discovery.remote else [place for place in keyed if place.here]
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await asyncio.gather(_sweep(sweeper), *(_try(book, place) for place in tried))
        return Look(
            registry.snapshot,
            sweeper.looked_for,
            tuple(f"{one.name}: {one.error}" for one in sweeper.troubles),
            sweeper.elsewhere,
            {place.id: catalogues.sync(place) for place in sweeper.elsewhere},
            keyed,
            {place.id: trial for place in keyed if (trial := book.trial(place))},
            book.trouble,
            clocks.ahead,
            frozenset(clocks.answered),
        )


async def _sweep(sweeper: Sweeper) -> None:
    await sweeper.sweep("doctor", everything=True)


async def _try(book: Keybook, place: Written) -> None:
    """What can't be tried says why by itself."""
    with suppress(BadRequest):
        await book.test(place.id)
