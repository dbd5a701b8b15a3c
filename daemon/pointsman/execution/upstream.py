"""One call to one model: HTTP out, bytes in. Foreign failures become UpstreamErrors here, once.

Of the client's headers only those go up that its dialect names; redirects are not followed; every wait
has an end.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import MappingProxyType

import aiohttp

from pointsman.errors import Shuts, Then, UpstreamError
from pointsman.execution.retries import refusal
from pointsman.net import Sessions, auth_headers, without_key
from pointsman.types import Endpoint

LARGEST_ANSWER = 64 * 1024 * 1024  # bytes of a plain answer
LARGEST_ERROR = 64 * 1024
SLOWEST_ERROR = 5.0  # seconds for the words of a refusal: its status says enough to go on
LONGEST_DETAIL = 200  # characters of what the library says
LAST_BYTES = 0.25  # seconds for the end of a body whose content is complete, so that its connection lives on

NO_HEADERS: Mapping[str, str] = MappingProxyType({})

# What aiohttp raises, what that means, what it shuts and who is next; the first that fits counts.
_FAULTS: tuple[tuple[type[Exception], str, Shuts, Then], ...] = (
    (aiohttp.ConnectionTimeoutError, "it can't be reached", Shuts.ENDPOINT, Then.NEXT),
    (TimeoutError, "it kept silent for too long", Shuts.MODEL, Then.NEXT),
    (aiohttp.ClientConnectorError, "it can't be reached", Shuts.ENDPOINT, Then.NEXT),
    (aiohttp.ClientPayloadError, "its answer was cut", Shuts.MODEL, Then.AGAIN),
    (aiohttp.ServerDisconnectedError, "it hung up without an answer", Shuts.MODEL, Then.AGAIN),
    (aiohttp.ClientOSError, "the connection broke", Shuts.MODEL, Then.AGAIN),
    (aiohttp.ClientError, "it does not speak proper HTTP", Shuts.MODEL, Then.NEXT),
    (OSError, "the connection broke", Shuts.MODEL, Then.AGAIN),
    (ValueError, "it does not speak proper HTTP", Shuts.MODEL, Then.NEXT),
)


class Upstream:
    """The answer to one call, while it comes in. `close` needs no await and may be called at any time."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def read(self, until: float) -> bytes:
        """What has come in; empty at the end. `until` is on the loop's clock. Raises UpstreamError."""
        content = self._response.content
        with _mapped():
            if (there := content.read_nowait()) or content.at_eof():
                return there
            async with asyncio.timeout_at(until):
                return await content.readany()

    async def whole(self, idle: float, deadline: float) -> bytes:
        """All of a plain answer. Raises UpstreamError if it is cut, too slow or too large.

        `idle` is the most seconds between two pieces.
        """
        now = asyncio.get_running_loop().time
        body = bytearray()
        while chunk := await self.read(min(now() + idle, deadline)):
            body += chunk
            if len(body) > LARGEST_ANSWER:
                raise UpstreamError(f"its answer is larger than {LARGEST_ANSWER >> 20} MiB")
        return bytes(body)

    async def finish(self) -> None:
        """Waits a moment for the end of a complete answer; whatever comes instead does not matter."""
        until = asyncio.get_running_loop().time() + LAST_BYTES
        try:
            while await self.read(until):
                pass
        except UpstreamError:
            self.close()

    def close(self) -> None:
        """Hangs up, unless the answer was read to its end: then the connection is free for the next."""
        self._response.close()


async def send(
    sessions: Sessions,
    endpoint: Endpoint,
    path: str,
    body: bytes,
    *,
    headers: Mapping[str, str] = NO_HEADERS,
    at_root: bool = False,
    connect: float,
    until: float,
    wall: Callable[[], float],
    heard: Callable[[int, Mapping[str, str]], object] | None = None,
) -> Upstream:
    """Posts a call and waits for a 200. Raises UpstreamError, which says what may be done next.

    `path` is below the endpoint's place, or below its server's root. `until` is on the loop's clock;
    `wall` tells the time of day, for limits that end at one. `heard` is called with the status and the
    headers of whatever answers.
    """
    place = endpoint.place
    session = sessions.session(place)
    with _mapped():
        async with asyncio.timeout_at(until):
            response = await session.post(
                (place.root if at_root else place.url) + path,
                data=body,
                headers={**headers, "Content-Type": "application/json", **auth_headers(endpoint.account)},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect),
            )
    if heard is not None:
        heard(response.status, response.headers)
    if response.status == 200:
        return Upstream(response)
    try:
        late = min(until, asyncio.get_running_loop().time() + SLOWEST_ERROR)
        words = without_key(await _error_body(response, late), endpoint.account)
        keyed = endpoint.id if endpoint.account else ""
        raise refusal(response.status, response.headers, words, wall(), keyed=keyed)
    finally:
        response.close()


async def _error_body(response: aiohttp.ClientResponse, until: float) -> bytes:
    body = b""
    with suppress(TimeoutError, aiohttp.ClientError, OSError):
        async with asyncio.timeout_at(until):
            while len(body) < LARGEST_ERROR and (more := await response.content.read(LARGEST_ERROR)):
                body += more
    return body


@contextmanager
def _mapped() -> Iterator[None]:
    """Whatever goes wrong with the connection in here is an UpstreamError."""
    try:
        yield
    except tuple(kind for kind, *_ in _FAULTS) as error:
        _, words, shuts, then = next(row for row in _FAULTS if isinstance(error, row[0]))
        detail = _detail(error)
        raise UpstreamError(f"{words} ({detail})" if detail else words, then=then, shuts=shuts) from error


def _detail(error: Exception) -> str:
    """What the library adds to our words: its first line, as below that it repeats what came."""
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        return ""
    said = error.message if isinstance(error, aiohttp.ClientResponseError) else getattr(error, "strerror", "")
    line = str(said or error).partition("\n")[0].rstrip(":")[:LONGEST_DETAIL]
    return "".join(c if c.isprintable() else " " for c in line)
