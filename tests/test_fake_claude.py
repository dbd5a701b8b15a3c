"""The fake of Anthropic's API is one to Anthropic's own client: lists, messages, counts and errors."""

from collections.abc import AsyncIterator

import anthropic
import pytest
from anthropic.types import MessageParam

from tests.fakes import claude
from tests.fakes.claude import FakeClaude
from tests.fakes.faults import Fault

HELLO: list[MessageParam] = [{"role": "user", "content": "Hello"}]


@pytest.fixture
async def cloud() -> AsyncIterator[FakeClaude]:
    async with FakeClaude("claude-a", "claude-b", key="sk-ant") as cloud:
        yield cloud


@pytest.fixture
async def client(cloud: FakeClaude) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(base_url=cloud.url, api_key="sk-ant", max_retries=0) as client:
        yield client


async def test_models_are_listed_in_pages(client: anthropic.AsyncAnthropic, cloud: FakeClaude) -> None:
    cloud.page = 1
    models = [model async for model in client.models.list()]
    assert [model.id for model in models] == ["claude-a", "claude-b"]
    assert len(cloud.seen) == 2
    assert models[0].capabilities is not None
    assert models[0].capabilities.thinking.supported


async def test_a_message_is_the_same_plain_and_streamed(client: anthropic.AsyncAnthropic) -> None:
    plain = await client.messages.create(model="claude-a", max_tokens=9, messages=HELLO)
    async with client.messages.stream(model="claude-a", max_tokens=9, messages=HELLO) as stream:
        streamed = await stream.get_final_message()
    assert streamed.model_dump() == plain.model_dump()
    assert plain.usage.cache_creation is not None
    assert plain.usage.cache_creation.ephemeral_1h_input_tokens == claude.ANSWER.written_hour


async def test_tokens_are_counted(client: anthropic.AsyncAnthropic) -> None:
    assert (await client.messages.count_tokens(model="claude-a", messages=HELLO)).input_tokens == 1000


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (claude.overloaded(), anthropic.InternalServerError),
        (claude.too_many(), anthropic.RateLimitError),
        (claude.no_credit(), anthropic.BadRequestError),
    ],
)
async def test_errors_are_the_clients_own(
    fault: Fault,
    error: type[anthropic.APIStatusError],
    client: anthropic.AsyncAnthropic,
    cloud: FakeClaude,
) -> None:
    cloud.faults(fault)
    with pytest.raises(error):
        await client.messages.create(model="claude-a", max_tokens=9, messages=HELLO)


async def test_a_wrong_key_a_retired_model_and_no_version_are_refused(
    client: anthropic.AsyncAnthropic, cloud: FakeClaude
) -> None:
    with pytest.raises(anthropic.AuthenticationError):
        await client.with_options(api_key="wrong").models.list()
    with pytest.raises(anthropic.BadRequestError, match="anthropic-version"):
        await client.models.list(extra_headers={"anthropic-version": "2020-01-01"})
    cloud.retired = ("claude-b",)
    with pytest.raises(anthropic.NotFoundError):
        await client.messages.create(model="claude-b", max_tokens=9, messages=HELLO)
