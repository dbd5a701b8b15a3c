"""One call against real little servers that misbehave byte by byte."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from pointsman.errors import Shuts, Then, UpstreamError
from pointsman.execution.upstream import Upstream, send
from pointsman.net import Sessions
from pointsman.types import Account, Endpoint, FoundBy, Place

WALL = 1_800_000_000.0  # seconds since 1970
PATIENCE = 10.0  # seconds after which a test that waits is broken


@pytest.fixture
async def sessions() -> AsyncIterator[Sessions]:
    sessions = Sessions()
    yield sessions
    await sessions.close()


@asynccontextmanager
async def engine(
    *pieces: bytes, heard: list[bytes] | None = None, open_end: bool = False
) -> AsyncIterator[Endpoint]:
    """Hears a request's head, answers with these pieces, one read of the client's apart, and hangs up.

    With an open end it keeps silent instead, until its client hangs up.
    """
    done: list[asyncio.Event] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        done.append(asyncio.Event())
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            request = await reader.readuntil(b"\r\n\r\n")
            if heard is not None:
                heard.append(request)
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                for _ in range(20):  # turns of the loop, in which the client reads
                    await asyncio.sleep(0)
            if open_end:
                await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        done[-1].set()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield at(server.sockets[0].getsockname()[1])
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(one.wait() for one in done))


def at(port: int) -> Endpoint:
    return Endpoint("e", "e", Place(f"http://127.0.0.1:{port}/v1"), FoundBy.PORT)


def head(status: str, length: int) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n".encode()


async def call(sessions: Sessions, endpoint: Endpoint, seconds: float = PATIENCE) -> Upstream:
    until = asyncio.get_running_loop().time() + seconds
    return await send(
        sessions, endpoint, "/chat/completions", b"{}", connect=PATIENCE, until=until, wall=lambda: WALL
    )


async def failure(attempt: Awaitable[object]) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await attempt
    return caught.value


async def body(upstream: Upstream, seconds: float = PATIENCE) -> bytes:
    try:
        return await upstream.whole(seconds, asyncio.get_running_loop().time() + PATIENCE)
    finally:
        upstream.close()


async def test_a_good_answer_is_read_whole(sessions: Sessions) -> None:
    async with engine(head("200 OK", 6), b"abc", b"def") as endpoint:
        assert await body(await call(sessions, endpoint)) == b"abcdef"


@pytest.mark.parametrize(
    ("status", "then", "shuts"),
    [
        (307, Then.NEXT, Shuts.NOTHING),
        (400, Then.NEXT, Shuts.NOTHING),
        (401, Then.NEXT, Shuts.ACCOUNT),
        (402, Then.NEXT, Shuts.ACCOUNT),
        (403, Then.NEXT, Shuts.ACCOUNT),
        (404, Then.NEXT, Shuts.NOTHING),
        (413, Then.NEXT, Shuts.NOTHING),
        (422, Then.NEXT, Shuts.NOTHING),
        (429, Then.NEXT, Shuts.MODEL),
        (500, Then.AGAIN, Shuts.MODEL),
        (502, Then.AGAIN, Shuts.MODEL),
        (503, Then.NEXT, Shuts.MODEL),
        (529, Then.NEXT, Shuts.MODEL),
    ],
)
async def test_a_refusal_says_what_may_be_done_next(
    sessions: Sessions, status: int, then: Then, shuts: Shuts
) -> None:
    words = b'{"error":{"message":"no"}}'
    async with engine(head(f"{status} No", len(words)) + words) as endpoint:
        error = await failure(call(sessions, endpoint))
    assert error.message == f"it answered {status}: no"
    assert (error.upstream_status, error.then, error.shuts) == (status, then, shuts)


async def test_a_refusal_is_read_to_its_end_before_it_is_judged(sessions: Sessions) -> None:
    words = b'{"error":{"message":"' + b"too long, " * 10 + b'","type":"exceed_context_size_error"}}'
    async with engine(head("400 Bad Request", len(words)), words[:50], words[50:]) as endpoint:
        error = await failure(call(sessions, endpoint))
    assert error.then is Then.LARGER
    assert error.message.startswith("it answered 400: too long, too long")


async def test_a_refusal_that_is_cut_is_a_refusal_still(sessions: Sessions) -> None:
    async with engine(head("503 Busy", 100), b"busy") as endpoint:
        assert (await failure(call(sessions, endpoint))).message == "it answered 503: busy"


async def test_where_nobody_listens_the_endpoint_is_shut(sessions: Sessions) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = await failure(call(sessions, at(port)))
    assert (error.shuts, error.then) == (Shuts.ENDPOINT, Then.NEXT)
    assert "can't be reached" in error.message


async def test_where_nobody_picks_up_the_endpoint_is_shut_too(sessions: Sessions) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        callers = [socket.socket() for _ in range(4)]  # more than can wait, so that the next is not heard
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(deaf.getsockname())
        until = asyncio.get_running_loop().time() + PATIENCE
        error = await failure(
            send(
                sessions, at(deaf.getsockname()[1]), "/x", b"{}", connect=0.03, until=until, wall=lambda: WALL
            )
        )
        for caller in callers:
            caller.close()
    assert (error.shuts, error.then) == (Shuts.ENDPOINT, Then.NEXT)


async def test_hanging_up_without_an_answer_deserves_another_try(sessions: Sessions) -> None:
    async with engine() as endpoint:
        error = await failure(call(sessions, endpoint))
    assert (error.shuts, error.then) == (Shuts.MODEL, Then.AGAIN)


async def test_what_is_no_http_shuts_the_model(sessions: Sessions) -> None:
    async with engine(b"220 mail.example ESMTP\r\n") as endpoint:
        error = await failure(call(sessions, endpoint))
    assert (error.shuts, error.then) == (Shuts.MODEL, Then.NEXT)


@pytest.mark.parametrize(
    "more",
    [b"data: a secret answer\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: \0\r\n\r\nsecret", b"HTTP/9 1000 a secret"],
)
async def test_what_is_no_http_is_told_in_one_line_that_repeats_nothing_of_it(
    sessions: Sessions, more: bytes
) -> None:
    async with engine(more + b"\r\n") as endpoint:
        error = await failure(call(sessions, endpoint))
    assert error.message.startswith("it does not speak proper HTTP (")
    assert error.message.isprintable()
    assert "secret" not in error.message
    assert "http://" not in error.message


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n"])
async def test_silence_before_the_head_is_over_ends(sessions: Sessions, answer: bytes) -> None:
    async with engine(answer, open_end=True) as endpoint:
        error = await failure(call(sessions, endpoint, seconds=0.02))
    assert "kept silent" in error.message
    assert (error.shuts, error.then) == (Shuts.MODEL, Then.NEXT)


async def test_silence_within_the_body_ends(sessions: Sessions) -> None:
    async with engine(head("200 OK", 6), b"abc", open_end=True) as endpoint:
        error = await failure(body(await call(sessions, endpoint), seconds=0.02))
    assert "kept silent" in error.message


async def test_an_answer_that_is_cut_is_not_whole(sessions: Sessions) -> None:
    async with engine(head("200 OK", 6), b"abc") as endpoint:
        error = await failure(body(await call(sessions, endpoint)))
    assert error.message == "its answer was cut"
    assert error.then is Then.AGAIN


async def test_what_still_drips_after_a_complete_answer_is_not_waited_for(sessions: Sessions) -> None:
    async with engine(head("200 OK", 10**6), *[b"x"] * 10**5) as endpoint:
        upstream = await call(sessions, endpoint)
        async with asyncio.timeout(PATIENCE):
            await upstream.finish()


async def test_the_key_goes_up_and_stays_out_of_every_error(sessions: Sessions) -> None:
    heard: list[bytes] = []
    async with engine(heard=heard) as endpoint:
        ours = replace(endpoint, account=Account("a", "sk-secret"))
        error = await failure(call(sessions, ours))
    assert b"authorization: bearer sk-secret" in heard[0].lower()
    assert "sk-secret" not in f"{error!r} {error} {error.__cause__!r} {ours!r}"


async def test_a_limit_says_how_long_it_lasts(sessions: Sessions) -> None:
    words = b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
    async with engine(words) as endpoint:
        error = await failure(call(sessions, endpoint))
    assert (error.limited, error.wait) == (True, 7.0)
