"""A fake engine: a real HTTP server on loopback or a Unix socket, which fails when it is told to.

    async with FakeEngine() as engine:
        engine.faults(status(503), cut(after=2))  # for the next two chats; then `engine.fault` holds
        ...
        seen = await engine.chat(1)  # the first chat request, as the provider saw it
        await seen.closed.wait()  # its client went away

With its marks on it looks like a llama-server; with `llama=False` like any server that speaks OpenAI.
What waits (SILENCE, SLOW, stall) waits for `seen.release` or `engine.release()`, never for a clock.
"""

import asyncio
import json
import socket as sockets
import struct
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.fakes import answers, messages, texts
from tests.fakes.answers import Answer, Json
from tests.fakes.faults import JSON_TYPE, OK, Fault, Part, Reply, Step, Voice, reply
from tests.fakes.packing import packed

PATIENCE = 10.0  # seconds that a test waits for a request before it fails
LARGEST_BODY = 64 * 1024 * 1024
ACCEPTING = 5  # turns of the loop until a connection that was just taken is known, and can be closed
LINGER_NOT = struct.pack("ii", 1, 0)  # close sends a reset, whatever was read or not
CHAT_PATHS = ("/v1/chat/completions", "/chat/completions")
LOADING = answers.error(503, "Loading model", "unavailable_error")
NOT_FOUND = answers.error(404, "File Not Found", "not_found_error")
NO_KEY = answers.error(401, "Invalid API Key", "authentication_error")


class HungUp(ConnectionError):
    """The engine itself closed the connection; aiohttp takes it for a client that left."""


@dataclass(slots=True, eq=False)
class Seen:
    """One request as the provider saw it. `at` is the loop's time in seconds."""

    method: str
    path: str
    headers: Mapping[str, str]  # case-insensitive
    raw: bytes
    body: Json  # parsed; empty when it is no JSON object
    at: float
    query: str = ""
    peer: object = None  # the other end of the connection that it came by
    fault: Fault = OK
    waiting: asyncio.Event = field(
        default_factory=asyncio.Event
    )  # it has come to where it waits for `release`
    release: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(
        default_factory=asyncio.Event
    )  # the client went away before the answer's end
    ended: asyncio.Event = field(default_factory=asyncio.Event)  # the engine is done with it, in whatever way

    @property
    def stream(self) -> bool:
        return self.body.get("stream") is True

    @property
    def wants_usage(self) -> bool:
        options = self.body.get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True


