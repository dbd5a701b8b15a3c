"""What a page about a key tells, whatever it holds."""

import asyncio
import json

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from pointsman.discovery.figures import LARGEST, Figures, ask_figures, read_figures
from pointsman.errors import Shuts, UpstreamError
from pointsman.money import NANO
from pointsman.net import Sessions
from pointsman.types import Account, Endpoint, FoundBy, Place

FULL = {
    "label": "sk-or-...",
    "limit": 5,
    "limit_remaining": 1.25,
    "usage": 3.75,
    "is_free_tier": False,
    "free_model_daily_requests": {"limit": 1000, "used": 12, "remaining": 988},
    "rate_limit": {"requests": 50, "interval": "10s", "note": "deprecated"},
}


def read(**data: object) -> Figures | None:
    return read_figures(json.dumps({"data": data}).encode())


def test_all_that_is_told_is_read() -> None:
    assert read(**FULL) == Figures(
        bought=True, most=1000, used=12, limit=5 * NANO, remaining=5 * NANO // 4, spent=15 * NANO // 4
    )


def test_what_is_not_told_is_unknown() -> None:
    assert read() == Figures()
    assert read(limit=None, limit_remaining=None, is_free_tier=None) == Figures()
    assert read_figures(b'{"balance": "95.50", "total_used": "4.50"}') == Figures()


@pytest.mark.parametrize(
    ("told", "used_up"),
    [
        ({"limit": 5, "limit_remaining": 0}, True),
        ({"limit": 5, "limit_remaining": -0.2}, True),
        ({"limit_remaining": 0}, True),
        ({"limit": 5, "limit_remaining": 0.01}, False),
        ({"limit": None, "limit_remaining": None}, False),
        ({"limit": 0, "limit_remaining": 0}, False),  # whoever allows nothing wants what costs nothing
    ],
)
def test_credit_is_used_up_when_nothing_of_it_remains(told: dict[str, object], *, used_up: bool) -> None:
    figures = read(**told)
    assert figures is not None
    assert figures.used_up is used_up


@pytest.mark.parametrize(
    "nonsense",
    [
        {"is_free_tier": "no", "limit": "5", "usage": True},
        {"free_model_daily_requests": 50},
        {"free_model_daily_requests": {"limit": -1, "used": 10**12}},
        {"free_model_daily_requests": {"limit": True, "used": 1.5}},
        {"limit": 1e300},
    ],
)
def test_nonsense_is_as_good_as_nothing(nonsense: dict[str, object]) -> None:
    assert read(**nonsense) == Figures()


@given(st.binary() | st.text().map(str.encode))
def test_no_body_breaks_it(body: bytes) -> None:
    read_figures(body)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"data": []}', b"<html>", b'{"data": {"limit": NaN}}']
)
def test_what_is_no_such_page_tells_nothing(body: bytes) -> None:
    assert read_figures(body) in {None, Figures()}


async def ask(status: int, *pieces: bytes) -> tuple[Figures | None, str]:
    """What is read of an answer, and with what it was asked."""
    sent: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        sent.append(f"{request.path} {request.headers.get('Authorization')}")
        response = web.StreamResponse(status=status, headers={"Location": "/elsewhere"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            for _ in range(10):  # so that its reader has it before the next one is on its way
                await asyncio.sleep(0)
        return response

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        place = Place(f"http://127.0.0.1:{server.port}/v1")
        endpoint = Endpoint("openrouter", "openrouter", place, FoundBy.CONFIG, account=Account("a", "sk-1"))
        sessions = Sessions()
        try:
            return await ask_figures(sessions, endpoint, "/key"), sent[0]
        finally:
            await sessions.close()


async def test_it_is_asked_with_its_key() -> None:
    figures, sent = await ask(200, json.dumps({"data": FULL}).encode())
    assert figures is not None
    assert (figures.most, sent) == (1000, "/v1/key Bearer sk-1")


async def test_a_page_that_comes_in_pieces_is_read_to_its_end_or_to_a_bound() -> None:
    body = json.dumps({"data": FULL}).encode()
    figures, _ = await ask(200, body[:10], body[10:20], body[20:])
    assert figures == read(**FULL)
    assert (await ask(200, body, b" " * LARGEST))[0] is None


@pytest.mark.parametrize("status", [302, 403, 404, 500])
async def test_who_does_not_say_is_not_to_blame(status: int) -> None:
    assert (await ask(status, b'{"data": {}}'))[0] is None


async def test_a_refused_key_is_told() -> None:
    with pytest.raises(
        UpstreamError, match=r"refused the key \(401\); for another key: pointsman keys set "
    ) as refused:
        await ask(401, b'{"error": "no such key: sk-1"}')
    assert refused.value.shuts is Shuts.ACCOUNT
    assert "sk-1" not in str(refused.value)
