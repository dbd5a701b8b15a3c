"""What a provider's refusal means: whom to ask next, and what to leave alone for how long. Pure.

What goes wrong with a connection is in the table of `upstream.py`.
"""

from collections.abc import Mapping

from pointsman.errors import Then, UpstreamError
from pointsman.limits.rate import Limit, read_limit
from pointsman.net import without_key
from pointsman.types import Account
from pointsman.wire.foreign import error_message, is_loading

NO_SUCH_KEY, UNAVAILABLE = 401, 503
BUSY = frozenset({429, 503})
REFUSALS = frozenset({400, 413, 415, 422})  # the request is wrong, says a provider; another may not mind

_AGAIN = frozenset({500, 502})  # a hiccup, perhaps; whoever is overloaded or down says 503, 504 or 529


def refusal(
    status: int, headers: Mapping[str, str], body: bytes, wall: float, *, keyed: str = ""
) -> UpstreamError:
    """What an answer means that is no 200. `wall` is the time of day, for limits that end at one.

    `keyed`: the place whose key was sent; empty: none was.
    """
    words = error_message(body) or "without a word"
    if keyed and status == NO_SUCH_KEY:
        words += f"; for another key: pointsman keys set {keyed}"
    limit = read_limit(status, headers, body, wall)
    told = _as(f"it answered {status}: {words}", status, limit)
    told.loading = status == UNAVAILABLE and is_loading(body)
    if headers.get("x-should-retry") == "false" and told.then is Then.AGAIN:
        told.then = Then.NEXT
    return told


def inside(error: UpstreamError, wall: float, account: Account | None = None) -> UpstreamError:
    """An error that came in place of an answer, under a 200: it counts as its code says."""
    if not error.said:
        return error
    said = without_key(error.said, account)  # before it is shortened: half a key is not known for one
    limit = read_limit(200, {}, said, wall)
    where, words = error.message.partition(": ")[0], error_message(said)
    plain = f"{where}: {words}" if words else without_key(error.message.encode(), account).decode()
    return _as(plain, limit.status, limit)


def _as(message: str, status: int, limit: Limit) -> UpstreamError:
    return UpstreamError(
        message + limit.note,
        upstream_status=status or None,
        then=_next(status, limit),
        shuts=limit.shuts,
        wait=limit.wait,
        limited=limit.limited,
        span=limit.scope.value,
        most=limit.most,
    )


def _next(status: int, limit: Limit) -> Then:
    """A second try follows at once, and so not where a time is told before which none is welcome."""
    if limit.filtered:
        return Then.NOBODY
    if limit.too_long:
        return Then.LARGER
    return Then.AGAIN if status in _AGAIN and not limit.wait else Then.NEXT
