"""Two real engines share the roles: who answers is chosen by what is asked, and said by its client."""

from collections.abc import Iterator

import httpx
import pytest

from tests.journeys.daemon import Daemon
from tests.real.engine import RealEngine, real_engine
from tests.real.test_daemon import daemon_for
from tests.real.tiny_gguf import TOOLS_TEMPLATE, write_model

GRADES = '[grades]\n"a/tiny" = "routine"\n"b/tiny" = "simple"\n[models]\n"claude-*" = "auto"\n'
FACT = "What is the capital of France?"
POEM = "Write a poem about the sea"
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture(scope="module")
def with_tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    path = write_model(tmp_path_factory.mktemp("models") / "tools.gguf", template=TOOLS_TEMPLATE)
    with real_engine(model=path) as engine:
        yield engine


@pytest.fixture(scope="module")
def daemon(tcp_engine: RealEngine, with_tools: RealEngine) -> Iterator[Daemon]:
    with daemon_for(GRADES, a=tcp_engine, b=with_tools) as daemon:
        yield daemon


@pytest.fixture
def http(daemon: Daemon) -> Iterator[httpx.Client]:
    with daemon.http() as http:
        yield http


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("says", "model", "headers", "who"),
    [
        (FACT, "auto", {}, "a/tiny"),
        (FACT, "memory", {}, "b/tiny"),
        (FACT, "auto", {"X-Pointsman-Role": "background"}, "b/tiny"),
        ("HEARTBEAT", "auto", {}, "b/tiny"),
        (FACT, "claude-haiku-4", {}, "a/tiny"),
        ("@b/tiny " + FACT, "auto", {}, "b/tiny"),
        ("@memory " + FACT, "auto", {}, "b/tiny"),
        (FACT, "auto", {"X-Pointsman-Profile": "eco", "X-Pointsman-Privacy": "local"}, "a/tiny"),
        (FACT, "auto", {"X-Pointsman-Task": "background", "X-Pointsman-Priority": "background"}, "b/tiny"),
        (FACT, "auto:premium", {"X-Pointsman-Revision": "true", "X-Pointsman-Max-Cost": "0"}, "a/tiny"),
        (FACT, "b/tiny", {"X-Pointsman-Floor": "reasoning"}, "b/tiny"),
        ("Plan out the architecture for a new app", "auto", {}, "a/tiny"),
    ],
)
def test_two_models_here_share_the_roles(
    says: str, model: str, headers: dict[str, str], who: str, *, stream: bool, http: httpx.Client
) -> None:
    body = {
        "model": model,
        "stream": stream,
        "max_tokens": 8,
        "messages": [{"role": "user", "content": says}],
    }
    answer = http.post("/v1/chat/completions", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["X-Pointsman-Model"] == who


def test_a_picture_goes_to_nobody_who_is_blind(http: httpx.Client) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    words = {"type": "text", "text": "What is in this picture?"}
    body = {"model": "auto", "messages": [{"role": "user", "content": [words, picture]}]}
    answer = http.post("/v1/chat/completions", json=body)
    assert answer.status_code == 503
    assert "it can't read image" in answer.json()["error"]["message"]


def asked(http: httpx.Client, *turns: str, model: str = "auto", **more: object) -> httpx.Response:
    """`turns`: the user's, the assistant's, ..."""
    messages = [
        {"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(turns)
    ]
    body = {"model": model, "max_tokens": 8, "messages": messages, **more}
    return http.post("/v1/chat/completions", json=body)


def test_tools_go_to_the_model_whose_template_knows_them(http: httpx.Client) -> None:
    answer = asked(http, FACT, tools=[TOOL])
    assert answer.headers["X-Pointsman-Model"] == "b/tiny"
    refused = asked(http, FACT, model="a/tiny", tools=[TOOL])
    assert refused.status_code == 503
    assert "it can't do tools" in refused.json()["error"]["message"]


def test_a_conversation_stays_until_its_model_is_gone(tcp_engine: RealEngine) -> None:
    grades = '[grades]\n"a/tiny" = "routine"\n"b/tiny" = "routine"\n[tasks]\ncreative = "b/tiny"\n'
    with real_engine() as other, daemon_for(grades, a=tcp_engine, b=other) as daemon, daemon.http() as http:
        first = asked(http, POEM)
        assert first.headers["X-Pointsman-Model"] == "b/tiny"
        said = first.json()["choices"][0]["message"]["content"]
        assert asked(http, FACT).headers["X-Pointsman-Model"] == "a/tiny"
        later = (POEM, said, FACT)
        assert asked(http, *later).headers["X-Pointsman-Model"] == "b/tiny"
        assert asked(http, *later).headers["X-Pointsman-Reason"] == "sticky"
        other.kill()
        assert asked(http, *later).headers["X-Pointsman-Model"] == "a/tiny"
        assert asked(http, *later).headers["X-Pointsman-Reason"] == "sticky"
