"""`@name` before what is asked: to whom it goes, and what he is sent."""

import httpx
import pytest

from tests.fakes import answers
from tests.fakes.engine import FakeEngine
from tests.journeys.conftest import Here, StartDaemon, StartEngine
from tests.journeys.views import ANTHROPIC, OPENAI, Dialect, ask, attempts_at, attempts_of, streamed_and_plain

both_dialects = pytest.mark.parametrize("dialect", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])


def turns(*said: str) -> list[dict[str, str]]:
    """What is said in turn, by the user first."""
    roles = ("user", "assistant") * len(said)
    return [{"role": role, "content": content} for role, content in zip(roles, said, strict=False)]


def contents(engine: FakeEngine) -> list[str]:
    """What it was sent last."""
    messages = attempts_of(engine)[-1].body["messages"]
    assert isinstance(messages, list)
    return [one["content"] for one in messages]


@pytest.fixture
async def first(start_engine: StartEngine) -> FakeEngine:
    return await start_engine("first")


@pytest.fixture
async def second(start_engine: StartEngine) -> FakeEngine:
    return await start_engine("second")


@pytest.fixture
async def daemon(first: FakeEngine, second: FakeEngine, start_daemon: StartDaemon) -> Here:
    return await start_daemon('[models]\nother = "b/second"\n', a=first, b=second)


@both_dialects
@streamed_and_plain
async def test_who_is_mentioned_answers_and_is_not_told_his_name(
    second: FakeEngine, daemon: Here, http: httpx.AsyncClient, dialect: Dialect, stream: bool
) -> None:
    said = turns("@other Hi", "Yes?", "Hm", "Hm?", "@other, why?")
    told = await ask(http, daemon, "a/first", stream=stream, dialect=dialect, messages=said)
    assert (told.text, told.headers["X-Pointsman-Model"]) == (answers.TEXT, "b/second")
    assert contents(second) == ["Hi", "Yes?", "Hm", "Hm?", "why?"]


async def test_the_decision_shows_who_was_mentioned(daemon: Here, http: httpx.AsyncClient) -> None:
    said = turns("@other Why?")
    await ask(http, daemon, messages=said)
    made = (await http.get(f"{daemon.url}/control/v0/decisions/last")).json()
    explained = (await http.post(f"{daemon.url}/control/v0/explain", json={"messages": said})).json()
    assert made["request"]["asked"] == "@other"
    for decision in (made["decision"], explained):
        wanted = decision["wanted"]
        assert (wanted["asked"], wanted["via"], wanted["models"]) == ("@other", "other", ["b/second"])
        assert decision["candidates"][0]["reason"] == "alias:other"


async def test_a_role_may_be_mentioned(
    first: FakeEngine, second: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon('[roles.reviewer]\nmodel = "b/second"\n', a=first, b=second)
    await ask(http, daemon, messages=turns("@reviewer Why?"))
    assert contents(second) == ["Why?"]


@pytest.mark.parametrize("words", ["@README.md says so", "@me@example.org wrote", "ask@second please"])
@both_dialects
async def test_what_is_nobodys_name_is_text(
    first: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient, words: str, dialect: Dialect
) -> None:
    daemon = await start_daemon('[models]\n"*" = "a/first"\n', a=first)
    await ask(http, daemon, dialect=dialect, messages=turns(words))
    assert contents(first) == [words]


async def test_it_can_be_switched_off(
    first: FakeEngine, second: FakeEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    daemon = await start_daemon("[choosing]\nmentions = false\n", a=first, b=second)
    await ask(http, daemon, "a/first", messages=turns("@second Why?"))
    assert contents(first) == ["@second Why?"]


async def test_who_is_mentioned_is_used_or_refused(
    first: FakeEngine, second: FakeEngine, daemon: Here, http: httpx.AsyncClient
) -> None:
    await second.stop()
    assert (await ask(http, daemon, messages=turns("@second Why?"))).status == 503
    assert attempts_at(first) == [0]


async def test_a_second_name_after_it_is_text(
    second: FakeEngine, daemon: Here, http: httpx.AsyncClient
) -> None:
    await ask(http, daemon, messages=turns("@second @first Why?"))
    assert contents(second) == ["@first Why?"]
