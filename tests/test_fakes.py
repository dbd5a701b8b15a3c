"""The fake engine does what its faults say: else every test built on it proves something else."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import openai
import pytest

from tests.fakes import answers, faults, texts
from tests.fakes.engine import FakeEngine, Seen

ASK = {"model": "fake-1", "messages": [{"role": "user", "content": "hello"}]}
ASK_STREAM = ASK | {"stream": True, "stream_options": {"include_usage": True}}


@pytest.fixture
async def engine() -> AsyncIterator[FakeEngine]:
    async with FakeEngine() as engine:
        yield engine


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session


async def ask(http: aiohttp.ClientSession, engine: FakeEngine, body: object = ASK) -> tuple[int, bytes]:
    async with http.post(f"{engine.api_base}/chat/completions", json=body) as response:
        return response.status, await response.read()


def events(raw: bytes) -> list[str]:
    return [line.removeprefix("data: ") for line in raw.decode().split("\n\n") if line]


def text_of(raw: bytes) -> str:
    chunks = [json.loads(event) for event in events(raw) if event.startswith("{")]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    return "".join(delta.get("content") or "" for delta in deltas)


async def read_until_cut(http: aiohttp.ClientSession, engine: FakeEngine, body: object) -> bytes:
    """What comes before the connection breaks; fails if it does not break."""
    got = bytearray()
    try:
        async with http.post(f"{engine.api_base}/chat/completions", json=body) as response:
            async for piece in response.content.iter_any():
                got += piece
    except aiohttp.ClientError:
        return bytes(got)
    raise AssertionError(f"the answer ended as if it were whole: {bytes(got)!r}")


async def test_plain_answer_is_the_known_text(http: aiohttp.ClientSession, engine: FakeEngine) -> None:
    status, raw = await ask(http, engine)
    answer = json.loads(raw)
    assert status == 200
    assert answer["choices"][0]["message"]["content"] == answers.TEXT
    assert answer["usage"] == answers.USUAL.usage


async def test_stream_has_usage_last_and_only_when_asked(
    http: aiohttp.ClientSession, engine: FakeEngine
) -> None:
    _, asked = await ask(http, engine, ASK_STREAM)
    _, unasked = await ask(http, engine, ASK | {"stream": True})
    assert text_of(asked) == text_of(unasked) == answers.TEXT
    assert events(asked)[-1] == events(unasked)[-1] == "[DONE]"
    assert json.loads(events(asked)[-2])["usage"] == answers.USUAL.usage
    assert json.loads(events(asked)[-2])["choices"] == []
    assert b"usage" not in unasked


async def test_tool_call_and_reasoning_are_told(http: aiohttp.ClientSession, engine: FakeEngine) -> None:
    engine.answer = answers.Answer(text="", reasoning="hm", tool="look", arguments='{"at":"ü"}')
    _, raw = await ask(http, engine, ASK_STREAM)
    assert b"reasoning_content" in raw
    assert b'"finish_reason":"tool_calls"' in raw
    assert '{\\"at\\":\\"ü\\"}' in raw.decode()


async def test_looks_like_a_llama_server_until_its_marks_are_off(http: aiohttp.ClientSession) -> None:
    async with FakeEngine("a", "b") as marked, FakeEngine("a", llama=False) as plain:
        async with http.get(f"{marked.url}/props") as response:
            assert response.headers["Server"] == "llama.cpp"
            assert (await response.json())["default_generation_settings"]["n_ctx"] == 4096
        async with http.get(f"{marked.api_base}/models") as response:
            assert [model["id"] for model in (await response.json())["data"]] == ["a", "b"]
        async with http.get(f"{plain.url}/props") as response:
            assert response.status == 404
            assert response.headers["Server"] != "llama.cpp"


async def test_loading_and_a_missing_key_are_refusals(
    http: aiohttp.ClientSession, engine: FakeEngine
) -> None:
    engine.loading = True
    assert (await ask(http, engine))[0] == 503
    engine.loading, engine.key = False, "secret"
    assert (await ask(http, engine))[0] == 401


async def test_faults_come_in_order_and_then_end(http: aiohttp.ClientSession, engine: FakeEngine) -> None:
    engine.faults(faults.status(429, retry_after="7"), faults.CONTEXT_LENGTH, faults.CONTENT_FILTER)
    async with http.post(f"{engine.api_base}/chat/completions", json=ASK) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")
    assert b"exceed_context_size_error" in (await ask(http, engine))[1]
    assert b"content_filter" in (await ask(http, engine))[1]
    assert (await ask(http, engine))[0] == 200


@pytest.mark.parametrize("body", [ASK, ASK_STREAM], ids=["plain", "stream"])
async def test_reset_comes_before_any_header(
    http: aiohttp.ClientSession, engine: FakeEngine, body: object
) -> None:
    engine.fault = faults.RESET
    with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
        await ask(http, engine, body)
    assert not engine.chats[0].closed.is_set()  # the engine hung up, not the client


@pytest.mark.parametrize("body", [ASK, ASK_STREAM], ids=["plain", "stream"])
async def test_silence_sends_no_header_until_released(
    http: aiohttp.ClientSession, engine: FakeEngine, body: object
) -> None:
    engine.fault = faults.SILENCE
    asking = asyncio.create_task(ask(http, engine, body))
    seen = await engine.chat()
    await seen.waiting.wait()
    assert not asking.done()
    seen.release.set()
    assert (await asking)[0] == 200


@pytest.mark.parametrize("fault", [faults.SLOW, faults.stall(after=3)], ids=["slow", "stall"])
async def test_waits_in_a_stream_after_the_chunks_it_was_told(
    http: aiohttp.ClientSession, engine: FakeEngine, fault: faults.Fault
) -> None:
    engine.fault = fault
    async with http.post(f"{engine.api_base}/chat/completions", json=ASK_STREAM) as response:
        seen = await engine.chat()
        await seen.waiting.wait()
        before = [await response.content.readuntil(b"\n\n") for _ in range(1 + fault.after)]
        seen.release.set()
        after = await response.read()
    assert text_of(b"".join(before)) == "".join(answers.USUAL.pieces[: fault.after])
    assert text_of(b"".join(before) + after) == answers.TEXT


async def test_cut_breaks_stream_and_plain_in_the_middle(
    http: aiohttp.ClientSession, engine: FakeEngine
) -> None:
    engine.fault = faults.cut(after=2)
    assert text_of(await read_until_cut(http, engine, ASK_STREAM)) == "".join(answers.USUAL.pieces[:2])
    assert answers.completion(answers.USUAL, "fake-1").startswith(await read_until_cut(http, engine, ASK))


async def test_half_closed_ends_in_mid_answer_and_sees_the_client_leave(
    http: aiohttp.ClientSession, engine: FakeEngine
) -> None:
    engine.fault = faults.half_closed(after=2)
    assert text_of(await read_until_cut(http, engine, ASK_STREAM)) == "".join(answers.USUAL.pieces[:2])
    await _gone(engine.chats[0])


async def test_endings_without_a_marker_are_correctly_framed(
    http: aiohttp.ClientSession, engine: FakeEngine
) -> None:
    engine.faults(faults.ends(after=2), faults.NO_DONE, faults.TRUNCATED, faults.EMPTY)
    raws = [(await ask(http, engine, ASK_STREAM))[1] for _ in range(4)]
    assert text_of(raws[0]) == "".join(answers.USUAL.pieces[:2])
    assert b'"finish_reason":"stop"' not in raws[0]
    assert b'"finish_reason":"stop"' in raws[1]
    assert [b"[DONE]" in raw for raw in raws] == [False, False, False, True]
    assert not raws[2].endswith(b"\n\n")
    assert text_of(raws[3]) == ""


async def test_a_malformed_chunk_leaves_the_rest_intact(
    http: aiohttp.ClientSession, engine: FakeEngine
) -> None:
    engine.fault = faults.malformed(after=2)
    _, raw = await ask(http, engine, ASK_STREAM)
    assert faults.NOT_JSON in raw
    assert text_of(raw.replace(b"data: " + faults.NOT_JSON + b"\n\n", b"")) == answers.TEXT


async def test_errors_in_a_200_come_as_event_and_as_body(
    http: aiohttp.ClientSession, engine: FakeEngine
) -> None:
    engine.fault = faults.error_in_200(after=1)
    status, raw = await ask(http, engine, ASK_STREAM)
    assert (status, "error" in json.loads(events(raw)[-1])) == (200, True)
    status, raw = await ask(http, engine)
    assert (status, list(json.loads(raw))) == (200, ["error"])


async def test_plain_bodies_can_be_half_json_or_a_web_page(
    http: aiohttp.ClientSession, engine: FakeEngine
) -> None:
    engine.faults(faults.TRUNCATED, faults.WRONG_TYPE)
    status, raw = await ask(http, engine)
    assert status == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(raw)
    async with http.post(f"{engine.api_base}/chat/completions", json=ASK) as response:
        assert response.content_type == "text/html"


async def test_drip_comes_byte_by_byte_and_whole(http: aiohttp.ClientSession, engine: FakeEngine) -> None:
    engine.fault = faults.DRIP
    async with http.post(f"{engine.api_base}/chat/completions", json=ASK_STREAM) as response:
        pieces = [piece async for piece, _ in response.content.iter_chunks()]
    assert max(map(len, pieces)) < 40  # the kernel may join a few
    assert text_of(b"".join(pieces)) == answers.TEXT


async def test_the_provider_sees_the_request_and_the_client_leave(
    http: aiohttp.ClientSession, engine: FakeEngine
) -> None:
    engine.fault = faults.stall(after=1)
    asking = asyncio.create_task(ask(http, engine, ASK_STREAM))
    seen = await engine.chat()
    await seen.waiting.wait()
    asking.cancel()
    await _gone(seen)
    assert seen.headers["content-type"] == "application/json"
    assert (seen.body, seen.stream, seen.wants_usage) == (ASK_STREAM, True, True)


async def test_stops_and_starts_again_at_its_port(http: aiohttp.ClientSession, engine: FakeEngine) -> None:
    port = engine.port
    await engine.stop()
    with pytest.raises(aiohttp.ClientConnectorError):
        await ask(http, engine)
    await engine.start()
    assert (engine.port, (await ask(http, engine))[0]) == (port, 200)


async def test_speaks_over_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "e.sock"
    async with (
        FakeEngine(socket=path) as engine,
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as http,
    ):
        assert (await ask(http, engine))[0] == 200


def test_every_kind_of_fault_has_a_script() -> None:
    for kind in faults.Kind:
        fault = replace(faults.error_in_200(), kind=kind)
        assert faults.reply(fault, answers.USUAL, "m", stream=True, usage=True).parts
        assert faults.reply(fault, answers.USUAL, "m", stream=False, usage=False).parts


async def _gone(seen: Seen) -> None:
    async with asyncio.timeout(5):
        await seen.closed.wait()


async def test_texts_and_embeddings_are_answered_as_an_openai_client_expects(engine: FakeEngine) -> None:
    async with openai.AsyncOpenAI(base_url=engine.api_base, api_key="none", max_retries=0) as client:
        plain = await client.completions.create(model="fake-1", prompt="Once")
        stream = await client.completions.create(model="fake-1", prompt="Once", stream=True)
        streamed = "".join([chunk.choices[0].text async for chunk in stream])
        vectors = [
            one.embedding for one in (await client.embeddings.create(model="m", input=["a", "b"])).data
        ]
    assert plain.choices[0].text == streamed == answers.TEXT
    assert vectors == [list(texts.VECTOR)] * 2


async def test_a_fault_meets_a_text_as_it_meets_a_chat(
    http: aiohttp.ClientSession, engine: FakeEngine
) -> None:
    engine.faults(faults.status(503))
    for status in (503, 200):
        async with http.post(f"{engine.api_base}/completions", json={"prompt": "Once"}) as response:
            assert response.status == status
