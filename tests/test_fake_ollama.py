"""The fake Ollama is what the real client takes it for, and minds its contexts as the real one does."""

from collections.abc import AsyncIterator

import aiohttp
import ollama
import openai
import pytest

from tests.fakes import faults
from tests.fakes.answers import TEXT, Answer
from tests.fakes.ollama import TOO_LONG, FakeOllama, Load, OllamaModel

QWEN = OllamaModel("qwen3:8b", ("completion", "tools", "vision", "thinking"), context=8192)
LLAMA = OllamaModel("llama3.2:latest", parameters="3.2B", trained=131_072)
CLOUD = OllamaModel("gpt-oss:120b-cloud", remote_host="https://ollama.com:443")
NOMIC = OllamaModel("nomic-embed-text:latest", ("embedding",), trained=2048, parameters="0.137B")
HELLO = [{"role": "user", "content": "Hello"}]
LONG = "word " * 20_000


@pytest.fixture
async def engine() -> AsyncIterator[FakeOllama]:
    async with FakeOllama(QWEN, LLAMA, CLOUD, NOMIC) as engine:
        yield engine


@pytest.fixture
async def client(engine: FakeOllama) -> AsyncIterator[ollama.AsyncClient]:
    async with ollama.AsyncClient(host=engine.url) as client:
        yield client


@pytest.fixture
async def other(engine: FakeOllama) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=engine.api_base, api_key="none", max_retries=0) as client:
        yield client


async def test_it_lists_and_shows_its_library(client: ollama.AsyncClient) -> None:
    listed = (await client.list()).models
    assert [model.model for model in listed] == [QWEN.name, LLAMA.name, CLOUD.name, NOMIC.name]
    assert listed[0].details is not None
    assert (listed[0].size, listed[0].details.quantization_level) == (QWEN.size, "Q4_K_M")
    shown = await client.show("qwen3:8b")
    assert shown.capabilities == list(QWEN.capabilities)
    assert shown.modelinfo is not None
    assert shown.modelinfo["llama.context_length"] == QWEN.trained
    assert "num_ctx" in (shown.parameters or "")


async def test_a_name_without_a_tag_is_the_latest(client: ollama.AsyncClient) -> None:
    assert (await client.chat("llama3.2", HELLO)).model == LLAMA.name


async def test_a_model_that_is_not_there_is_a_404(client: ollama.AsyncClient) -> None:
    with pytest.raises(ollama.ResponseError, match="model 'gone' not found") as caught:
        await client.chat("gone", HELLO)
    assert caught.value.status_code == 404


