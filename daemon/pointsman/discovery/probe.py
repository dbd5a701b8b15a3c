"""One visit to one server: a few bounded requests, and what they say of who answers.

Only lists and descriptions are asked for, so that no visit loads or wakes a model. Nothing that a
server does raises out of a visit, lasts longer than its pace, or takes more memory than the cap.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

import aiohttp

from pointsman.catalogue.row import Mark, Provider
from pointsman.discovery.fields import decode, items
from pointsman.discovery.listing import ELSEWHERE, Change, Listed, Listing, read_models
from pointsman.discovery.lists import LISTS, PLAIN
from pointsman.discovery.memory import Memory, description
from pointsman.discovery.pages import DESCRIBERS, READERS
from pointsman.net import VERSION_HEADER, auth_headers, without_key
from pointsman.types import Account, Dialect, Health, Place
from pointsman.wire.foreign import is_loading

LARGEST_BODY = 4 * 1024 * 1024  # bytes
REFUSALS = frozenset({401, 403})
LONG_LIST = 64 * 1024  # bytes; to read it takes longer than streams may be held up
AT_ONCE = 4  # descriptions asked of one server at the same time


class Absent(Enum):
    """Why a visit found nobody to list."""

    NOBODY = auto()  # no connection
    SILENT = auto()  # a connection, and no answer in time: busy or stuck, but there
    STRANGER = auto()  # an answer that no model API gives
    OURSELVES = auto()


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. `silence`: without a byte; None: it may last until the total is over."""

    connect: float
    total: float
    silence: float | None = None


