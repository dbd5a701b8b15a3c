"""Two real engines share the roles: who answers is chosen by what is asked, and said by its client."""

from collections.abc import Iterator

import httpx
import pytest

from tests.journeys.daemon import Daemon
from tests.real.engine import RealEngine, real_engine
from tests.real.test_daemon import daemon_for

GRADES = '[grades]\n"a/tiny" = "routine"\n"b/tiny" = "simple"\n[models]\n"claude-*" = "auto"\n'
FACT = "What is the capital of France?"


@pytest.fixture(scope="module")
def daemon(tcp_engine: RealEngine) -> Iterator[Daemon]:
    with real_engine() as other, daemon_for(GRADES, a=tcp_engine, b=other) as daemon:
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
