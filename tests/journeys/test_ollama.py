"""Ollama cuts what does not fit its context, and says nothing. Through Pointsman it never does."""

import httpx
import pytest

from tests.fakes.ollama import FakeOllama, Load, OllamaModel
from tests.journeys.conftest import StartDaemon, StartEngine, StartOllama
from tests.journeys.test_answers import said

LONG = "word " * 16_000  # about 20,000 tokens


LONG_CHAT = {"model": "auto", "messages": [{"role": "user", "content": LONG}]}


@pytest.mark.parametrize("stream", [False, True])
async def test_a_long_prompt_is_read_whole_in_a_larger_context(
    start_daemon: StartDaemon, start_ollama: StartOllama, http: httpx.AsyncClient, stream: bool
) -> None:
    engine = await start_ollama(OllamaModel("qwen3:8b", trained=40_960))
    daemon = await start_daemon(ollama=engine)
    answer = await http.post(f"{daemon.api_base}/chat/completions", json=LONG_CHAT | {"stream": stream})
    assert answer.status_code == 200
    assert answer.headers["X-Pointsman-Model"] == "ollama/qwen3:8b"
    assert said(answer) == engine.answer.text
    assert engine.truncated == []
    assert engine.loads == [Load("qwen3:8b", 32_768, "/api/chat")]


async def test_a_short_prompt_after_a_long_one_does_not_load_the_model_anew(
    start_daemon: StartDaemon, start_ollama: StartOllama, http: httpx.AsyncClient
) -> None:
    engine = await start_ollama(OllamaModel("qwen3:8b", trained=40_960))
    daemon = await start_daemon(ollama=engine)
    short = {"messages": [{"role": "user", "content": "Hello"}]}
    for body in (LONG_CHAT, short, LONG_CHAT, short):
        answer = await http.post(f"{daemon.api_base}/chat/completions", json=body)
        assert answer.status_code == 200
        await daemon.rooms.sweeper.sweep("test")
    assert engine.loads == [Load("qwen3:8b", 32_768, "/api/chat")]


async def test_a_long_prompt_goes_to_the_engine_that_has_room_for_it_already(
    start_daemon: StartDaemon, start_ollama: StartOllama, start_engine: StartEngine, http: httpx.AsyncClient
) -> None:
    small = await start_ollama(OllamaModel("qwen3:8b", trained=40_960))
    small.loaded = {"qwen3:8b": 4_096}
    large = await start_engine(context=65_536)
    daemon = await start_daemon(ollama=small, large=large)
    answer = await http.post(f"{daemon.api_base}/chat/completions", json=LONG_CHAT)
    assert answer.headers["X-Pointsman-Model"] == "large/fake-1"
    assert small.chats == []


@pytest.mark.parametrize(
    ("trained", "more", "words"),
    [
        (8_192, {}, "don't fit its context of 8,192"),
        (40_960, {"logprobs": True}, "OLLAMA_CONTEXT_LENGTH=32768"),
    ],
)
async def test_what_can_not_be_read_whole_is_refused_with_the_figures_and_what_helps(
    trained: int, more: dict[str, object], words: str, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    async with FakeOllama(OllamaModel("old:7b", trained=trained)) as engine:
        daemon = await start_daemon(ollama=engine)
        answer = await http.post(f"{daemon.api_base}/chat/completions", json=LONG_CHAT | more)
        assert answer.status_code == 503
        assert words in answer.json()["error"]["message"]
        assert engine.chats == []


async def test_a_model_in_ollamas_cloud_is_not_local_and_gets_nothing(
    start_daemon: StartDaemon, start_ollama: StartOllama, http: httpx.AsyncClient
) -> None:
    engine = await start_ollama(OllamaModel("big:cloud", remote_host="https://ollama.com:443"))
    daemon = await start_daemon(ollama=engine)
    for model in ("auto", "big:cloud"):
        answer = await http.post(f"{daemon.api_base}/chat/completions", json=LONG_CHAT | {"model": model})
        assert answer.status_code == 402
        assert "runs at ollama.com" in answer.json()["error"]["message"]
    assert engine.chats == []


async def test_vectors_of_a_long_text_are_of_all_of_it(
    start_daemon: StartDaemon, start_ollama: StartOllama, http: httpx.AsyncClient
) -> None:
    engine = await start_ollama(OllamaModel("nomic:v2", capabilities=("embedding",), trained=32_768))
    daemon = await start_daemon(ollama=engine)
    body = {"model": "nomic:v2", "input": [LONG, "short"]}
    answer = await http.post(f"{daemon.api_base}/embeddings", json=body)
    assert [len(entry["embedding"]) > 0 for entry in answer.json()["data"]] == [True, True]
    assert engine.truncated == []


@pytest.mark.parametrize(("letters", "status"), [(1_600, 200), (2_400, 400)])
async def test_vectors_of_a_model_that_reads_little_are_of_all_of_a_text_or_not_made(
    start_daemon: StartDaemon, start_ollama: StartOllama, http: httpx.AsyncClient, letters: int, status: int
) -> None:
    engine = await start_ollama(OllamaModel("minilm:v2", capabilities=("embedding",), trained=512))
    daemon = await start_daemon(ollama=engine)
    body = {"model": "minilm:v2", "input": "a" * letters}
    answer = await http.post(f"{daemon.api_base}/embeddings", json=body)
    assert (answer.status_code, engine.truncated) == (status, [])


async def test_vectors_are_of_the_model_that_is_named_or_of_none(
    start_daemon: StartDaemon, start_ollama: StartOllama, http: httpx.AsyncClient
) -> None:
    model = OllamaModel("nomic:v2", capabilities=("embedding",))
    one, other = await start_ollama(model), await start_ollama(model)
    daemon = await start_daemon(one=one, other=other)
    for name, status in (("auto", 400), ("nomic:v2", 400), ("one/nomic:v2", 200)):
        answer = await http.post(f"{daemon.api_base}/embeddings", json={"model": name, "input": "Hello"})
        assert answer.status_code == status, answer.text
    await one.stop()
    answer = await http.post(f"{daemon.api_base}/embeddings", json={"model": "one/nomic:v2", "input": "Hi"})
    assert answer.status_code == 503
    assert [seen.path for seen in other.seen if "embed" in seen.path] == []
