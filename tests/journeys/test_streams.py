"""What a streaming client sees while it waits, and what it is spared where answers are held back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import openai
import pytest

from tests.fakes import answers, faults
from tests.fakes.faults import Fault
from tests.journeys.conftest import HELLO, Here, StartDaemon, StartEngine, chat
from tests.journeys.test_answers import events, text_of

SIGN = b": waiting\n\n"
HASTY = "[streams]\npatience = 0.05\n"
WHOLE = '[streams]\nhold = "whole"\n[timeouts]\nidle = 0.5\n'
SOON = 1.0  # seconds within which nothing may be left open


class Open:
    """A stream that is being read; `got` is what has come of it."""

    def __init__(self, answer: httpx.Response) -> None:
        self.headers = answer.headers
        self.status = answer.status_code
        self.got = bytearray()
        self._pieces = answer.aiter_bytes()

    async def sign(self) -> None:
        """Waits for the first of what comes, which is a sign of life."""
        self.got += await anext(self._pieces)
        assert bytes(self.got) == SIGN * (len(self.got) // len(SIGN))

    async def rest(self) -> str:
        async for piece in self._pieces:
            self.got += piece
        return self.got.decode()


@asynccontextmanager
async def opened(http: httpx.AsyncClient, daemon: Here) -> AsyncIterator[Open]:
    url = f"{daemon.api_base}/chat/completions"
    async with http.stream("POST", url, json=chat(stream=True)) as answer:
        yield Open(answer)


@pytest.mark.parametrize("fault", [faults.SLOW, faults.SILENCE], ids=["slow", "silent"])
async def test_a_client_that_waits_gets_a_sign_of_life_and_then_its_answer(
    fault: Fault, start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    engine.fault = fault
    daemon = await start_daemon(HASTY, a=engine)
    async with opened(http, daemon) as stream:
        await stream.sign()
        engine.release()
        told = await stream.rest()
        assert text_of(events(told)) == answers.TEXT
        assert told.endswith("data: [DONE]\n\n")
        assert {name for name in stream.headers if name.startswith("x-pointsman")} == {
            "x-pointsman-decision",
            "x-pointsman-version",
        }
        decision = stream.headers["X-Pointsman-Decision"]
    record = (await http.get(f"{daemon.url}/control/v0/decisions/{decision}")).json()
    assert record["attempts"][0]["outcome"] == "ok"


async def test_a_client_that_is_answered_at_once_gets_no_sign_of_life(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon(a=await start_engine("one"))
    async with opened(http, daemon) as stream:
        assert not (await stream.rest()).startswith(":")
        assert stream.headers["X-Pointsman-Model"] == "a/one"


async def test_after_a_sign_of_life_another_engine_may_still_answer(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    first, second = await start_engine("one"), await start_engine("two")
    first.faults(faults.LATE_RESET, faults.status(503))
    daemon = await start_daemon(HASTY, a=first, b=second)
    async with opened(http, daemon) as stream:
        await stream.sign()
        first.release()
        told = events(await stream.rest())
    assert text_of(told) == answers.TEXT
    assert {chunk["model"] for chunk in told} == {"b/two"}


async def test_after_a_sign_of_life_a_failure_is_an_event_and_no_end(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    engine.faults(faults.LATE_RESET, faults.status(503))
    daemon = await start_daemon(HASTY, a=engine)
    async with opened(http, daemon) as stream:
        await stream.sign()
        engine.release()
        with pytest.raises(httpx.RemoteProtocolError):
            await stream.rest()
        assert stream.status == 200
        (told,) = events(stream.got.decode())
        assert told["error"]["src"] == "pointsman"  # type: ignore[index]
        assert "a/one" in told["error"]["message"]  # type: ignore[index]
        assert b"[DONE]" not in stream.got
    record = (await http.get(f"{daemon.url}/control/v0/decisions/last")).json()
    assert record["request"]["status"] == 503


async def test_who_leaves_while_he_waits_leaves_nothing_open(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    engine.fault = faults.SILENCE
    daemon = await start_daemon(HASTY, a=engine)
    tasks = asyncio.all_tasks()
    async with opened(http, daemon) as stream:
        await stream.sign()
    seen = await engine.chat()
    async with asyncio.timeout(SOON):
        await seen.closed.wait()
    record = (await http.get(f"{daemon.url}/control/v0/decisions/last")).json()
    assert record["request"]["status"] == 499
    assert [attempt["outcome"] for attempt in record["attempts"]] == ["cancelled"]
    assert not {task for task in asyncio.all_tasks() - tasks if "_sign" in repr(task)}


async def test_a_library_reads_past_the_signs_of_life(
    start_engine: StartEngine, start_daemon: StartDaemon
) -> None:
    engine = await start_engine("one")
    engine.fault = faults.SLOW
    daemon = await start_daemon(HASTY, a=engine)
    async with openai.AsyncOpenAI(base_url=daemon.api_base, api_key="none", max_retries=0) as client:
        told = await client.chat.completions.with_raw_response.create(
            model="auto",
            messages=HELLO,  # type: ignore[arg-type]
            stream=True,
        )
        assert "X-Pointsman-Model" not in told.headers  # the head came with a sign of life
        engine.release()
        stream = told.parse()
        assert isinstance(stream, openai.AsyncStream)
        said = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
    assert "".join(said) == answers.TEXT


async def test_a_library_takes_a_failure_after_a_sign_of_life_for_one(
    start_engine: StartEngine, start_daemon: StartDaemon
) -> None:
    engine = await start_engine("one")
    engine.faults(faults.LATE_RESET, faults.status(503))
    daemon = await start_daemon(HASTY, a=engine)
    async with openai.AsyncOpenAI(base_url=daemon.api_base, api_key="none", max_retries=0) as client:
        told = await client.chat.completions.create(
            model="auto",
            messages=HELLO,  # type: ignore[arg-type]
            stream=True,
        )
        engine.release()
        assert isinstance(told, openai.AsyncStream)
        with pytest.raises(openai.APIError, match="a/one"):
            async for _ in told:
                pass


async def test_of_streams_that_are_held_and_all_break_nothing_is_passed_on(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    engine.fault = faults.ends(2)
    daemon = await start_daemon(WHOLE, a=engine)
    got = await http.post(f"{daemon.api_base}/chat/completions", json=chat(stream=True))
    assert got.status_code == 503
    assert "a/one" in got.json()["error"]["message"]
    record = (await http.get(f"{daemon.url}/control/v0/decisions/last")).json()
    assert record["attempts"][0]["output_tokens"] > 0  # its provider may charge for what nobody saw


async def test_a_stream_that_is_held_shows_nothing_but_signs_of_life_before_its_end(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    engine.fault = faults.stall(2)
    daemon = await start_daemon(HASTY + 'hold = "whole"\n', a=engine)
    async with opened(http, daemon) as stream:
        await stream.sign()
        await (await engine.chat()).waiting.wait()
        engine.release()
        assert text_of(events(await stream.rest())) == answers.TEXT
