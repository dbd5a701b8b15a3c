"""The real engine alone: that what the other tests build on is there, and is what the fake pretends to be."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import httpx2
import openai
import psutil
import pytest

from tests.real.engine import ROOT, RealEngine, StartEngine
from tests.real.tiny_gguf import WIDTH


@pytest.fixture(params=["tcp_engine", "socket_engine"], ids=["tcp", "unix"])
def engine(request: pytest.FixtureRequest) -> RealEngine:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, RealEngine)
    return found


@pytest.fixture
def client(engine: RealEngine) -> Iterator[openai.OpenAI]:
    transport = httpx2.HTTPTransport(uds=str(engine.socket) if engine.socket else None)
    with openai.DefaultHttpxClient(transport=transport) as http:
        yield openai.OpenAI(base_url=engine.api_base, api_key="none", http_client=http, max_retries=0)


def test_shows_the_marks_that_discovery_looks_for(engine: RealEngine) -> None:
    with engine.http() as http:
        health, props = http.get("/health"), http.get("/props")
    assert health.headers["Server"] == "llama.cpp"
    assert props.json()["default_generation_settings"]["n_ctx"] == 2048  # 4096 over two slots
    assert props.json()["model_alias"] == "tiny"


def test_lists_its_model(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["tiny"]


def test_answers_plain_with_usage(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="tiny", messages=[{"role": "user", "content": "hello"}], max_tokens=8
    )
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 8


def test_streams_with_usage_in_a_last_chunk_without_choices(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="tiny",
        messages=[{"role": "user", "content": "Grüße"}],
        max_tokens=8,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1])
    assert chunks[-2].choices[0].finish_reason == "length"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 8


def test_a_prompt_beyond_the_context_is_a_400_that_says_so(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(model="tiny", messages=[{"role": "user", "content": "x" * 3000}])
    assert isinstance(raised.value.body, dict)
    assert raised.value.body["type"] == "exceed_context_size_error"


def test_a_key_is_asked_for_everywhere_but_at_health(start_engine: StartEngine) -> None:
    with start_engine(key="secret").http() as http:
        assert http.get("/health").status_code == 200
        assert http.get("/props").status_code == 401
        assert http.get("/props", headers={"Authorization": "Bearer secret"}).status_code == 200


def test_one_that_is_started_for_embeddings_makes_them(start_engine: StartEngine) -> None:
    engine = start_engine(embedding=True)
    with engine.http() as http:
        answer = http.post("/v1/embeddings", json={"model": "tiny", "input": ["one", "two"]}).json()
    assert [len(one["embedding"]) for one in answer["data"]] == [WIDTH, WIDTH]
    assert answer["usage"]["prompt_tokens"] == len("onetwo")


def test_a_process_is_called_as_a_real_one(start_engine: StartEngine) -> None:
    engine = start_engine()
    assert Path(psutil.Process(engine.pid).cmdline()[0]).name == "llama-server"


def test_a_killed_engine_is_gone_at_once(start_engine: StartEngine) -> None:
    engine = start_engine()
    engine.kill()
    with engine.http() as http, pytest.raises(httpx.TransportError):
        http.get("/health")


def test_an_engine_that_cannot_start_says_why(tmp_path: Path, start_engine: StartEngine) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(RuntimeError, match=r"broken\.gguf"):
        start_engine(model=broken)


def test_dies_with_the_process_that_started_it(start_engine: StartEngine) -> None:
    holder = (
        "import sys, tests.real.engine as e\n"
        "with e.real_engine() as engine:\n"
        "    print(engine.pid, flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", holder]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    child.wait(timeout=10)
