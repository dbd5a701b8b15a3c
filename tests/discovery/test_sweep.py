import asyncio
import logging
import time
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestServer

from pointsman.catalogue.registry import Registry
from pointsman.config.schema import Config
from pointsman.discovery.plan import Plan
from pointsman.discovery.sweep import make_sweeper
from pointsman.events import Bus, Watcher
from pointsman.net import Sessions
from pointsman.types import Health, Place, Tier
from tests.discovery.conftest import Listen
from tests.discovery.house import Fake, House, finding
from tests.discovery.servers import llama


async def kinds(watcher: Watcher) -> list[str]:
    seen = []
    while happening := await watcher.next(0):
        seen.append(happening.kind)
    return seen


async def test_what_is_found_is_placed_while_the_sweep_still_runs() -> None:
    source = Fake(findings=[finding()])
    source.go_on.clear()
    house = House(source)
    house.sweeper.hurry("start")
    await source.begun.wait()
    assert house.registry.snapshot.models
    assert house.registry.snapshot.swept_at is None
    source.go_on.set()
    await house.sweeper.sweep("start")
    assert house.registry.snapshot.swept_at == 1000.0


async def test_who_asks_while_a_sweep_runs_joins_it() -> None:
    source = Fake()
    source.go_on.clear()
    house = House(source)
    both = asyncio.gather(house.sweeper.sweep("one"), house.sweeper.sweep("two"))
    await source.begun.wait()
    source.go_on.set()
    await both
    assert source.looks == 1


async def test_a_caller_that_goes_away_does_not_stop_the_sweep() -> None:
    source = Fake(findings=[finding()])
    source.go_on.clear()
    house = House(source)
    caller = asyncio.create_task(house.sweeper.sweep("discover"))
    await source.begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    source.go_on.set()
    await house.sweeper.sweep("join")
    assert source.looks == 1


async def test_a_source_that_fails_is_named_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    bad, good = Fake("bad"), Fake("good", findings=[finding("good")])
    bad.error = ExceptionGroup("two", [ValueError("odd"), OSError("broken")])
    house = House(bad, good)
    with caplog.at_level(logging.WARNING):
        await house.sweeper.sweep("one")
        await house.sweeper.sweep("two")
    (trouble,) = house.sweeper.troubles
    assert (trouble.name, trouble.failures, trouble.error) == ("bad", 2, "ValueError: odd; OSError: broken")
    assert house.registry.snapshot.models
    assert len(caplog.records) == 1  # the same trouble is logged once


async def test_a_source_that_ends_well_again_is_no_trouble_any_more() -> None:
    source = Fake()
    source.error = ValueError("odd")
    house = House(source)
    await house.sweeper.sweep("one")
    source.error = None
    await house.sweeper.sweep("two")
    assert house.sweeper.troubles == []


async def test_a_source_that_fails_has_missed_nobody() -> None:
    source = Fake(findings=[finding()])
    house = House(source)
    await house.sweeper.sweep("one")
    source.findings, source.error = [], ValueError("odd")
    for _ in range(3):
        await house.sweeper.sweep("again")
    assert house.health == [Health.UP]


async def test_found_away_and_back_are_told_on_the_bus() -> None:
    source = Fake(findings=[finding()])
    house = House(source)
    with house.bus.watch() as watcher:
        await house.sweeper.sweep("one")
        source.findings = []
        await house.sweeper.sweep("two")
        await house.sweeper.sweep("three")
        source.findings = [finding()]
        await house.sweeper.sweep("four")
        seen = await kinds(watcher)
    assert [kind for kind in seen if kind != "sweep.done"] == [
        "endpoint.found",
        "endpoint.away",
        "endpoint.back",
    ]
    assert seen.count("sweep.done") == 4


async def test_an_event_tells_of_an_endpoint_without_its_key() -> None:
    house = House(Fake(findings=[finding()]))
    with house.bus.watch() as watcher:
        await house.sweeper.sweep("one")
        happening = await watcher.next(0)
    assert happening is not None
    assert happening.data == {
        "id": "fake",
        "provider": "llama-server",
        "place": "http://127.0.0.1/fake/v1",
        "tier": "local",
        "health": "up",
        "note": "",
    }


async def test_a_lost_endpoint_is_away_at_once_and_looked_for_at_once() -> None:
    source = Fake(findings=[finding()])
    house = House(source)
    await house.sweeper.sweep("start")
    source.findings = []
    house.sweeper.lost(finding().endpoint, "connection refused")
    assert house.health == [Health.AWAY]
    await house.sweeper.sweep("join")
    assert source.looks == 2


async def test_who_was_lost_at_another_address_than_it_has_by_now_is_not_away() -> None:
    source = Fake(findings=[finding()])
    house = House(source)
    await house.sweeper.sweep("start")
    before = replace(finding().endpoint, place=Place("http://127.0.0.1:9/v1"))
    house.sweeper.lost(before, "connection refused")
    assert (house.health, source.looks) == ([Health.UP], 1)


