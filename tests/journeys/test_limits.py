"""Who said "not now" is left alone until then, and nobody else is."""

import asyncio
import time

import httpx
import pytest

from tests.fakes import faults
from tests.fakes.engine import FakeEngine
from tests.journeys.clock import Clock
from tests.journeys.conftest import Here, StartDaemon, StartEngine, chat, config_of
from tests.journeys.daemon import Daemon

FREE = 'tier = "free"\n'


def elsewhere(**engines: FakeEngine) -> str:
    """Providers that are not of this machine, as far as the daemon knows: each with a key of its own."""
    return "".join(
        f'[providers.{name}]\napi_base = "{one.api_base}"\napi_key = "sk-{name}"\n{FREE}'
        for name, one in engines.items()
    )


async def ask(
    http: httpx.AsyncClient, daemon: Here, model: str = "auto", *, stream: bool = False
) -> httpx.Response:
    return await http.post(f"{daemon.api_base}/chat/completions", json=chat(model, stream=stream))


async def start(start_daemon: StartDaemon, more: str = "", **engines: FakeEngine) -> Here:
    return await start_daemon(elsewhere(**engines) + more)


def too_many(after: str = "") -> faults.Fault:
    return faults.status(429, retry_after=after or None)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_limit_that_ends_soon_is_waited_out(
    stream: bool, start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine(llama=False)
    engine.faults(too_many("0.3"))
    daemon = await start(start_daemon, a=engine)
    answer = await ask(http, daemon, stream=stream)
    assert answer.status_code == 200
    assert answer.headers["X-Pointsman-Attempts"] == "2"
    told, asked = engine.chats
    assert asked.at - told.at >= 0.3


async def test_a_limit_that_lasts_is_told_with_its_end_and_nobody_is_asked_before(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine(llama=False)
    engine.faults(too_many("90"))
    daemon = await start(start_daemon, a=engine)
    for _ in range(3):
        answer = await ask(http, daemon)
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) in {89, 90}
        assert answer.headers["x-should-retry"] == "false"  # nobody's library should wait so long
        assert "429" in answer.json()["error"]["message"]
    assert len(engine.chats) == 1


async def test_one_accounts_limit_parks_no_other(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    limited, other = await start_engine(llama=False), await start_engine(llama=False)
    limited.fault = too_many("60")
    daemon = await start(start_daemon, a=limited, b=other)
    answers = [await ask(http, daemon) for _ in range(3)]
    assert [answer.headers["X-Pointsman-Model"] for answer in answers] == ["b/fake-1"] * 3
    assert (len(limited.chats), len(other.chats)) == (1, 3)


async def test_a_refused_key_is_asked_once_and_told_to_everybody(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one", "two", llama=False)
    daemon = await start(start_daemon, a=engine)
    engine.fault = faults.status(401)
    for model in ("a/one", "a/two", "a/one"):
        answer = await ask(http, daemon, model)
        assert answer.status_code == 503
        assert "401" in answer.json()["error"]["message"]
    assert len(engine.chats) == 1


async def test_without_a_word_on_how_long_nobody_is_stormed(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine(llama=False)
    engine.fault = too_many()
    daemon = await start(start_daemon, a=engine)
    for _ in range(3):
        with pytest.raises(httpx.ReadTimeout):  # it waits for the five seconds that a limit is given
            await http.post(f"{daemon.api_base}/chat/completions", json=chat(), timeout=0.2)
    assert len(engine.chats) == 1


async def test_a_model_that_fails_is_passed_by_until_it_may_have_recovered(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    flapping, fallback = await start_engine(llama=False), await start_engine(llama=False)
    flapping.fault = faults.status(503)
    daemon = await start(start_daemon, a=flapping, b=fallback)
    served = [(await ask(http, daemon)).headers["X-Pointsman-Model"] for _ in range(4)]
    assert served == ["b/fake-1"] * 4
    assert len(flapping.chats) == 1
    explained = await http.post(f"{daemon.url}/control/v0/explain", json=chat())
    assert "parked for 2 s more: it answered 503" in explained.text


async def test_all_parked_names_every_reason_and_the_first_recovery(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    one, two = await start_engine(llama=False), await start_engine(llama=False)
    one.fault, two.fault = too_many("120"), too_many("30")
    daemon = await start(start_daemon, a=one, b=two)
    for _ in range(2):
        answer = await ask(http, daemon)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")
        message = answer.json()["error"]["message"]
        assert "a/fake-1" in message
        assert "b/fake-1" in message
    assert (len(one.chats), len(two.chats)) == (1, 1)


async def test_an_engine_on_this_machine_is_asked_as_long_as_it_is_there(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine()
    engine.faults(too_many("60"))
    daemon = await start_daemon(a=engine)
    assert (await ask(http, daemon)).status_code == 503
    assert (await ask(http, daemon)).status_code == 200


async def test_what_is_parked_is_told_and_a_reset_has_it_asked_again(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine(llama=False)
    engine.faults(too_many("90"))
    daemon = await start(start_daemon, a=engine)
    assert (await ask(http, daemon)).status_code == 429
    (shut,) = (await http.get(f"{daemon.url}/control/v0/limits")).json()["limits"]
    assert (shut["kind"], shut["id"], shut["limited"], shut["failures"]) == ("model", "a/fake-1", True, 1)
    assert 89 < shut["seconds"] <= 90
    assert "429" in shut["reason"]
    reset = await http.post(f"{daemon.url}/control/v0/limits/reset", json={})
    assert len(reset.json()["limits"]) == 1
    assert (await http.get(f"{daemon.url}/control/v0/limits")).json()["limits"] == []
    assert (await ask(http, daemon)).status_code == 200


def head(remaining: int, seconds: float) -> dict[str, str]:
    told = (("limit", 30), ("remaining", remaining), ("reset", seconds))
    return {f"x-ratelimit-{name}-requests-minute": str(value) for name, value in told}


@pytest.mark.parametrize("stream", [False, True])
async def test_who_says_that_nothing_is_left_is_not_asked_until_it_is(
    stream: bool,
    start_engine: StartEngine,
    start_daemon: StartDaemon,
    patient: httpx.AsyncClient,
    clock: Clock,
) -> None:
    engine = await start_engine(llama=False)
    engine.headers = head(0, 60)
    daemon = await start(start_daemon, a=engine)
    assert (await ask(patient, daemon, stream=stream)).status_code == 200
    refused = await ask(patient, daemon, stream=stream)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    words = "its 30 requests a minute are used up, by its own headers"
    assert words in refused.json()["error"]["message"]
    told = (await patient.get(f"{daemon.url}/control/v0/status")).json()["limits"]
    assert [(one["id"], one["reason"], one["failures"]) for one in told] == [("a/fake-1", words, 0)]
    assert len(engine.chats) == 1
    engine.headers = head(29, 60)
    clock.advance(60)
    assert (await ask(patient, daemon, stream=stream)).status_code == 200
    known = (await patient.get(f"{daemon.url}/control/v0/limits")).json()
    assert known["limits"] == []
    (ceiling,) = known["ceilings"]
    assert 59 < ceiling.pop("seconds") <= 60
    assert ceiling == {"model": "a/fake-1", "budget": "requests a minute", "limit": 30, "remaining": 29}


async def test_the_head_of_a_refusal_does_not_lengthen_what_the_refusal_says(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine(llama=False)
    engine.headers = head(0, 60)
    engine.fault = too_many("20")
    daemon = await start(start_daemon, a=engine)
    assert (await ask(http, daemon)).headers["Retry-After"] == "20"
    (ceiling,) = (await http.get(f"{daemon.url}/control/v0/limits")).json()["ceilings"]
    assert ceiling["remaining"] == 0


async def test_who_is_shut_and_open_again_is_told_to_whoever_watches(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine(llama=False)
    engine.faults(too_many("0.3"))
    daemon = await start(start_daemon, a=engine)
    with daemon.rooms.bus.watch() as watcher:
        assert (await ask(http, daemon)).status_code == 200
        happenings = [await watcher.next(0) for _ in range(3)]
    told = [(one.kind, one.data["id"]) for one in happenings if one and one.kind.startswith("limit.")]
    assert told == [("limit.shut", "a/fake-1"), ("limit.open", "a/fake-1")]


async def test_a_limit_outlasts_a_kill_a_quarter_of_a_second_later(start_engine: StartEngine) -> None:
    engine = await start_engine(llama=False)
    engine.fault = too_many("90")
    config = config_of() + elsewhere(a=engine)
    async with Daemon(config=config) as daemon, httpx.AsyncClient(timeout=20, trust_env=False) as http:
        refused = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
        assert refused.status_code == 429
        killed_at = time.monotonic() + 0.25
        while time.monotonic() < killed_at:
            await http.get(f"{daemon.url}/healthz")
        daemon.kill()
        await asyncio.to_thread(daemon.start)
        refused = await http.post(f"{daemon.api_base}/chat/completions", json=chat())
        assert refused.status_code == 429
        assert 60 < int(refused.headers["Retry-After"]) <= 90
        assert "it answered 429" in refused.json()["error"]["message"]
    assert len(engine.chats) == 1