async def test_it_chats_plain_and_streamed(client: ollama.AsyncClient) -> None:
    plain = await client.chat("qwen3:8b", HELLO)
    assert (plain.message.content, plain.done, plain.done_reason) == (TEXT, True, "stop")
    pieces = [piece async for piece in await client.chat("qwen3:8b", HELLO, stream=True)]
    assert "".join(piece.message.content or "" for piece in pieces) == TEXT
    assert [piece.done for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert pieces[-1].prompt_eval_count == plain.prompt_eval_count == 2


@pytest.mark.parametrize("stream", [True, False])
async def test_it_thinks_and_calls_tools(
    stream: bool, engine: FakeOllama, client: ollama.AsyncClient
) -> None:
    engine.answer = Answer(text="", reasoning="Hm", tool="weather", arguments='{"city":"Zürich"}')
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    if stream:
        pieces = [one async for one in await client.chat("qwen3:8b", HELLO, tools=[tool], stream=True)]
    else:
        pieces = [await client.chat("qwen3:8b", HELLO, tools=[tool])]
    assert "".join(one.message.thinking or "" for one in pieces) == "Hm"
    (call,) = [call for one in pieces for call in one.message.tool_calls or ()]
    assert (call.function.name, call.function.arguments) == ("weather", {"city": "Zürich"})


async def test_it_refuses_tools_and_chats_to_models_that_have_none(client: ollama.AsyncClient) -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    with pytest.raises(ollama.ResponseError, match="does not support tools"):
        await client.chat("llama3.2", HELLO, tools=[tool])
    with pytest.raises(ollama.ResponseError, match="does not support chat"):
        await client.chat("nomic-embed-text", HELLO)


async def test_it_sees_images_as_the_client_sends_them(
    engine: FakeOllama, client: ollama.AsyncClient
) -> None:
    await client.chat(
        "qwen3:8b", [ollama.Message(role="user", content="?", images=[ollama.Image(value=b"PNG")])]
    )
    assert b'"images":["UE5H"]' in engine.chats[0].raw


async def test_it_embeds_and_generates(client: ollama.AsyncClient) -> None:
    assert len((await client.embed("nomic-embed-text", ["one", "two"])).embeddings) == 2
    assert (await client.generate("llama3.2", "Once upon")).response == TEXT


async def test_looking_loads_nothing_and_asking_does(engine: FakeOllama, client: ollama.AsyncClient) -> None:
    await client.list()
    await client.show("qwen3:8b")
    assert (await client.ps()).models == []
    assert engine.loads == []
    await client.chat("qwen3:8b", HELLO)
    (running,) = (await client.ps()).models
    assert (running.name, running.context_length) == ("qwen3:8b", 8192)
    assert running.expires_at is not None
    await client.chat("qwen3:8b", [], keep_alive=0)
    assert (await client.ps()).models == []


async def test_another_context_loads_the_model_anew(engine: FakeOllama, client: ollama.AsyncClient) -> None:
    for context in (16_384, 16_384, 10**9):
        await client.chat("qwen3:8b", HELLO, options={"num_ctx": context})
    await client.chat("qwen3:8b", HELLO)
    assert [load.context for load in engine.loads] == [16_384, QWEN.trained, 8192]


async def test_a_model_of_the_cloud_is_never_loaded(engine: FakeOllama, client: ollama.AsyncClient) -> None:
    assert (await client.chat(CLOUD.name, HELLO)).message.content == TEXT
    assert engine.loads == []


async def test_the_least_lately_used_makes_room(engine: FakeOllama, client: ollama.AsyncClient) -> None:
    engine.most_loaded = 2
    for name in ("qwen3:8b", "llama3.2", "qwen3:8b"):
        await client.chat(name, HELLO)
    await client.embed("nomic-embed-text", "x")
    assert list(engine.loaded) == ["qwen3:8b", NOMIC.name]
    assert engine.loads[-1] == Load(NOMIC.name, 2048, "/api/embed")


async def test_over_openai_a_long_prompt_is_cut_in_silence(
    engine: FakeOllama, other: openai.AsyncOpenAI
) -> None:
    answer = await other.chat.completions.create(
        model="llama3.2", messages=[{"role": "user", "content": LONG}]
    )
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == engine.plain_context
    assert engine.truncated == engine.chats


async def test_natively_it_refuses_if_it_is_told_to(engine: FakeOllama) -> None:
    body = {"model": "llama3.2", "messages": [{"role": "user", "content": LONG}], "truncate": False}
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{engine.url}/api/chat", json=body) as response:
            assert (response.status, await response.json()) == (400, {"error": TOO_LONG})
        larger = body | {"options": {"num_ctx": 32_768}, "stream": False}
        async with http.post(f"{engine.url}/api/chat", json=larger) as response:
            assert (await response.json())["prompt_eval_count"] == 25_000
    assert engine.truncated == []


async def test_the_openai_client_is_served(other: openai.AsyncOpenAI) -> None:
    assert (await other.models.list()).data[0].id == QWEN.name
    stream = await other.chat.completions.create(
        model="qwen3:8b", messages=[{"role": "user", "content": "Hi"}], stream=True
    )
    assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) == TEXT
    text = await other.completions.create(model="qwen3:8b", prompt="Once")
    assert text.choices[0].text == TEXT
    assert len((await other.embeddings.create(model="nomic-embed-text", input=["a", "b"])).data) == 2
    with pytest.raises(openai.NotFoundError, match="model 'gone' not found"):
        await other.embeddings.create(model="gone", input="a")


async def test_faults_fall_in_its_own_dialect_too(engine: FakeOllama, client: ollama.AsyncClient) -> None:
    engine.faults(
        faults.status(503, {"error": "server busy"}), faults.error_in_200(2, {"error": "out of memory"})
    )
    with pytest.raises(ollama.ResponseError, match="server busy"):
        await client.chat("qwen3:8b", HELLO)
    heard: list[str | None] = []
    with pytest.raises(ollama.ResponseError, match="out of memory"):
        await hear(client, heard)
    assert len(heard) == 2


async def hear(client: ollama.AsyncClient, heard: list[str | None]) -> None:
    """What came is in `heard`, even if the stream breaks off."""
    async for piece in await client.chat("qwen3:8b", HELLO, stream=True):
        heard += [piece.message.content]
