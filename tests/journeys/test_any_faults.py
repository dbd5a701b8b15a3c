"""Any clients of a whole daemon, in any order of faults: each gets the whole answer or a clear error.

Many clients at a time, streamed and plain, in two dialects; some go away before their answer or in its midst.
"""

import asyncio
import json
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.daemon import Options, running, settle
from pointsman.execution.attempts import MOST_ATTEMPTS
from pointsman.limits.gate import MOMENT
from tests.fakes import answers, faults
from tests.fakes.engine import FakeEngine
from tests.fakes.faults import Fault
from tests.journeys.clock import Clock, clock_of_this_loop
from tests.journeys.conftest import HELLO, Here

PATIENCE = 10.0  # real seconds in which all that was closed must be seen closed
NEVER = httpx.Timeout(None)  # the client's own time-outs would run by the clock that is pushed ahead
ANEW = httpx.Limits(max_keepalive_connections=0)  # a leap in time closes what is kept
PLACES = ("here", "a", "b")  # an engine of this machine, and two that are elsewhere
CHATS = "/v1/chat/completions"
MESSAGES = "/v1/messages"  # only the engine of this machine speaks them

troubles = st.sampled_from(
    (
        faults.OK,
        faults.OK,
        faults.OK,
        *(faults.status(status) for status in (400, 401, 429, 500, 503)),
        faults.status(429, retry_after="2"),
        faults.status(429, retry_after="50"),
        *(faults.RESET, faults.SILENCE, faults.SLOW, faults.LATE_RESET, faults.NO_DONE, faults.EMPTY),
        *(faults.TRUNCATED, faults.WRONG_TYPE, faults.DRIP, faults.CONTEXT_LENGTH, faults.CONTENT_FILTER),
        *(kind(after) for kind in (faults.cut, faults.stall, faults.half_closed) for after in (0, 2)),
        *(kind(after) for kind in (faults.ends, faults.malformed, faults.error_in_200) for after in (0, 2)),
    )
)


@dataclass(frozen=True, slots=True)
class Wish:
    """One request. Its client goes away after so many seconds, or lines of the answer; None: he stays."""

    path: str
    model: str
    stream: bool
    leaves_after: float | None
    lines: int | None

    @property
    def body(self) -> dict[str, Any]:
        return {"model": self.model, "messages": HELLO, "stream": self.stream, "max_tokens": 50}


@dataclass(frozen=True, slots=True)
class Round:
    """Faults for those who ask next, one each; the last of them, whoever asks after; time; and who asks."""

    faults: tuple[tuple[Fault, ...], ...]  # by place
    seconds: float
    wishes: tuple[Wish, ...]


wishes = st.builds(
    Wish,
    path=st.sampled_from((CHATS, CHATS, MESSAGES)),
    model=st.sampled_from(("auto", "auto", *(f"{place}/fake-1" for place in PLACES))),
    stream=st.booleans(),
    leaves_after=st.none() | st.none() | st.sampled_from((0.0, 0.002, 0.5, 20.0)),
    lines=st.none() | st.none() | st.integers(0, 8),
)
rounds = st.builds(
    Round,
    faults=st.tuples(*(st.lists(troubles, min_size=1, max_size=3).map(tuple) for _ in PLACES)),
    seconds=st.sampled_from((0.0, 1.0, 6.0, 60.0)),
    wishes=st.lists(wishes, min_size=1, max_size=5).map(tuple),
)


async def start(stack: AsyncExitStack, engines: dict[str, FakeEngine]) -> Here:
    """A daemon that knows these engines and no others; all but the first are somebody's free service."""
    config = "[discovery]\nlocal = false\nremote = false\n"
    for name, engine in engines.items():
        config += f'[providers.{name}]\napi_base = "{engine.api_base}"\n'
        config += "" if engine.llama else f'api_key = "sk-{name}"\ntier = "free"\n'
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pm-")))
    (folder / "config.toml").write_text(config, encoding="utf-8")
    options = Options(config=folder / "config.toml", state=folder, port=0)
    rooms = await stack.enter_async_context(running(settle(options, {"HOME": str(folder)}), {}))
    await rooms.sweeper.sweep("test", everything=True)
    return Here(rooms)


