"""One visit to one server: a few bounded GETs, and what they say of who answers.

Only lists and descriptions are asked for, so that no visit loads or wakes a model. Nothing that a
server does raises out of a visit, lasts longer than its pace, or takes more memory than the cap.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from urllib.parse import urlsplit

import aiohttp

from pointsman.catalogue.row import Mark, Provider
from pointsman.discovery.listing import (
    Details,
    Listing,
    decode,
    is_loading,
    read_models,
    read_props,
    with_details,
)
from pointsman.net import VERSION_HEADER, auth_headers
from pointsman.types import Account, Health, Place

LARGEST_BODY = 4 * 1024 * 1024  # bytes
REFUSALS = frozenset({401, 403})

DETAILS = MappingProxyType({"/props": read_props})  # by a mark's path: who reads what is told there


class Absent(Enum):
    """Why a visit found nobody to list."""

    NOBODY = auto()  # no connection
    SILENT = auto()  # a connection, and no answer in time: busy or stuck, but there
    STRANGER = auto()  # an answer that no model API gives
    OURSELVES = auto()


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds."""

    connect: float
    total: float


NEAR = Pace(connect=0.5, total=1.5)  # below the two seconds that a sweep of this machine may take
FAR = Pace(connect=5.0, total=8.0)


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
    """The GETs of one visit. Each URL is asked once; all share one deadline."""

    def __init__(
        self, session: aiohttp.ClientSession, place: Place, pace: Pace, account: Account | None = None
    ) -> None:
        self.place = place
        self._session = session
        self._pace = pace
        self._deadline = asyncio.get_running_loop().time() + pace.total
        self._headers = auth_headers(account)
        self._answers: dict[str, Answer] = {}

    async def models(self) -> Answer:
        return await self._get(self.place.url + "/models")

    async def root(self, path: str) -> Answer:
        """An engine's own routes begin at the root, whatever the path of its OpenAI API."""
        parts = urlsplit(self.place.url)
        return await self._get(f"{parts.scheme}://{parts.netloc}{path}")

    async def _get(self, url: str) -> Answer:
        if url not in self._answers:
            self._answers[url] = await self._ask(url)
        return self._answers[url]

    async def _ask(self, url: str) -> Answer:
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._exchange(url)
        except TimeoutError:
            return Answer(absent=Absent.SILENT, broken=f"no answer within {self._pace.total:g} s")
        except aiohttp.ClientConnectorError as error:
            return Answer(absent=Absent.NOBODY, broken=str(error))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(absent=Absent.STRANGER, broken=f"no proper HTTP ({type(error).__name__})")

    async def _exchange(self, url: str) -> Answer:
        async with self._session.get(
            url,
            headers=self._headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._pace.connect),
        ) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            body, broken = await _read(response)
            return Answer(response.status, headers, body, broken)


async def look(visit: Visit, rows: Sequence[Provider]) -> Sighting | Absent:
    """Who is at the visit's place. `rows` are those whose marks are tried, the likeliest first."""
    listed = await visit.models()
    if listed.absent:
        return listed.absent
    if VERSION_HEADER.lower() in listed.headers:
        return Absent.OURSELVES
    row = await _recognise(visit, rows)
    return await _sighting(visit, row, listed)


async def _read(response: aiohttp.ClientResponse) -> tuple[bytes, str]:
    """The body, and what kept us from reading all of it."""
    body = bytearray()
    try:
        async for piece in response.content.iter_any():
            body += piece
            if len(body) > LARGEST_BODY:
                response.close()
                return b"", f"longer than {LARGEST_BODY // 1024 // 1024} MiB"
    except aiohttp.ClientError as error:
        return b"", f"cut off ({type(error).__name__})"
    return bytes(body), ""


async def _recognise(visit: Visit, rows: Sequence[Provider]) -> Provider | None:
    for row in rows:
        for mark in row.marks:
            if _fits(mark, await visit.root(mark.path)):
                return row
    return None


def _fits(mark: Mark, answer: Answer) -> bool:
    if mark.header and answer.headers.get(mark.header.lower(), "").startswith(mark.value):
        return True
    if not mark.key or answer.status != 200:
        return False
    body = decode(answer.body)
    return isinstance(body, dict) and mark.key in body


async def _sighting(visit: Visit, row: Provider | None, listed: Answer) -> Sighting:
    pages = {mark.path: await visit.root(mark.path) for mark in _telling_marks(row)}
    answers = (listed, *pages.values())
    listing = read_models(decode(listed.body)) if listed.status == 200 else None
    details = [told for path, page in pages.items() if (told := _details(path, page))]
    for told in details:
        listing = with_details(listing, told) if listing else None
    return Sighting(
        row,
        health=_health(answers),
        listing=listing,
        build=next((told.build for told in details), ""),
        note="; ".join(_troubles(visit.place, listed, listing, pages)),
    )


def _telling_marks(row: Provider | None) -> list[Mark]:
    return [mark for mark in row.marks if mark.path in DETAILS] if row else []


def _details(path: str, page: Answer) -> Details | None:
    return DETAILS[path](decode(page.body)) if page.status == 200 else None


def _health(answers: Sequence[Answer]) -> Health:
    if any(answer.status in REFUSALS for answer in answers):
        return Health.REFUSED
    if any(answer.status == 503 and is_loading(decode(answer.body)) for answer in answers):
        return Health.LOADING
    return Health.UP


def _troubles(
    place: Place, listed: Answer, listing: Listing | None, pages: Mapping[str, Answer]
) -> Iterator[str]:
    if listing is None:
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
