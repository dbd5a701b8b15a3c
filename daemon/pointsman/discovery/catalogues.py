"""What stands in for a list of models that can't be had: a page, the last good copy, well-known names.

A provider whose API gives no list is read from its documentation. One that can't be reached is known by the
list that it gave last, which the ledger keeps, or by a few names that everybody knows.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pointsman.catalogue.row import Provider
from pointsman.discovery.docs_page import SOURCE as DOCS
from pointsman.discovery.docs_page import read_page
from pointsman.discovery.fields import decode
from pointsman.discovery.listing import Listed, Listing, read_models
from pointsman.discovery.probe import Pace, Sighting, Visit
from pointsman.discovery.seed import SEED
from pointsman.discovery.written import Written
from pointsman.errors import LedgerError
from pointsman.ledger.queries import Reader
from pointsman.ledger.record import KeptListRecord
from pointsman.net import Sessions
from pointsman.types import Health, Place

KEPT, SEEDED, LISTED = "kept", "seed", "list"
NO_LIST = frozenset({200, 404, 405, 501})  # answers by which an API may say that it has none

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sync:
    """How a place's models came to be known. `at`: wall clock, when they were told; None: never."""

    source: str  # list | docs | kept | seed; empty: by nothing
    at: float | None = None
    error: str = ""  # of the last look; empty: it ended well


class Catalogues:
    """`keep` is handed what a restart is to know. `pages`: in place of the rows' own, by provider."""

    def __init__(
        self,
        kept: Iterable[KeptListRecord] = (),
        keep: Callable[[KeptListRecord], object] | None = None,
        pages: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._kept = {one.endpoint: one for one in kept}
        self._keep = keep
        self._pages = pages
        self._syncs: dict[str, Sync] = {}

    @classmethod
    def restored(
        cls,
        reader: Reader,
        keep: Callable[[KeptListRecord], object],
        pages: Callable[[], Mapping[str, str]] = dict,
    ) -> "Catalogues":
        """With what the last start kept; a ledger that can't be read is no reason not to start."""
        try:
            return cls(reader.kept_lists(), keep, pages)
        except LedgerError as error:
            log.warning("the lists of models that were had last are not known: %s", error.message)
            return cls((), keep, pages)

    def page(self, row: Provider) -> str:
        """The address of the page that names its models, where it has no list; empty: none is known."""
        return self._pages().get(row.id, row.docs_url)

    def sync(self, place: Written) -> Sync:
        return self._syncs.get(place.id, Sync(""))

    def known(self, place: Written) -> Listing | None:
        """Before anybody has looked. An address that is not its row's own may be anybody's."""
        if self.sync(place).source in {LISTED, DOCS}:
            return None
        kept = self._kept.get(place.id)
        if kept and kept.place == str(place.place) and (listing := _copy(kept)):
            self._syncs[place.id] = Sync(KEPT, kept.at)
            return listing
        if not place.cloud or place.row.id not in SEED:
            return None
        self._syncs[place.id] = Sync(SEEDED)
        names = SEED[place.row.id]
        seeded = read_models([{"id": name} for name in names])
        return seeded and _from(seeded, SEEDED)

    async def looked(
        self, place: Written, visit: Visit, seen: Sighting, sessions: Sessions, now: float
    ) -> Sighting:
        """What was seen; with what a page says, where there is no list. What there is is kept for later."""
        if seen.listing is not None:
            self._syncs[place.id] = Sync(LISTED, now)
            self._kept.pop(place.id, None)
            if self._keep is not None and seen.listing.models:
                self._keep(KeptListRecord(place.id, str(place.place), now, visit.raw_pages))
            return seen
        if seen.health is Health.UP and place.row.id_pattern and visit.last_status in NO_LIST:
            return await self._from_page(place, seen, sessions, visit.pace, now)
        self.missed(place, seen.note)
        return replace(seen, note="; ".join(filter(None, (seen.note, self.as_of(place)))))

    def missed(self, place: Written, error: str) -> None:
        self._syncs[place.id] = replace(self.sync(place), error=error)

    def as_of(self, place: Written) -> str:
        """For people: how old what is used is."""
        told = self.sync(place)
        if told.source == SEEDED:
            return "well-known models are shown in place of its list"
        if told.at is None:
            return ""
        return f"its list is as of {datetime.fromtimestamp(told.at, UTC):%d %b %Y}"

    async def _from_page(
        self, place: Written, seen: Sighting, sessions: Sessions, pace: Pace, now: float
    ) -> Sighting:
        """No key goes along: the page is anybody's."""
        url = Place(self.page(place.row))
        answer = await Visit(sessions.session(url), url, pace).page()
        body = answer.body if answer.status == 200 else b""
        listing = await asyncio.to_thread(read_page, body, place.row.id_pattern)
        if listing.models:
            self._syncs[place.id] = Sync(DOCS, now)
            return replace(seen, listing=listing, note=f"its models are those that {url} names")
        why = answer.broken or (f"it answered {answer.status}" if answer.status != 200 else "it names none")
        error = (
            f"{seen.note}, and no model could be read from {url}: {why}; "
            f"pointsman urls set {place.row.id} URL names another page"
        )
        self.missed(place, error)
        return replace(seen, note="; ".join(filter(None, (error, self.as_of(place)))))


def _copy(kept: KeptListRecord) -> Listing | None:
    pages = decode(kept.body)
    listing = read_models(*pages) if isinstance(pages, list) and pages else None
    return listing and _from(replace(listing, notes=()), KEPT)


def _from(listing: Listing, source: str) -> Listing:
    def named(model: Listed) -> Listed:
        return replace(model, source=source)

    return listing.changed(named)
