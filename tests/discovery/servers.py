"""Small real servers on loopback: pages by path, switched at run time."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from pointsman.catalogue.row import Mark, Provider
from pointsman.types import Tier
from tests.discovery import bodies

Page = Callable[[web.Request], Awaitable[web.StreamResponse]]
LLAMA = {"Server": "llama.cpp"}
MARKS = (
    Mark("/props", key="default_generation_settings"),
    Mark("/v1/models", header="Server", value="llama.cpp"),
)


class Server:
    """`pages` by path; what is not there is a 404. `asked` holds each request's method and path."""

    def __init__(self, pages: Mapping[str, Page]) -> None:
        self.pages = dict(pages)
        self.asked: list[str] = []
        self.headers: list[Mapping[str, str]] = []

    @property
    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        self.headers.append(request.headers.copy())
        page = self.pages.get(request.path)
        return await page(request) if page else web.Response(status=404, text="not found")


def page(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Page:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=raw, headers=headers, content_type="application/json")

    return answer


def llama(*names: str, **props: Any) -> Server:
    """A llama-server that serves one model, or says what else `props` say."""
    listed = page(bodies.models(*names or ("tiny",)), headers=LLAMA)
    return Server({"/v1/models": listed, "/props": page(bodies.props(**props), headers=LLAMA)})


def plain(*names: str, headers: Mapping[str, str] | None = None) -> Server:
    """A server that speaks OpenAI and tells nothing more."""
    listed = {"object": "list", "data": [{"id": name, "object": "model"} for name in names or ("gpt",)]}
    return Server({"/v1/models": page(listed, headers=headers)})


def endless(piece: bytes = b" " * 65536) -> Page:
    """A body without an end; it stops when the client hangs up."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=LLAMA)
        await response.prepare(request)
        while True:
            await response.write(piece)

    return answer


def silent(released: asyncio.Event) -> Page:
    async def answer(_: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    return answer


def cut(headers: Mapping[str, str]) -> Page:
    """A body that promises more than it brings."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={**headers, "Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"object": "list", "da')
        assert request.transport is not None
        request.transport.abort()
        return response

    return answer


def engine_row(*ports: int) -> Provider:
    return Provider(
        "llama-server", "llama.cpp server", tier=Tier.LOCAL, ports=ports, marks=MARKS, pages=("/props",)
    )


def kind(pages: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Server:
    """An engine by its pages: JSON, and text as it is."""
    return Server(
        {
            path: page(body.encode() if isinstance(body, str) else body, headers=headers)
            for path, body in pages.items()
        }
    )
