"""Anthropic's messages the whole way: its own client, the daemon as a process, a real engine."""

from collections.abc import Iterator

import anthropic
import httpx2
import pytest
from anthropic.types import MessageParam

from tests.journeys.daemon import Daemon
from tests.real.engine import RealEngine

HELLO: list[MessageParam] = [{"role": "user", "content": "Grüße"}]


@pytest.fixture(scope="module")
def daemon(tcp_engine: RealEngine) -> Iterator[Daemon]:
    config = f'[discovery]\nlocal = false\n[providers.a]\napi_base = "{tcp_engine.api_base}"\n'
    with Daemon(config=config) as daemon:
        yield daemon


@pytest.fixture(params=["tcp", "unix"])
def client(request: pytest.FixtureRequest, daemon: Daemon) -> Iterator[anthropic.Anthropic]:
    transport = httpx2.HTTPTransport(uds=str(daemon.socket) if request.param == "unix" else None)
    with anthropic.DefaultHttpxClient(transport=transport) as http:
        yield anthropic.Anthropic(base_url=daemon.url, api_key="none", http_client=http, max_retries=0)


def test_plain(client: anthropic.Anthropic) -> None:
    answer = client.messages.create(model="auto", max_tokens=8, messages=HELLO, system="Be brief")
    assert answer.model == "a/tiny"
    assert [block.type for block in answer.content] == ["text"]
    assert answer.usage.output_tokens == 8
    assert answer.stop_reason == "max_tokens"


def test_streamed(client: anthropic.Anthropic) -> None:
    with client.messages.stream(model="a/tiny", max_tokens=8, messages=HELLO) as stream:
        text = "".join(stream.text_stream)
        answer = stream.get_final_message()
    assert text
    assert (answer.model, answer.usage.output_tokens) == ("a/tiny", 8)


def test_the_beta_client_is_answered_too(client: anthropic.Anthropic) -> None:
    answer = client.beta.messages.create(
        model="auto", max_tokens=4, messages=[{"role": "user", "content": "Hi"}], betas=["x"]
    )
    assert answer.model == "a/tiny"


def test_tokens_are_counted_as_they_are_used(client: anthropic.Anthropic) -> None:
    counted = client.messages.count_tokens(model="auto", messages=HELLO)
    usage = client.messages.create(model="auto", max_tokens=1, messages=HELLO).usage
    assert counted.input_tokens == usage.input_tokens + (usage.cache_read_input_tokens or 0)


def test_models_are_listed(client: anthropic.Anthropic) -> None:
    assert [model.id for model in client.models.list()] == ["auto", "a/tiny"]
    assert client.models.retrieve("a/tiny").display_name == "a/tiny"


def test_errors_are_the_clients_own(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError, match="no-such"):
        client.messages.create(model="no-such/model", max_tokens=1, messages=HELLO)
    with pytest.raises(anthropic.APIStatusError) as caught:
        client.messages.create(
            model="auto", max_tokens=1, messages=[{"role": "user", "content": "x" * 99_999}]
        )
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error"]["src"] == "pointsman"
