"""Which time it is elsewhere, by the `Date` of answers (RFC 9110, 6.6.1): our own clock may be wrong."""

from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime

import aiohttp


class OtherClocks:
    """A middleware of sessions. `ahead`: by the address of a server, seconds that `wall` is ahead of it.

    `answered`: the addresses of those who answered at all.
    """

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self.ahead: dict[str, float] = {}
        self.answered: set[str] = set()

    async def __call__(
        self, request: aiohttp.ClientRequest, call: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        response = await call(request)
        self.answered.add(str(request.url.origin()))
        with suppress(ValueError):  # none, or what is no date
            said = parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
            now = said + _age(response.headers.get("Age", ""))
            self.ahead[str(request.url.origin())] = self._wall() - now
        return response


def _age(said: str) -> float:
    """Seconds since it was the server's, where a cache has it from there (RFC 9111, 5.1)."""
    return float(said) if said.isascii() and said.isdecimal() else 0.0
