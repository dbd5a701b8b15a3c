"""What a provider tells of a key on the page that its row names: credit, and what it counts of free requests.

OpenRouter's, by its own reference (GET /api/v1/key): how many free requests a day it allows does not go by
`is_free_tier` but by what was ever bought; where it tells the number itself, that counts.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
import msgspec

from pointsman.discovery.probe import FAR, read_body
from pointsman.errors import Shuts, UpstreamError
from pointsman.money import NANO
from pointsman.net import Sessions, auth_headers
from pointsman.types import Endpoint

LARGEST = 64 * 1024  # bytes of such a page
MOST_REQUESTS = 10**9  # a day, that are believed
MOST_DOLLARS = 10**6


@dataclass(frozen=True, slots=True)
class Figures:
    """What is not told is None. Money in nano-dollars; `most` and `used`: free requests a day."""

    bought: bool | None = None
    most: int | None = None
    used: int | None = None
    limit: int | None = None
    remaining: int | None = None
    spent: int | None = None

    @property
    def used_up(self) -> bool:
        """Whether its credit is. A limit of nothing is somebody's wish to pay nothing."""
        return self.remaining is not None and self.remaining <= 0 and self.limit != 0


async def ask_figures(sessions: Sessions, endpoint: Endpoint, page: str) -> Figures | None:
    """None: it does not say. Raises UpstreamError where the key is refused."""
    try:
        async with sessions.session(endpoint.place).get(
            endpoint.place.url + page,
            headers=auth_headers(endpoint.account),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=FAR.silence, sock_connect=FAR.connect),
        ) as response:
            if response.status == 401:
                words = f"it refused the key (401); for another key: pointsman keys set {endpoint.id}"
                raise UpstreamError(words, upstream_status=401, shuts=Shuts.ACCOUNT)
            body = (await read_body(response, LARGEST))[0] if response.status == 200 else b""
    except (aiohttp.ClientError, OSError, ValueError):
        return None
    return read_figures(body)


def read_figures(body: bytes) -> Figures | None:
    """Pure, and never raises."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(data := found.get("data", found), dict):
        return None
    daily = data.get("free_model_daily_requests")
    counted: Mapping[str, object] = daily if isinstance(daily, dict) else {}
    free_tier = data.get("is_free_tier")
    return Figures(
        bought=not free_tier if isinstance(free_tier, bool) else None,
        most=_count(counted.get("limit")) or None,
        used=_count(counted.get("used")),
        limit=_nano(data.get("limit")),
        remaining=_nano(data.get("limit_remaining")),
        spent=_nano(data.get("usage")),
    )


def _count(value: object) -> int | None:
    is_one = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_REQUESTS
    return value if is_one and isinstance(value, int) else None


def _nano(value: object) -> int | None:
    """Dollars, as its pages write them: a number with some decimals, for people."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return round(value * NANO) if abs(value) <= MOST_DOLLARS else None
