"""An engine that costs next to nothing: raw bytes, made beforehand, in a llama-server's shape.

Each chunk of a stream is a write of its own, as an engine's tokens are. Where the prompt holds PACED
the tokens come PACE seconds apart, as from a model at work; else as fast as they can be sent.

    python -m tests.bench.stub        says its address and serves until its standard input ends
"""

import asyncio
from collections.abc import Sequence
from typing import cast

import uvloop

from tests.fakes import answers
from tests.leash import die_with_parent

MODEL = "bench"
PACED = b"[paced]"
PACE = 0.02  # seconds between two chunks
ANSWER = answers.Answer("word " * 20, prompt=300, cached=0)
OK = b"HTTP/1.1 200 OK\r\nServer: llama.cpp"
END_OF_HEAD = b"\r\n\r\n"


def _plain(body: bytes) -> bytes:
    fields = b"\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d" % len(body)
    return OK + fields + END_OF_HEAD + body


def _stream(events: Sequence[bytes]) -> tuple[bytes, ...]:
    head = OK + b"\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked"
    chunks = [b"%x\r\n%b\r\n" % (len(event), event) for event in events]
    return (head + END_OF_HEAD + chunks[0], *chunks[1:-1], chunks[-1] + b"0\r\n\r\n")


def _events(*, usage: bool) -> list[bytes]:
    end = answers.closing(ANSWER, MODEL, usage=usage)
    return [answers.opening(MODEL), *answers.contents(ANSWER, MODEL), *end, answers.DONE]


MODELS = {
    "object": "list",
    "data": [{"id": MODEL, "object": "model", "owned_by": "llamacpp", "meta": {"n_ctx": 32_768}}],
}
PROPS = {
    "default_generation_settings": {"params": {}, "n_ctx": 32_768},
    "model_alias": MODEL,
    "chat_template_caps": {},
}
PAGES = (
    (b"GET /health", _plain(b'{"status":"ok"}')),
    (b"GET /props", _plain(answers.compact(PROPS))),
    (b"GET /v1/models", _plain(answers.compact(MODELS))),
)
NO_PAGE = b"HTTP/1.1 404 Not Found\r\nServer: llama.cpp\r\nContent-Length: 0\r\n\r\n"
CHAT = _plain(answers.completion(ANSWER, MODEL))
STREAM = _stream(_events(usage=False))
STREAM_WITH_USAGE = _stream(_events(usage=True))


class Stub(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(END_OF_HEAD)
        if found and len(body) >= _length(head):
            self._buffer = b""
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if not head.startswith(b"POST"):
            page = next((page for path, page in PAGES if head.startswith(path)), NO_PAGE)
            self._transport.write(page)
        elif b'"stream":true' not in body.replace(b" ", b""):
            self._transport.write(CHAT)
        else:
            parts = STREAM_WITH_USAGE if b'"include_usage"' in body else STREAM
            self._send(parts, 0, PACE if PACED in body else 0)

    def _send(self, parts: Sequence[bytes], number: int, pace: float) -> None:
        """One part a turn of the loop, so that each is a packet of its own."""
        if self._transport.is_closing():
            return
        self._transport.write(parts[number])
        if number + 1 == len(parts):
            return
        if pace and number < len(ANSWER.pieces):  # what follows the last token comes at once
            self._loop.call_later(pace, self._send, parts, number + 1, pace)
        else:
            self._loop.call_soon(self._send, parts, number + 1, pace)


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    die_with_parent()
    uvloop.run(serve())
