"""Conversations: each goes on with the model that answered in it, as long as that makes sense.

`here` is the one that every conversation would begin with; `there` is elsewhere, and better.
"""

from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from pointsman.routing.sticky import ELSEWHERE
from tests.fakes import faults
from tests.fakes.engine import FakeEngine
from tests.journeys.clock import Clock
from tests.journeys.conftest import Here, StartDaemon, StartEngine
from tests.journeys.views import ANTHROPIC, OPENAI, Dialect, ask, elsewhere, streamed_and_plain

GRADES = '[grades]\n"here/small" = "routine"\n"there/large" = "reasoning"\n'
RECOVERS = 120.0  # seconds, in which whoever failed once may be asked again


@dataclass(frozen=True, slots=True)
class House:
    here: FakeEngine
    there: FakeEngine
    daemon: Here
    http: httpx.AsyncClient
    clock: Clock

    async def say(self, *words: str, dialect: Dialect = OPENAI, stream: bool = False, **headers: str) -> str:
        """Who answers the last of these words, which are said in turn."""
        roles = ("user", "assistant") * len(words)
        said = [{"role": role, "content": content} for role, content in zip(roles, words, strict=False)]
        return await self.send(said, dialect, stream=stream, **headers)

    async def send(
        self, messages: list[Any], dialect: Dialect = OPENAI, *, stream: bool = False, **headers: str
    ) -> str:
        ours = {f"X-Pointsman-{name}": value for name, value in headers.items()}
        with_ours = replace(dialect, headers={**dialect.headers, **ours})
        with self.clock.hurrying():
            told = await ask(self.http, self.daemon, stream=stream, dialect=with_ours, messages=messages)
        assert told.status == 200, told.raw
        return told.headers["X-Pointsman-Model"]

    async def begin_there(self, *words: str, **more: Any) -> str:
        """Begins a conversation while `here` is out of order, which it is no longer soon after."""
        self.here.fault = faults.status(503)
        model = await self.say(*words, **more)
        self.here.mend()
        self.clock.advance(RECOVERS)
        return model


@pytest.fixture
async def house(
    start_engine: StartEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient, clock: Clock
) -> House:
    here = await start_engine("small")
    there = await start_engine("large", key="sk-there")
    daemon = await start_daemon(elsewhere(there=there) + GRADES, here=here)
    return House(here, there, daemon, patient, clock)


@streamed_and_plain
async def test_a_later_turn_stays_though_another_is_better_again(house: House, stream: bool) -> None:
    assert await house.begin_there("Hi", stream=stream) == "there/large"
    assert await house.say("Ho") == "here/small"
    assert await house.say("Hi", "Yes?", "Hm", stream=stream) == "there/large"


async def test_so_it_is_in_the_other_dialect(
    start_engine: StartEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient, clock: Clock
) -> None:
    first, second = await start_engine("one"), await start_engine("two")
    house = House(first, second, await start_daemon(a=first, b=second), patient, clock)
    assert await house.begin_there("Hi", dialect=ANTHROPIC) == "b/two"
    assert await house.say("Ho", dialect=ANTHROPIC) == "a/one"
    assert await house.say("Hi", "Yes?", "Hm", dialect=ANTHROPIC) == "b/two"


async def test_it_says_so(house: House) -> None:
    await house.begin_there("Hi")
    await house.say("Hi", "Yes?", "Hm")
    made = (await house.http.get(f"{house.daemon.url}/control/v0/decisions/last")).json()
    assert made["decision"]["task"]["stays_with"] == "there/large"
    assert [one["reason"] for one in made["decision"]["candidates"]] == ["sticky", "ladder:local"]
    said = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}]
    asked = {"messages": [*said, {"role": "user", "content": "Hm"}]}
    explained = (await house.http.post(f"{house.daemon.url}/control/v0/explain", json=asked)).json()
    assert explained["candidates"][0]["reason"] == "sticky"


async def test_when_its_time_is_over_it_begins_anew(house: House) -> None:
    await house.begin_there("Hi")
    house.clock.advance(ELSEWHERE)
    assert await house.say("Hi", "Yes?", "Hm") == "here/small"


async def test_who_fails_is_left_for_good(house: House) -> None:
    await house.begin_there("Hi")
    house.there.fault = faults.status(503)
    assert await house.say("Hi", "Yes?", "Hm") == "here/small"
    house.there.mend()
    house.clock.advance(RECOVERS)
    assert await house.say("Hi", "Yes?", "Hm", "Hm?", "So") == "here/small"


async def test_who_is_not_good_enough_is_left_and_the_better_one_kept(house: House) -> None:
    assert await house.say("Hi") == "here/small"
    assert await house.say("Hi", "Yes?", "Hm", Floor="reasoning") == "there/large"
    assert await house.say("Hi", "Yes?", "Hm", "Hm?", "So") == "there/large"


async def test_whoever_called_a_tool_is_told_what_it_brought(house: House) -> None:
    assert await house.say("Hi") == "here/small"
    called = {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    loop = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "1", "content": "a file"},
    ]
    assert await house.send(loop, Floor="reasoning") == "here/small"


async def test_the_same_question_asked_anew_begins_anew(house: House) -> None:
    assert await house.begin_there("Hi") == "there/large"
    assert await house.say("Hi") == "here/small"


async def test_two_conversations_are_not_mixed_up(house: House) -> None:
    await house.begin_there("Hi")
    await house.say("Ho")
    assert await house.say("Hi", "Yes?", "Hm") == "there/large"
    assert await house.say("Ho", "Yes?", "Hm") == "here/small"
    assert await house.say("Hi", "Yes?", "Hm", App="another") == "here/small"


async def test_by_a_session_requests_that_begin_otherwise_are_one(house: House) -> None:
    await house.begin_there("Hi", Session="a")
    assert await house.say("Something else", Session="a") == "there/large"
    assert await house.say("Something else", Session="b") == "here/small"
    assert await house.say("Hi") == "here/small"


async def test_whom_the_user_mentions_for_once_is_not_kept(house: House) -> None:
    assert await house.say("@here/small Hi") == "here/small"
    await house.begin_there("Hi")
    assert await house.say("Hi", "Yes?", "@here/small Hm") == "here/small"
    assert await house.say("Hi", "Yes?", "@here/small Hm", "Hm?", "So") == "there/large"
