"""A daemon's face with answers given by hand: real HTTP, on TCP and on a Unix socket, in a thread."""

import asyncio
import json
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from pointsman.version import VERSION

GONE = 2**22 + 1  # no process is ever called so

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str  # with its query
    body: object
    headers: dict[str, str]
    through: str  # "unix" or "tcp"


@dataclass
class Stub:
    """`answers` holds JSON or a handler for each `METHOD path`; what is not in it is answered by a 404."""

    state: Path
    headers: dict[str, str] = field(default_factory=lambda: {"X-Pointsman-Version": VERSION})
    answers: dict[str, object] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0

    @property
    def socket(self) -> Path:
        return self.state / "p.sock"

    def publish(self, *, socket: Path | None, url: str) -> None:
        facts = {"pid": GONE, "version": "1", "url": url, "socket": str(socket) if socket else None}
        (self.state / "daemon.json").write_text(json.dumps(facts), encoding="utf-8")

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        through = "tcp" if request.transport and request.transport.get_extra_info("peername") else "unix"
        self.asked.append(
            Asked(
                request.method,
                str(request.rel_url),
                json.loads(body) if body else None,
                dict(request.headers),
                through,
            )
        )
        match self.answers.get(f"{request.method} {request.path}"):
            case None:
                return refuse(404, f"nothing is served at {request.path}")
            case answer if callable(answer):
                response: web.StreamResponse = await answer(request)
                return response
            case answer:
                return web.json_response(answer)


def refuse(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"message": message, "src": "pointsman"}}, status=status)


@contextmanager
def running_stub() -> Iterator[Stub]:
    """Published on both ways in. The folder is short: a socket's path holds a hundred bytes."""
    with tempfile.TemporaryDirectory(prefix="pm-") as folder:
        stub = Stub(Path(folder))
        with _serving(stub):
            stub.publish(socket=stub.socket, url=f"http://127.0.0.1:{stub.port}")
            yield stub


@contextmanager
def _serving(stub: Stub) -> Iterator[None]:
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(_serve(stub, ready, stop),))
    thread.start()
    try:
        assert ready.wait(10), "the stub did not start"
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


async def _serve(stub: Stub, ready: threading.Event, stop: asyncio.Event) -> None:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stub.answer)

    async def sign(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(stub.headers)

    app.on_response_prepare.append(sign)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    tcp = web.TCPSite(runner, "127.0.0.1", 0)
    await tcp.start()
    await web.UnixSite(runner, str(stub.socket)).start()
    stub.port = runner.addresses[0][1]
    ready.set()
    await stop.wait()
    await runner.cleanup()