async def ask(http: httpx.AsyncClient, daemon: Here, wish: Wish) -> None:
    asking = asyncio.ensure_future(answered(http, daemon, wish))
    await asyncio.wait([asking], timeout=wish.leaves_after)
    asking.cancel()
    await asyncio.wait([asking])
    if not asking.cancelled():
        asking.result()


async def answered(http: httpx.AsyncClient, daemon: Here, wish: Wish) -> None:
    async with http.stream("POST", daemon.url + wish.path, json=wish.body) as response:
        assert int(response.headers.get("X-Pointsman-Attempts", 1)) <= MOST_ATTEMPTS
        if response.status_code != 200:
            assert json.loads(await response.aread())["error"]["message"]
        elif not wish.stream:
            assert answers.TEXT in (await response.aread()).decode()
        else:
            await streamed(response, wish)


async def streamed(response: httpx.Response, wish: Wish) -> None:
    """All of the answer and its end; or an error event and no end, at which the connection breaks."""
    lines: list[str] = []
    try:
        async for line in response.aiter_lines():
            lines.append(line)
            if wish.lines is not None and len(lines) > wish.lines:
                return
    except (httpx.RemoteProtocolError, httpx.ReadError):
        assert told(lines), "it broke off without a word"
        assert not ended(lines)
        return
    assert ended(lines)
    assert not told(lines)
    assert "".join(texts(lines)) == answers.TEXT


def events(lines: list[str]) -> Iterator[dict[str, Any]]:
    data = (line.removeprefix("data: ") for line in lines if line.startswith("data: "))
    return (json.loads(one) for one in data if one != "[DONE]")


def texts(lines: list[str]) -> Iterator[str]:
    for event in events(lines):
        for choice in event.get("choices", ()):
            yield choice["delta"].get("content") or ""
        if event.get("type") == "content_block_delta":
            yield event["delta"]["text"]


def told(lines: list[str]) -> bool:
    return any(event.get("error") for event in events(lines))


def ended(lines: list[str]) -> bool:
    return "data: [DONE]" in lines or "event: message_stop" in lines


async def at_rest(daemon: Here, engines: dict[str, FakeEngine]) -> None:
    """No engine works on for a client that is gone, and nothing is held for one."""
    async with asyncio.timeout(PATIENCE):
        for engine in engines.values():
            await asyncio.gather(*(seen.ended.wait() for seen in engine.seen))
    assert daemon.rooms.loads.waiting == 0
    here = [shut for shut in daemon.rooms.router.limits() if shut.key.id.startswith("here")]
    assert all(shut.seconds <= MOMENT for shut in here)


async def live(script: list[Round], *, stream: bool) -> None:
    async with AsyncExitStack() as stack:
        engines = {
            name: await stack.enter_async_context(FakeEngine(llama=name == PLACES[0])) for name in PLACES
        }
        daemon = await start(stack, engines)
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=NEVER, trust_env=False, limits=ANEW))
        for one in script:
            for engine, met in zip(engines.values(), one.faults, strict=True):
                engine.faults(*met[:-1])
                engine.fault = met[-1]
            clock_of_this_loop().advance(one.seconds)
            with clock_of_this_loop().hurrying():
                await asyncio.gather(*(ask(http, daemon, wish) for wish in one.wishes))
            await at_rest(daemon, engines)
        await recovered(http, daemon, engines, stream=stream)


async def recovered(
    http: httpx.AsyncClient, daemon: Here, engines: dict[str, FakeEngine], *, stream: bool
) -> None:
    """Once all is well again, and the longest pause is over, everybody is asked and answers."""
    for engine in engines.values():
        engine.mend()
    clock_of_this_loop().advance(700)
    await daemon.rooms.sweeper.sweep("test", everything=True)
    for place in PLACES:
        await answered(http, daemon, Wish(CHATS, f"{place}/fake-1", stream, None, None))
    assert daemon.rooms.router.limits() == []


@settings(max_examples=8, deadline=None)
@given(script=st.lists(rounds, min_size=2, max_size=5), stream=st.booleans())
def test_whatever_fails_every_client_gets_the_whole_answer_or_a_clear_error(
    script: list[Round], stream: bool
) -> None:
    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(live(script, stream=stream))
