"""The configuration changes while the daemon works: nothing under way breaks, what comes sees the new one."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from pointsman.types import Grade, Health, Tier
from tests.fakes import faults
from tests.fakes.engine import FakeEngine
from tests.fakes.router import FakeRouter
from tests.journeys.conftest import Here, StartDaemon, StartEngine, chat, config_of
from tests.journeys.daemon import Daemon
from tests.journeys.test_loads import Crowd

STREAMS = 100
PAID = '[providers.far]\napi_base = "{far}"\ntier = "paid"\n[prices."far/one"]\ninput = 1\noutput = {price}\n'
SMALL = '[budgets.tiny]\nwindow = "day"\nlimit = 0.000001\n'


class Desk:
    """A daemon whose file is rewritten, and what its clients get."""

    def __init__(self, here: Here, http: httpx.AsyncClient, **engines: FakeEngine) -> None:
        self.here, self.http = here, http
        self.file = here.rooms.live.loaded.file
        self.base = config_of(**engines)

    async def write(self, text: str) -> httpx.Response:
        """Its file is that, and it is told so."""
        assert self.file is not None
        self.file.write_text(text, encoding="utf-8")
        transport = httpx.AsyncHTTPTransport(uds=str(self.here.socket))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as owner:
            return await owner.post("/control/v0/reload", json={})

    async def ask(self, model: str) -> httpx.Response:
        return await self.http.post(f"{self.here.api_base}/chat/completions", json=chat(model))

    async def stream(self, model: str) -> str:
        """The whole of an answer, as text. Raises where it breaks off."""
        asked = chat(model, stream=True)
        async with self.http.stream("POST", f"{self.here.api_base}/chat/completions", json=asked) as response:
            return "".join([chunk async for chunk in _texts(response)])


async def _texts(response: httpx.Response) -> AsyncIterator[str]:
    assert response.status_code == 200
    whole = False
    async for line in response.aiter_lines():
        whole = whole or line == "data: [DONE]"
        if line.startswith("data: {"):
            event = json.loads(line.removeprefix("data: "))
            assert "error" not in event, event
            yield "".join(choice["delta"].get("content") or "" for choice in event["choices"])
    assert whole


async def test_a_hundred_streams_go_on_over_reloads_good_and_bad(
    start_engine: StartEngine, start_daemon: StartDaemon, patient: httpx.AsyncClient
) -> None:
    old, new = await start_engine("one"), await start_engine("one")
    desk = Desk(await start_daemon('[models]\nmain = "old/one"\n', old=old), patient, old=old)
    old.fault = faults.stall(after=1)
    streams = [asyncio.create_task(desk.stream("main")) for _ in range(STREAMS)]
    await old.chat(STREAMS)
    for seen in old.chats:
        await seen.waiting.wait()
    told = await desk.write(config_of(new=new) + '[models]\nmain = "new/one"\n')
    assert told.json()["changed"] == ["models", "providers"]
    bad = await desk.write("[models]\nmain = 7\n")
    assert (bad.status_code, f"{desk.file}:2: models.main" in bad.text) == (400, True)
    answered = await desk.ask("main")
    assert (answered.status_code, answered.headers["X-Pointsman-Model"]) == (200, "new/one")
    assert (await desk.ask("old/one")).status_code == 404, "its place was taken out of the file"
    old.release()
    texts = await asyncio.gather(*streams)
    assert set(texts) == {texts[0]}
    assert texts[0]
    status = (await patient.get(f"{desk.here.url}/control/v0/status")).json()
    assert f"{desk.file}:2: models.main" in status["hints"][0]
    assert status["hints"][0].endswith("; what was read before stays in force")


async def test_prices_and_budgets_hold_from_the_next_request_on(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    far = await start_engine("one", llama=False)
    paid = PAID.format(far=far.api_base, price=2)
    desk = Desk(await start_daemon(paid), http)
    (before,) = desk.here.rooms.registry.snapshot.models
    assert (await desk.ask("far/one")).status_code == 200
    await desk.write(desk.base + PAID.format(far=far.api_base, price=8))
    (after,) = desk.here.rooms.registry.snapshot.models
    assert before.price
    assert after.price
    assert (before.price.output, after.price.output) == (2_000_000_000, 8_000_000_000)
    spent = desk.here.rooms.budgets.stands()
    await desk.write(desk.base + PAID.format(far=far.api_base, price=8) + SMALL)
    refused = await desk.ask("far/one")
    assert (refused.status_code, "budget tiny" in refused.text) == (402, True)
    (stand,) = desk.here.rooms.budgets.stands()
    assert stand.spent > 0, "what was spent before it was set counts"
    assert spent == ()


async def test_grades_tiers_and_names_of_models_hold_at_once(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one", "two")
    desk = Desk(await start_daemon(near=engine), http, near=engine)
    rooms = desk.here.rooms
    assert {model.tier for model in rooms.registry.snapshot.models} == {Tier.LOCAL}
    await desk.write(desk.base + 'tier = "free"\nmodels = ["two"]\n[grades]\n"near/two" = "reasoning"\n')
    (model,) = rooms.registry.snapshot.models
    (endpoint,) = rooms.registry.snapshot.endpoints
    assert (model.name, model.tier, model.grade) == ("two", Tier.FREE, Grade.REASONING)
    assert endpoint.health is Health.UP, "it was never away"


async def test_streams_clocks_and_limits_hold_from_the_next_request_on(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    desk = Desk(await start_daemon(near=engine), http, near=engine)
    more = 'rate_limit_rpm = 2\n[streams]\nhold = "whole"\n[timeouts]\ntotal = 7\n[ledger]\nmegabytes = 20\n'
    told = await desk.write(desk.base + more)
    assert told.json()["changed"] == ["ledger", "providers", "streams", "timeouts"]
    engine.faults(faults.cut(after=1))
    assert await desk.stream("near/one"), "a stream that is held is asked for again"
    assert (await desk.ask("near/one")).status_code == 429, "it may be asked twice a minute now"


async def test_another_rate_limit_holds_at_once_and_what_was_asked_counts(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    desk = Desk(await start_daemon("rate_limit_rpm = 1\n", near=engine), http, near=engine)

    async def statuses(number: int) -> list[int]:
        return [(await desk.ask("near/one")).status_code for _ in range(number)]

    assert await statuses(2) == [200, 429]
    await desk.write(desk.base + "rate_limit_rpm = 3\n")
    assert await statuses(3) == [200, 200, 429]
    await desk.write(desk.base + "rate_limit_rpm = 2\n")
    assert "its 2 requests (rate_limit_rpm) a minute" in (await desk.ask("near/one")).text
    await desk.write(desk.base)
    assert await statuses(3) == [200, 200, 200]


async def test_discovery_off_forgets_what_was_found(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    engine = await start_engine("one")
    desk = Desk(await start_daemon(near=engine), http)
    told = await desk.write("[discovery]\nlocal = false\nremote = false\n")
    assert told.json()["changed"] == ["providers"]
    assert desk.here.rooms.registry.snapshot.endpoints == ()
    assert desk.here.rooms.sweeper.looked_for == ()


async def test_another_address_is_said_to_need_a_restart(
    start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    desk = Desk(await start_daemon(), http)
    told = await desk.write(desk.base + '[server]\nsocket = "/tmp/elsewhere.sock"\n')
    assert told.json()["waiting"] == ["server.socket"]
    status = (await http.get(f"{desk.here.url}/control/v0/status")).json()
    assert status["hints"][0].startswith("server.socket: changed in the configuration, restart needed")


async def test_over_tcp_nobody_has_it_read_again(start_daemon: StartDaemon, http: httpx.AsyncClient) -> None:
    here = await start_daemon()
    assert (await http.post(f"{here.url}/control/v0/reload", json={})).status_code == 403


async def test_every_setting_in_force_is_told_with_its_origin(
    start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    here = await start_daemon('[providers.groq]\napi_key = "gsk_very_secret"\n[streams]\npatience = 7\n')
    answer = await http.get(f"{here.url}/control/v0/config")
    told = {one["key"]: (one["value"], one["origin"]) for one in answer.json()["settings"]}
    assert told["streams.patience"] == ("7", "file")
    assert told["server.port"] == ("0", "command line")
    assert told["streams.hold"] == ('"first"', "default")
    assert "gsk_very_secret" not in answer.text


def test_a_hangup_and_a_change_of_the_file_have_it_read_again() -> None:
    with Daemon(config='[discovery]\nlocal = false\n[models]\na = "x"\n') as daemon, daemon.http() as http:

        def aliases() -> set[str]:
            told = http.get("/control/v0/aliases").json()["aliases"]
            return {one["name"] for one in told if one["origin"] == "configuration"}

        daemon.write_config('[discovery]\nlocal = false\n[models]\nb = "x"\n')
        daemon.process.send_signal(signal.SIGHUP)
        daemon.await_that(lambda: aliases() == {"b"})
        daemon.write_config('[discovery]\nlocal = false\n[models]\nc = "x"\n')
        daemon.await_that(lambda: aliases() == {"c"})
        daemon.write_config("[models\n")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.await_that(lambda: f"{daemon.config_file}:1: not valid TOML" in daemon.stderr)
        assert aliases() == {"c"}
        assert daemon.stop() == 0


async def test_a_client_that_does_not_wait_for_the_end_of_a_reload_leaves_no_half_of_it(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    old, new = await start_engine("one"), await start_engine("one")
    desk = Desk(await start_daemon(near=old), http)
    rooms = desk.here.rooms
    assert desk.file is not None
    desk.file.write_text(config_of(near=new), encoding="utf-8")
    watcher = rooms.bus.watch()
    reload = asyncio.create_task(rooms.config_watch.reload())
    asyncio.get_running_loop().call_soon(reload.cancel)
    with pytest.raises(asyncio.CancelledError):
        await reload
    seen: set[str] = set()
    while "config.changed" not in seen:
        happening = await watcher.next(5)
        assert happening
        seen.add(happening.kind)
    (endpoint,) = rooms.registry.snapshot.endpoints
    assert endpoint.place.url == new.api_base
    assert (await desk.ask("near/one")).status_code == 200


async def test_a_key_s_file_is_read_again_with_the_configuration(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    far = await start_engine("one", llama=False, key="sk-new")
    (tmp_path / "key").write_text("sk-old")
    config = _with_key(far, f"file:{tmp_path}/key")
    desk = Desk(await start_daemon(config), http)
    assert (await desk.ask("far/one")).status_code != 200
    (tmp_path / "key").write_text("sk-new")
    told = await desk.write(desk.base + config)
    assert told.json()["changed"] == []
    assert (await desk.ask("far/one")).status_code == 200


async def test_who_waits_for_an_engine_gets_its_turn_there_and_who_comes_after_does_not_wait_for_it(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient
) -> None:
    new = await start_engine("a", "b")
    async with FakeRouter("a", "b") as old:
        old.faults(faults.stall(2))
        desk = Desk(await start_daemon(r=old), http, r=old)
        answering = asyncio.create_task(desk.stream("r/a"))
        await (await old.chat()).waiting.wait()
        waiting = asyncio.create_task(desk.ask("r/b"))
        await Crowd(desk.here, http).waiting(1)
        await desk.write(config_of(r=new))
        assert (await desk.ask("r/b")).status_code == 200
        assert not waiting.done(), "it is asked where it was to be asked"
        old.release()
        assert await answering
        assert (await waiting).status_code == 200
        assert (len(old.chats), len(new.chats)) == (2, 1)


@pytest.mark.parametrize("key", ["", "sk-mine"])
async def test_what_one_address_refused_is_not_held_against_another(
    start_engine: StartEngine, start_daemon: StartDaemon, http: httpx.AsyncClient, key: str
) -> None:
    old, new = [await start_engine("one", llama=False, key=key) for _ in range(2)]
    written = [_with_key(one, key) if key else PAID.format(far=one.api_base, price=2) for one in (old, new)]
    desk = Desk(await start_daemon(written[0]), http)
    old.faults(faults.status(429, retry_after="3600"))
    await desk.ask("far/one")
    assert (await desk.ask("far/one")).status_code == 429
    await desk.write(desk.base + written[1])
    assert (await desk.ask("far/one")).status_code == 200
    old.key = "sk-other"
    await desk.write(desk.base + written[0])
    assert (await desk.ask("far/one")).status_code == 503
    await desk.write(desk.base + written[1])
    assert (await desk.ask("far/one")).status_code == 200


def _with_key(far: FakeEngine, key: str) -> str:
    return PAID.format(far=far.api_base, price=2).replace("tier =", f'api_key = "{key}"\ntier =', 1)
