"""A streamed answer on its way to the client, who gets signs of life while there is nothing to pass on.

The first sign commits to HTTP, not to a model: any candidate may still answer, but who did can't be told
in the head any more, and an error has to be told within the stream.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from typing import NamedTuple

from aiohttp import web

from pointsman.errors import PointsmanError
from pointsman.execution.answer import Answer
from pointsman.router import Journey
from pointsman.server.headers import headers_of
from pointsman.wire.formats import Format

GRACE = 0.5  # seconds beyond an answer's clocks, which speak first where it is the model that is late
LAST_WORDS = 5.0  # seconds in which a client may take what was sent before we hung up
STOPPED_READING = "the client stopped reading, and its answer was not out when its time was over"


class Signs(NamedTuple):
    """Seconds without content until the first sign of life, and from one to the next."""

    after: float
    every: float = 10.0


async def stream(
    request: web.Request,
    form: Format,
    journey: Journey,
    answering: AbstractAsyncContextManager[Answer],
    signs: Signs,
) -> web.StreamResponse:
    """Passes on the answer that `answering` brings. Raises its errors as long as nothing was sent."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-cache",
            "X-Accel-Buffering": "no",
            "X-Pointsman-Decision": journey.id,
        }
    )
    try:
        async with AsyncExitStack() as stack:
            async with _signs_of_life(request, response, form.WAITING, signs):
                answer = await stack.enter_async_context(answering)
            await _pass_on(request, response, journey, answer)
    except PointsmanError as error:
        if not response.prepared:
            raise
        with suppress(ConnectionResetError, TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await response.write(form.error_event(error))
        _hang_up(request)
    except Exception:
        if response.prepared:
            _hang_up(request)
        raise
    return response


@asynccontextmanager
async def _signs_of_life(
    request: web.Request, response: web.StreamResponse, sign: bytes, signs: Signs
) -> AsyncIterator[None]:
    """Whatever takes too long in here, the client is told that it goes on. Most does not: no task is made."""
    signing: list[asyncio.Task[None]] = []

    def begin() -> None:
        signing.append(asyncio.create_task(_sign(request, response, sign, signs.every)))

    timer = asyncio.get_running_loop().call_later(signs.after, begin)
    try:
        yield
    finally:
        timer.cancel()
        for task in signing:
            task.cancel()
            await asyncio.wait([task])


async def _sign(request: web.Request, response: web.StreamResponse, sign: bytes, every: float) -> None:
    with suppress(ConnectionResetError):  # the handler is told that its client is gone
        await response.prepare(request)
        while True:
            await response.write(sign)
            await asyncio.sleep(every)


async def _pass_on(
    request: web.Request, response: web.StreamResponse, journey: Journey, answer: Answer
) -> None:
    if not response.prepared:
        response.headers.update(headers_of(journey, answer))
    try:
        with read_by(answer.deadline, request, lambda: journey.abandon(STOPPED_READING)):
            await response.prepare(request)
            async for frame in answer.frames():
                if frame.raw:
                    await response.write(frame.raw)
            await response.write_eof()
    except ConnectionResetError:
        journey.abandon()


@contextmanager
def read_by(until: float, request: web.Request, late: Callable[[], object]) -> Iterator[None]:
    """Hangs up on a client that has not read its answer by then, after telling `late`.

    `until` is on the loop's clock. Who waits for such a client in here gets a ConnectionResetError, or is
    cancelled.
    """

    def give_up() -> None:
        late()
        if request.transport is not None:
            request.transport.abort()

    timer = asyncio.get_running_loop().call_at(until + GRACE, give_up)
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(request: web.Request) -> None:
    """Without an end to the answer: nobody may take what came for all of it."""
    if (transport := request.transport) is not None:
        transport.close()
        asyncio.get_running_loop().call_later(LAST_WORDS, transport.abort)
