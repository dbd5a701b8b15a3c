"""Embeddings and completions the whole way: a real client, the daemon as a process, a real engine."""

from collections.abc import Iterator

import openai
import pytest

from tests.journeys.daemon import Daemon
from tests.real.engine import RealEngine, StartEngine, real_engine

WIDTH = 64  # of the tiny model's vectors


@pytest.fixture(scope="module")
def client(tcp_engine: RealEngine) -> Iterator[openai.OpenAI]:
    with (
        real_engine(alias="embedder", embedding=True) as embedder,
        Daemon(config=config_for(e=embedder, a=tcp_engine)) as daemon,
        openai.OpenAI(base_url=daemon.api_base, api_key="none", max_retries=0) as client,
    ):
        yield client


def config_for(**engines: RealEngine) -> str:
    places = (f'[providers.{name}]\napi_base = "{one.api_base}"\n' for name, one in engines.items())
    return f"[discovery]\nlocal = false\n{''.join(places)}"


@pytest.mark.parametrize("texts", ["Grüße", ["Grüße", "aus", "Zürich"], [104, 105], [[104, 105], [104]]])
def test_each_shape_of_input_gets_its_vectors(
    texts: str | list[str] | list[int] | list[list[int]], client: openai.OpenAI
) -> None:
    found = client.embeddings.create(model="embedder", input=texts)  # packed: the client's own choice
    several = isinstance(texts, list) and not isinstance(texts[0], int)
    assert [one.index for one in found.data] == list(range(len(texts) if several else 1))
    assert {len(one.embedding) for one in found.data} == {WIDTH}
    assert found.model == "e/embedder"
    assert found.usage.prompt_tokens > 0


def test_packed_or_not_the_vectors_are_the_same(client: openai.OpenAI) -> None:
    (packed,) = client.embeddings.create(model="embedder", input="Grüße").data
    (plain,) = client.embeddings.create(model="embedder", input="Grüße", encoding_format="float").data
    assert packed.embedding == pytest.approx(plain.embedding, rel=1e-5)


def test_an_engine_restarted_with_another_model_makes_no_vectors_for_the_old_one(
    start_engine: StartEngine,
) -> None:
    """A llama-server says that they are of whatever model it was asked for."""
    engine = start_engine(alias="embedder", embedding=True)
    with (
        Daemon(config=config_for(e=engine)) as daemon,
        openai.OpenAI(base_url=daemon.api_base, api_key="none", max_retries=0) as client,
    ):
        assert client.embeddings.create(model="e/embedder", input="Grüße").data
        engine.kill()
        start_engine(alias="other", embedding=True, port=int(engine.url.rpartition(":")[2]))
        with pytest.raises(openai.APIStatusError, match=r"answers as 'other' now|no model"):
            client.embeddings.create(model="e/embedder", input="Grüße")


def test_an_engine_that_makes_none_says_so_by_the_client(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        client.embeddings.create(model="a/tiny", input="Grüße")
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["src"] == "pointsman"


def test_a_text_goes_on_plain_and_streamed(client: openai.OpenAI) -> None:
    plain = client.completions.create(model="a/tiny", prompt="Once upon", max_tokens=8)
    assert plain.choices[0].text
    assert plain.model == "a/tiny"
    assert plain.usage is not None
    assert plain.usage.completion_tokens == 8
    options: openai.types.chat.ChatCompletionStreamOptionsParam = {"include_usage": True}
    stream = client.completions.create(
        model="a/tiny", prompt=["Once", "Twice"], max_tokens=8, stream=True, stream_options=options
    )
    texts = ["", ""]
    for chunk in stream:
        assert chunk.model == "a/tiny"
        for choice in chunk.choices:
            texts[choice.index] += choice.text
    assert all(texts)


def test_a_text_by_its_tokens(client: openai.OpenAI) -> None:
    assert client.completions.create(model="a/tiny", prompt=[104, 105], max_tokens=4).choices[0].text
