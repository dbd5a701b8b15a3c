"""The whole way: a real client, the daemon as a process, a real engine; nothing is configured."""

import json
from collections.abc import Iterator

import httpx
import httpx2
import openai
import pytest

from tests.journeys.daemon import Daemon
from tests.real.engine import RealEngine, StartEngine

HELLO: list[openai.types.chat.ChatCompletionMessageParam] = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def daemon(tcp_engine: RealEngine) -> Iterator[Daemon]:
    """A daemon that has found the shared engine at the place its configuration names."""
    with daemon_for(a=tcp_engine) as daemon:
        yield daemon


@pytest.fixture(params=["tcp", "unix"])
def client(request: pytest.FixtureRequest, daemon: Daemon) -> Iterator[openai.OpenAI]:
    transport = httpx2.HTTPTransport(uds=str(daemon.socket) if request.param == "unix" else None)
    with openai.DefaultHttpxClient(transport=transport) as http:
        yield openai.OpenAI(base_url=daemon.api_base, api_key="none", http_client=http)


def daemon_for(more: str = "", **engines: RealEngine) -> Daemon:
    places = "".join(
        f'[providers.{name}]\napi_base = "{engine.api_base}"\n' for name, engine in engines.items()
    )
    return Daemon(config=f"[discovery]\nlocal = false\n{places}{more}")


def test_an_engine_on_its_usual_port_is_found_without_configuration(start_engine: StartEngine) -> None:
    try:
        engine = start_engine(port=8080)
    except RuntimeError as error:
        pytest.skip(f"port 8080 is not free: {error}")
    with Daemon() as daemon, daemon.http() as http:
        # Others may run here too: until this one is seen, the name is that of any llama-server's model.
        http.post("/control/v0/discover").raise_for_status()
        body = {"model": "llama-server/tiny", "messages": HELLO, "max_tokens": 4}
        answer = http.post("/v1/chat/completions", json=body)
        assert answer.headers["X-Pointsman-Model"] == "llama-server/tiny"
        assert answer.json()["usage"]["completion_tokens"] == 4
        assert engine.api_base.startswith("http://127.0.0.1:8080")


def test_plain_by_the_openai_client(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="auto", messages=HELLO, max_tokens=8)
    assert answer.choices[0].message.content
    assert answer.model == "a/tiny"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 8


def test_streamed_with_usage_by_the_openai_client(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="tiny", messages=HELLO, max_tokens=8, stream=True, stream_options={"include_usage": True}
        )
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert {chunk.model for chunk in chunks} == {"a/tiny"}
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 8


def test_a_json_schema_is_kept_to(client: openai.OpenAI) -> None:
    properties = {"ok": {"type": "boolean"}}
    schema: dict[str, object] = {"type": "object", "properties": properties, "required": ["ok"]}
    answer = client.chat.completions.create(
        model="auto",
        messages=HELLO,
        max_tokens=200,
        response_format={"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}},
    )
    if answer.choices[0].finish_reason == "stop":
        assert isinstance(json.loads(answer.choices[0].message.content or "")["ok"], bool)
    else:
        assert (answer.choices[0].message.content or "").lstrip().startswith("{")


def test_models_and_an_unknown_name_by_the_openai_client(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["auto", "a/tiny"]
    with pytest.raises(openai.NotFoundError, match="did you mean tiny"):
        client.chat.completions.create(model="tinny", messages=HELLO)


def test_a_prompt_beyond_the_context_is_refused_with_both_numbers(client: openai.OpenAI) -> None:
    with pytest.raises(openai.InternalServerError, match="don't fit its context of 2,048"):
        client.chat.completions.create(model="auto", messages=[{"role": "user", "content": "word " * 4000}])


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
def test_from_socket_to_socket_no_port_is_needed(stream: bool, socket_engine: RealEngine) -> None:
    config = f'[discovery]\nlocal = false\n[providers.a]\napi_base = "unix:{socket_engine.socket}"\n'
    with Daemon(config=config) as daemon, daemon.http(unix=True) as http:
        body = {"messages": HELLO, "max_tokens": 4, "stream": stream}
        answer = http.post("/v1/chat/completions", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["X-Pointsman-Model"] == "a/tiny"
        assert answer.headers["X-Pointsman-Tier"] == "local"


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
def test_when_the_engine_that_answers_is_killed_the_other_answers_next(
    stream: bool, start_engine: StartEngine
) -> None:
    first, second = start_engine(), start_engine()
    with daemon_for(a=first, b=second) as daemon, daemon.http() as http:
        body = {"messages": HELLO, "max_tokens": 1500, "stream": stream}
        with http.stream("POST", "/v1/chat/completions", json={**body, "stream": True}) as running:
            assert running.headers["X-Pointsman-Model"] == "a/tiny"
            pieces = running.iter_raw()
            next(pieces)
            first.kill()
            cut = read_to_the_break(pieces)
        assert b"[DONE]" not in cut
        assert b'"src":"pointsman"' in cut
        answer = http.post("/v1/chat/completions", json={**body, "max_tokens": 4})
        assert answer.headers["X-Pointsman-Model"] == "b/tiny"
        second.kill()
        refused = http.post("/v1/chat/completions", json=body)
        assert refused.status_code == 503


def read_to_the_break(pieces: Iterator[bytes]) -> bytes:
    got = bytearray()
    with pytest.raises(httpx.RemoteProtocolError):
        read_into(got, pieces)
    return bytes(got)


def read_into(got: bytearray, pieces: Iterator[bytes]) -> None:
    """What came is in `got`, even if the connection breaks."""
    for piece in pieces:
        got += piece