NEAR = Pace(connect=0.5, total=1.5)  # below the two seconds that a sweep of this machine may take
FAR = Pace(connect=5.0, total=60.0, silence=10.0)  # a long list over a slow line: 1 MB at 20 kB/s


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` 0: there was none, and `absent` says why. `broken`: why it could not be read whole."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    broken: str = ""
    absent: Absent | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """Who answers at a place. `listing` None: it gave no list; `note` then says why, for people."""

    row: Provider | None  # None: no row's marks fit
    health: Health
    listing: Listing | None
    build: str = ""
    note: str = ""


class Visit:
    """The requests of one visit. Each URL is got once; all share one deadline."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        place: Place,
        pace: Pace,
        account: Account | None = None,
        memory: Memory | None = None,
        *,
        dialect: Dialect = Dialect.OPENAI,
    ) -> None:
        self.place = place
        self.memory = memory or Memory()
        self._session = session
        self.pace = pace
        self._deadline = asyncio.get_running_loop().time() + pace.total
        self._list = LISTS.get(dialect, PLAIN)
        self._headers = {**self._list.headers, **auth_headers(account)}
        self._account = account
        self._answers: dict[str, Answer] = {}
        self.found_nobody = False  # at one of its requests
        self.kept_waiting = False  # by one of them, until there was no time left
        self.last_status = 0  # of its list
        self.raw_pages = b"[]"  # the list as it came: an array of its pages

    async def models(self) -> tuple[Answer, Listing | None]:
        """The list, of as many pages as it has, and its last answer: the first that is none of it."""
        url = self.place.url + "/models"
        pages: list[object] = []
        bodies: list[bytes] = []
        query = self._list.first
        while True:
            answer = await self._get(url + query)
            self.last_status = 0 if answer.broken else answer.status
            if self.last_status != 200:
                return answer, None
            bodies.append(answer.body)
            pages.append(decode(answer.body))
            query = self._list.after(pages)
            if not query:
                self.raw_pages = b"[" + b",".join(bodies) + b"]"
                return answer, await _read_list(pages, len(self.raw_pages))

    async def page(self) -> Answer:
        """The place itself, as a page."""
        return await self._get(self.place.url)

    async def root(self, path: str) -> Answer:
        """An engine's own routes begin at the root, whatever the path of its OpenAI API."""
        return await self._get(self.place.root + path)

    async def describe(self, path: str, model: str) -> Answer:
        """Asks for a model's description, which takes a POST."""
        return await self._ask("POST", self.place.root + path, {"model": model})

    async def _get(self, url: str) -> Answer:
        if url not in self._answers:
            self._answers[url] = await self._ask("GET", url)
        return self._answers[url]

    async def _ask(self, method: str, url: str, body: Mapping[str, str] | None = None) -> Answer:
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._exchange(method, url, body)
        except TimeoutError as error:
            self.kept_waiting = True
            waited = self.pace.silence if isinstance(error, aiohttp.SocketTimeoutError) else self.pace.total
            return Answer(absent=Absent.SILENT, broken=f"no answer within {waited:g} s")
        except aiohttp.ClientConnectorError as error:
            self.found_nobody = True
            return Answer(absent=Absent.NOBODY, broken=str(error))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(absent=Absent.STRANGER, broken=f"no proper HTTP ({type(error).__name__})")

    async def _exchange(self, method: str, url: str, body: Mapping[str, str] | None) -> Answer:
        async with self._session.request(
            method,
            url,
            json=body,
            headers=self._headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=self.pace.connect, sock_read=self.pace.silence
            ),
        ) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            read, broken = await read_body(response, LARGEST_BODY)
            return Answer(response.status, headers, without_key(read, self._account), broken)


async def _read_list(pages: Sequence[object], size: int) -> Listing | None:
    return await asyncio.to_thread(read_models, *pages) if size > LONG_LIST else read_models(*pages)


async def look(visit: Visit, rows: Sequence[Provider], runs: Provider | None = None) -> Sighting | Absent:
    """Who is at the visit's place. `rows` are those whose marks are tried, the likeliest first.

    `runs`: what the process that listens there is known to be, which is believed of a row without marks.
    """
    listed, listing = await visit.models()
    if listed.absent:
        if listed.absent is not Absent.SILENT:
            visit.memory.forget(visit.place)
        return listed.absent
    if VERSION_HEADER.lower() in listed.headers:
        return Absent.OURSELVES
    row = await _who(visit, rows, listing, runs)
    if row is None and _in_doubt(visit, listing):
        return Absent.SILENT
    seen = await _sighting(visit, row, listed, listing)
    return Absent.NOBODY if visit.found_nobody else seen  # it went while it was looked at


async def _who(
    visit: Visit, rows: Sequence[Provider], listing: Listing | None, runs: Provider | None
) -> Provider | None:
    if runs and runs.relays:
        return runs if listing else None  # who carries bytes for others than models is nobody's business
    return await _recognise(visit, rows, listing) or (runs if runs and not runs.marks else None)


async def read_body(response: aiohttp.ClientResponse, most: int) -> tuple[bytes, str]:
    """The body, however many pieces it comes in, and what kept us from reading all of it. `most`: bytes.

    Raises TimeoutError.
    """
    body = bytearray()
    try:
        async for piece in response.content.iter_any():
            body += piece
            if len(body) > most:
                response.close()
                return b"", f"longer than {most / 2**20:g} MiB"
    except TimeoutError:
        raise
    except aiohttp.ClientError as error:
        return b"", f"cut off ({type(error).__name__})"
    return bytes(body), ""


async def _recognise(visit: Visit, rows: Sequence[Provider], listing: Listing | None) -> Provider | None:
    now = asyncio.get_running_loop().time()
    if not visit.memory.may_ask(visit.place, listing, now):
        return None
    owner = listing.models[0].owner if listing and listing.models else ""
    for row in rows:
        for mark in row.marks:
            if mark.owner in {"", owner} and _fits(mark, await visit.root(mark.path)):
                visit.memory.recognised(visit.place, listing)
                return row
    if not _in_doubt(visit, listing):
        visit.memory.was_stranger(visit.place, listing, now)
    return None


def _in_doubt(visit: Visit, listing: Listing | None) -> bool:
    """Whether it is an engine that was merely too busy to show its mark again."""
    return visit.kept_waiting and visit.memory.knows(visit.place, listing)


def _fits(mark: Mark, answer: Answer) -> bool:
    if mark.header:
        return answer.headers.get(mark.header.lower(), "").startswith(mark.value)
    if answer.status != 200:
        return False
    if mark.text:
        return answer.body.lstrip().startswith(mark.text.encode())
    body = decode(answer.body)
    places = (body, *items(body, "data")[:1])
    return any(
        mark.key in place and str(place[mark.key]).startswith(mark.value)
        for place in places
        if isinstance(place, dict)
    )


async def _sighting(visit: Visit, row: Provider | None, listed: Answer, listing: Listing | None) -> Sighting:
    pages = {path: await visit.root(path) for path in row.pages} if row else {}
    if row and row.vital and (pages[row.vital].status != 200 or pages[row.vital].broken):
        listing = None
    elif row and listing:
        listing = await _described(visit, row, _told(row, listing, pages))
    return Sighting(
        row,
        health=_health(listed, tuple(pages.values())),
        listing=listing,
        build=listing.build if listing else "",
        note="; ".join(_troubles(visit.place, row, listed, listing, pages)),
    )


def _told(row: Provider, listing: Listing, pages: Mapping[str, Answer]) -> Listing:
    """The list, with what each page adds to it."""
    for path, page in pages.items():
        if page.status == 200 and not page.broken:
            listing = READERS[path](listing, decode(page.body))
    if row.owners:
        listing = listing.changed(lambda model: _of_others(model, row.owners))
    return listing


def _of_others(model: Listed, own: Sequence[str]) -> Listed:
    return model if model.owner in own else replace(model, runs_at=model.owner or ELSEWHERE)


async def _described(visit: Visit, row: Provider, listing: Listing) -> Listing:
    """Each model's own description, asked for once; what there is no time for is asked next time."""
    if not row.describes:
        return listing
    known = dict(visit.memory.described(visit.place))
    here = [model for model in listing.models if not model.runs_at]
    slots = asyncio.Semaphore(AT_ONCE)

    async def ask(model: Listed) -> Change | None:
        async with slots:
            page = await visit.describe(row.describes, model.served_as)
        return DESCRIBERS[row.describes](decode(page.body)) if page.status == 200 else None

    missing = [model for model in here if description(model) not in known]
    answers = await asyncio.gather(*map(ask, missing))
    known |= {description(model): change for model, change in zip(missing, answers, strict=True) if change}
    changes = {key: known[key] for key in map(description, here) if key in known}
    visit.memory.keep(visit.place, changes)
    return listing.changed(lambda model: changes.get(description(model), _as_it_is)(model))


def _as_it_is(model: Listed) -> Listed:
    return model


def _health(listed: Answer, pages: Sequence[Answer]) -> Health:
    refused = [answer.status in REFUSALS for answer in pages]
    if listed.status in REFUSALS or (refused and all(refused)):
        return Health.REFUSED
    if any(answer.status == 503 and is_loading(answer.body) for answer in (listed, *pages)):
        return Health.LOADING
    return Health.UP


def _troubles(
    place: Place, row: Provider | None, listed: Answer, listing: Listing | None, pages: Mapping[str, Answer]
) -> Iterator[str]:
    vital = row.vital if row else ""
    if listing is None and listed.status == 200 and vital in pages and pages[vital].status != 200:
        yield f"its list of models is not used without its {vital}, which tells where they run"
    elif listing is None:
        yield _no_list(listed, place)
    for path, page in pages.items():
        if page.broken:
            yield f"its {path} could not be read: {page.broken}"


def _no_list(listed: Answer, place: Place) -> str:
    """Why there is no list, and what helps."""
    if listed.broken:
        return f"its list of models could not be read: {listed.broken}"
    if listed.status == 404:
        return f"no list of models at {place}/models: does the address lack its version, such as /v1?"
    if listed.status != 200:
        return f"its list of models could not be had: it answered {listed.status}"
    return "its list of models could not be read: it is not an OpenAI list in JSON"