class FakeEngine:
    """Everything public but `seen` may be set at any time and holds from the next request on."""

    def __init__(
        self,
        *models: str,
        llama: bool = True,
        socket: Path | None = None,
        port: int = 0,
        context: int = 4096,
        key: str = "",
        answer: Answer = answers.USUAL,
    ) -> None:
        self.models = models or ("fake-1",)
        self.llama = llama
        self.socket = socket
        self.port = port
        self.context = context
        self.key = key
        self.answer = answer
        self.loading = False
        self.headers: dict[str, str] = {}  # more headers, sent with every response
        self.coding = ""  # how answers are compressed, though nobody asks for it: a key of packing.CODINGS
        self.tells_usage = True  # in a stream, where it is asked to
        self.fault = OK
        self.seen: list[Seen] = []
        self._next: deque[Fault] = deque()
        self._news = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self._stopping = False

    # -- what tests do with it

    def faults(self, *faults: Fault) -> None:
        """What the next chat requests meet, one each; after them `fault` holds again."""
        self._next.extend(faults)

    def mend(self) -> None:
        """Whoever asks from now on is answered."""
        self._next.clear()
        self.fault = OK

    def release(self) -> None:
        """Lets everything go on that waits now."""
        for seen in self.seen:
            seen.release.set()

    @property
    def chats(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.path in CHAT_PATHS]

    async def chat(self, number: int = 1) -> Seen:
        """The chat request of that number, from 1; waits until it has come."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: len(self.chats) >= number)
        return self.chats[number - 1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}" if self.socket is None else "http://localhost"

    @property
    def api_base(self) -> str:
        return f"{self.url}/v1"

    # -- its life

    async def start(self) -> None:
        """Listens; a second start, after a stop, listens at the same place."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._stopping = False
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.01)
        await self._runner.setup()
        if self.socket is not None:
            await web.UnixSite(self._runner, self.socket).start()
            return
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Closes the door and every connection; answers under way are cut."""
        self._stopping = True
        if self._runner is not None:
            for site in list(self._runner.sites):
                await site.stop()
            for _ in range(ACCEPTING):
                await asyncio.sleep(0)
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # -- one request

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        seen = await self._note(request)
        try:
            said = self._answer(seen)
            return await self._act(request, seen, packed(said, self.coding) if self.coding else said)
        except HungUp:
            raise
        except (asyncio.CancelledError, ConnectionError):
            if not self._stopping:
                seen.closed.set()
            raise
        finally:
            seen.ended.set()

    async def _note(self, request: web.Request) -> Seen:
        raw = await request.read()
        now = asyncio.get_running_loop().time()
        seen = Seen(
            request.method,
            request.path,
            request.headers.copy(),
            raw,
            _parse(raw),
            now,
            request.query_string,
            request.transport and request.transport.get_extra_info("peername"),
        )
        async with self._news:
            self.seen.append(seen)
            self._news.notify_all()
        return seen

    def _answer(self, seen: Seen) -> Reply:
        if self.key and seen.path != "/health" and seen.headers.get("Authorization") != f"Bearer {self.key}":
            return as_json(NO_KEY, 401)
        if self.loading:
            return as_json(LOADING, 503)
        match seen.method, seen.path:
            case "POST", _:
                return self._asked(seen)
            case "GET", "/v1/models" | "/models":
                return as_json(self._listing())
            case "GET", "/health" if self.llama:
                return as_json({"status": "ok"})
            case "GET", "/props" if self.llama:
                return as_json(self._props())
        return as_json(NOT_FOUND, 404)

    def _asked(self, seen: Seen) -> Reply:
        match seen.path:
            case path if path in CHAT_PATHS:
                return self._chat(seen)
            case "/v1/completions":
                return self._by_name(seen, lambda model: self._say(seen, self.answer, model, texts))
            case "/v1/embeddings":
                return self._by_name(seen, lambda model: self._embeddings(seen, model))
            case "/v1/messages" if self.llama:
                return self._by_name(seen, lambda model: self._say(seen, self.answer, model, messages))
            case "/v1/messages/count_tokens" if self.llama:
                return as_json(messages.count(self.answer.prompt))
        return as_json(NOT_FOUND, 404)

    def _chat(self, seen: Seen) -> Reply:
        if not isinstance(seen.body.get("messages"), list):
            return as_json(answers.error(400, "'messages' is required", "invalid_request_error"), 400)
        return self._by_name(seen, lambda model: self._say(seen, self.answer, model))

    def _embeddings(self, seen: Seen, model: str) -> Reply:
        """A llama-server says that they are of whatever model it was asked for."""
        said_by = str(seen.body.get("model") or model) if self.llama else model
        return as_json(texts.embeddings(seen.body, said_by))

    def _by_name(self, seen: Seen, answer: Callable[[str], Reply]) -> Reply:
        """A llama-server answers with what it has, whatever the name; others know their models."""
        model = str(seen.body.get("model") or self.models[0])
        if model in self.models or self.llama:
            return answer(model if model in self.models else self.models[0])
        return as_json(
            answers.error(404, f"The model '{model}' does not exist", "invalid_request_error"), 404
        )

    def _say(
        self, seen: Seen, answer: Answer, model: str, voice: Voice = answers, *, stream: bool | None = None
    ) -> Reply:
        """The answer, or what the next fault makes of it."""
        seen.fault = self._next.popleft() if self._next else self.fault
        streams = seen.stream if stream is None else stream
        return reply(
            seen.fault,
            answer,
            model,
            stream=streams,
            usage=seen.wants_usage and self.tells_usage,
            voice=voice,
        )

    async def _act(self, request: web.Request, seen: Seen, said: Reply) -> web.StreamResponse:
        if said.before is not None:
            await _step(said.before, request, seen)
        response = web.StreamResponse(status=said.status, headers=self._headers(said))
        if said.framed:
            response.content_length = sum(len(part) for part in said.parts if isinstance(part, bytes))
        else:
            response.enable_chunked_encoding()
        if seen.method == "GET":
            response.force_close()  # so that a chat which is reset has a connection of its own
        await response.prepare(request)
        for part in said.parts:
            await _play(part, request, response, seen)
        await response.write_eof()
        return response

    def _headers(self, said: Reply) -> dict[str, str]:
        server = "llama.cpp" if self.llama else "fake"
        own = {"Server": server, "Access-Control-Allow-Origin": "", "Content-Type": said.content_type}
        return {**own, **self.headers, **said.headers}

    def _listing(self) -> Json:
        meta = {
            "n_ctx": self.context,
            "n_ctx_train": 2 * self.context,
            "n_params": 8_030_261_248,
            "size": 431_872,
        }
        known: Json = (
            {"meta": meta | {"ftype": "all F32"}, "owned_by": "llamacpp"}
            if self.llama
            else {"owned_by": "fake"}
        )
        data = [{"id": id_, "object": "model", "created": answers.CREATED} | known for id_ in self.models]
        names: Json = {"models": [{"name": id_, "model": id_} for id_ in self.models]} if self.llama else {}
        return names | {"object": "list", "data": data}

    def _props(self) -> Json:
        return {
            "default_generation_settings": {"params": {}, "n_ctx": self.context},
            "total_slots": 1,
            "model_alias": self.models[0],
            "model_path": f"models/{self.models[0]}.gguf",
            "modalities": {"vision": False, "audio": False},
            "chat_template_caps": {
                "supports_system_role": True,
                "supports_tools": True,
                "supports_tool_calls": True,
            },
            "build_info": "b1-fake",
            "is_sleeping": False,
        }


async def _play(part: Part, request: web.Request, response: web.StreamResponse, seen: Seen) -> None:
    if isinstance(part, Step):
        await _step(part, request, seen)
    else:
        await response.write(part)
        await asyncio.sleep(0)  # each part a packet of its own, as far as the kernel agrees


async def _step(step: Step, request: web.Request, seen: Seen) -> None:
    if step is Step.HALF_CLOSE:
        _transport(request).write_eof()
    if step is not Step.RESET:
        seen.waiting.set()
        await seen.release.wait()
    if step is not Step.WAIT:
        _hang_up(_transport(request))


def _hang_up(transport: asyncio.WriteTransport) -> None:
    transport.get_extra_info("socket").setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, LINGER_NOT)
    transport.abort()
    raise HungUp


def _transport(request: web.Request) -> asyncio.WriteTransport:
    if request.transport is None:
        raise ConnectionResetError
    return request.transport


def as_json(body: Json, status: int = 200) -> Reply:
    return Reply([answers.compact(body)], JSON_TYPE, status)


def _parse(raw: bytes) -> Json:
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