async def test_what_was_seen_before_it_was_lost_does_not_bring_it_back() -> None:
    source = Fake(findings=[finding()])
    house = House(source)
    await house.sweeper.sweep("start")
    source.findings = []
    source.go_on.clear()
    source.begun.clear()
    house.sweeper.hurry("rhythm")
    await source.begun.wait()
    house.sweeper.lost(finding().endpoint, "connection refused")
    source.late = [finding()]  # what this look saw comes in after the loss
    source.go_on.set()
    await house.sweeper.sweep("join")
    assert house.health == [Health.AWAY]
    assert source.looks == 3  # and once more after it, from the beginning


async def test_who_asks_for_a_look_anew_gets_one_that_began_after_that() -> None:
    source = Fake()
    source.go_on.clear()
    house = House(source)
    house.sweeper.hurry("start")
    await source.begun.wait()
    discovered = asyncio.create_task(house.sweeper.sweep("discover", anew=True))
    await asyncio.sleep(0)
    source.go_on.set()
    await discovered
    assert source.looks == 2


async def test_who_hurries_is_given_a_look_that_began_after_that() -> None:
    source = Fake()
    source.go_on.clear()
    house = House(source)
    house.sweeper.hurry("start")
    await source.begun.wait()
    house.sweeper.hurry("an engine changed")
    source.go_on.set()
    await house.sweeper.sweep("join")
    assert source.looks == 2


async def test_it_says_what_is_looked_for() -> None:
    house = House(Fake("one"), Fake("two"), plan=Plan(unplaced=("nothing for three",)))
    assert house.sweeper.looked_for == ("what one finds", "what two finds", "nothing for three")


async def test_closing_ends_a_sweep_under_way() -> None:
    source = Fake()
    source.go_on.clear()
    house = House(source)
    house.sweeper.hurry("start")
    await source.begun.wait()
    await house.sweeper.close()
    assert house.registry.snapshot.swept_at is None


def configured(**fields: object) -> Config:
    return Config.model_validate(fields)


async def test_a_configured_engine_is_one_endpoint_with_its_prices(
    sessions: Sessions, listen: Listen
) -> None:
    port = await listen(llama("tiny"))
    config = configured(
        providers={"mine": {"api_base": f"http://localhost:{port}/v1"}},
        grades={"mine/tiny": "simple"},
        discovery={"local": False, "remote": False},
    )
    registry = Registry()
    sweeper = make_sweeper(config, {}, sessions, registry, Bus(), monotonic=time.monotonic, wall=time.time)
    assert [endpoint.health for endpoint in registry.snapshot.endpoints] == [Health.AWAY]
    await sweeper.sweep("start", everything=True)
    (endpoint,), (model,) = registry.snapshot.endpoints, registry.snapshot.models
    assert (endpoint.id, endpoint.health, endpoint.tier) == ("mine", Health.UP, Tier.LOCAL)
    assert (model.id, model.grade_source) == ("mine/tiny", "user")
    assert sweeper.looked_for == (f"mine at http://localhost:{port}/v1",)


async def test_a_configuration_that_names_nothing_looks_at_the_usual_ports(sessions: Sessions) -> None:
    sweeper = make_sweeper(
        configured(), {}, sessions, Registry(), Bus(), monotonic=time.monotonic, wall=time.time
    )
    assert "llama.cpp server on 127.0.0.1:8080 and 9931" in sweeper.looked_for


async def test_an_engine_that_a_variable_names_is_found_and_is_away_two_sweeps_after_its_end(
    sessions: Sessions,
) -> None:
    async with TestServer(llama("tiny").app, host="127.0.0.1") as server:
        environ = {"OLLAMA_HOST": f"localhost:{server.port}"}
        registry = Registry()
        sweeper = make_sweeper(
            configured(), environ, sessions, registry, Bus(), monotonic=time.monotonic, wall=time.time
        )
        name = f"llama-server-{server.port}"
        await sweeper.sweep("start")
        assert health_by_id(registry)[name] is Health.UP
        assert f"Ollama at http://127.0.0.1:{server.port}/v1 (OLLAMA_HOST)" in sweeper.looked_for
    await sweeper.sweep("one")
    assert health_by_id(registry)[name] is Health.UP
    await sweeper.sweep("two")
    assert health_by_id(registry)[name] is Health.AWAY


def health_by_id(registry: Registry) -> dict[str, Health]:
    return {endpoint.id: endpoint.health for endpoint in registry.snapshot.endpoints}


async def test_where_nothing_here_is_to_be_looked_for_nothing_is(sessions: Sessions) -> None:
    sweeper = make_sweeper(
        configured(discovery={"local": False, "remote": False}),
        {"OLLAMA_HOST": ":11500"},
        sessions,
        Registry(),
        Bus(),
        monotonic=time.monotonic,
        wall=time.time,
    )
    assert sweeper.looked_for == ()


async def test_an_engine_that_ends_is_away_and_its_models_stay_named(
    sessions: Sessions, listen: Listen
) -> None:
    source = Fake(findings=[finding()])
    house = House(source)
    await house.sweeper.sweep("start")
    source.findings = [replace(finding(), models=None)]
    await house.sweeper.sweep("it lists nothing now")
    source.findings = []
    await house.pulses(120)
    assert house.health == [Health.AWAY]
    assert [model.id for model in house.registry.snapshot.models] == ["fake/tiny"]
