"""An Ollama asked in its own dialect over a connection, and what it answers told as OpenAI's API would."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from pointsman.calls import Call, Candidate, Whole
from pointsman.types import Place
from pointsman.wire.formats import speech
from tests.fakes import faults
from tests.fakes.answers import TEXT, Answer
from tests.fakes.ollama import TOO_LONG, FakeOllama, Load, OllamaModel
from tests.wire.asking import candidate, chat, completion, embedding

TINY = OllamaModel("tiny:1b", ("completion", "tools", "embedding"), trained=65_536)
LONG = [{"role": "user", "content": "word " * 20_000}]
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


@pytest.fixture
async def engine() -> AsyncIterator[FakeOllama]:
    async with FakeOllama(TINY) as engine:
        yield engine


def asked(engine: FakeOllama, context: int | None) -> Candidate:
    found = candidate(context)
    endpoint = replace(found.model.endpoint, place=Place(engine.api_base))
    return replace(found, model=replace(found.model, endpoint=endpoint))


async def post(engine: FakeOllama, call: Call, context: int | None) -> tuple[int, bytes]:
    one = asked(engine, context)
    said = speech(call, one)
    place = one.model.endpoint.place
    url = (place.root if said.AT_ROOT else place.url) + said.PATH
    async with aiohttp.ClientSession() as http, http.post(url, data=said.encode(call, one)) as response:
        return response.status, await response.read()


async def whole(engine: FakeOllama, call: Call, context: int | None = 8192) -> Whole:
    status, body = await post(engine, call, context)
    assert status == 200, body
    one = asked(engine, context)
    return speech(call, one).read_whole(body, call, one)


async def streamed(engine: FakeOllama, call: Call, context: int = 8192) -> list[ChatCompletionChunk]:
    _, body = await post(engine, call, context)
    reader = speech(call, asked(engine, context)).StreamReader("local/tiny", keep_usage=True)
    blocks = (reader.feed(body).raw + (b"" if reader.done else reader.end().raw)).split(b"\n\n")
    data = [block.removeprefix(b"data: ") for block in blocks if block]
    assert data.pop() == b"[DONE]"
    return [ChatCompletionChunk.model_validate_json(one) for one in data]


async def test_a_long_prompt_is_read_whole_with_the_context_that_it_asks_for(engine: FakeOllama) -> None:
    answer = ChatCompletion.model_validate_json((await whole(engine, chat(LONG), 32_768)).body)
    assert answer.choices[0].message.content == TEXT
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 25_000
    assert engine.loads == [Load("tiny:1b", 32_768, "/api/chat")]
    assert engine.truncated == []


@pytest.mark.parametrize("call", [chat(LONG), chat(LONG, stream=True)], ids=["plain", "streamed"])
async def test_a_prompt_that_does_not_fit_is_refused_and_never_cut(call: Call, engine: FakeOllama) -> None:
    status, body = await post(engine, call, 8192)
    assert (status, TOO_LONG.encode() in body) == (400, True)
    assert engine.truncated == []


async def test_without_a_context_it_is_asked_over_its_openai_api(engine: FakeOllama) -> None:
    await whole(engine, chat(), None)
    await whole(engine, completion(model="x"), None)
    await whole(engine, embedding(["a", "b"]), None)
    paths = [seen.path for seen in engine.seen]
    assert paths == ["/v1/chat/completions", "/v1/completions", "/v1/embeddings"]


async def test_a_stream_is_one_for_an_openai_client(engine: FakeOllama) -> None:
    engine.answer = Answer(text=TEXT, reasoning="Hm", tool="weather", arguments='{"city":"Zürich"}')
    chunks = await streamed(engine, chat(stream=True, tools=[TOOL]))
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == TEXT
    (call,) = [call for delta in deltas for call in delta.tool_calls or ()]
    assert call.function is not None
    assert (call.index, call.function.name, call.function.arguments) == (0, "weather", '{"city":"Zürich"}')
    assert chunks[-2].choices[0].finish_reason == "tool_calls"
    assert chunks[-1].usage is not None


async def test_a_stream_and_a_plain_answer_say_and_count_the_same(engine: FakeOllama) -> None:
    plain = await whole(engine, chat())
    _, body = await post(engine, chat(stream=True), 8192)
    reader = speech(chat(), asked(engine, 8192)).StreamReader("local/tiny", keep_usage=False)
    reader.feed(body)
    assert (reader.usage, reader.text_size) == (plain.usage, plain.text_size)


@pytest.mark.parametrize("fields", [{}, {"encoding_format": "base64"}])
async def test_embeddings_are_those_of_its_openai_api(fields: dict[str, Any], engine: FakeOllama) -> None:
    call = embedding(["one", "two"], **fields)
    natively, over_openai = await whole(engine, call), await whole(engine, call, None)
    assert json.loads(natively.body)["data"] == json.loads(over_openai.body)["data"]
    if not fields:
        assert CreateEmbeddingResponse.model_validate_json(natively.body).model == "local/tiny"


async def test_a_text_too_long_to_embed_is_refused(engine: FakeOllama) -> None:
    status, body = await post(engine, embedding("x" * 40_000), 8192)
    assert (status, TOO_LONG.encode() in body) == (400, True)


async def test_a_model_that_cannot_be_had_is_an_error_with_its_words(engine: FakeOllama) -> None:
    engine.faults(faults.status(500, {"error": "model requires more system memory"}))
    status, body = await post(engine, chat(), 8192)
    assert status == 500
    assert b"more system memory" in body
