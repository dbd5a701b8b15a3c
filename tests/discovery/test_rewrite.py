"""Places that come and go while the daemon runs, because a key did."""

import asyncio
import time

from aiohttp import web

from pointsman.catalogue.registry import Registry
from pointsman.config.schema import Config
from pointsman.discovery.sweep import Sweeper, make_sweeper
from pointsman.discovery.written import Written, read_places
from pointsman.events import Bus
from pointsman.net import Sessions
from pointsman.types import Health
from tests.discovery.conftest import ListenApp
from tests.discovery.servers import page

NOTHING_HERE = Config.model_validate({"discovery": {"local": False}})
LIST = {"data": [{"id": "a"}]}


class Cloud:
    """`asked`: the keys that its list was asked with. It answers when it is let."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    @property
    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/models", self._models)
        return app

    async def _models(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.headers.get("Authorization", "").removeprefix("Bearer "))
        self.begun.set()
        await self.go_on.wait()
        return await page(LIST, self.status)(request)


def places(port: int, key: str = "") -> tuple[Written, ...]:
    environ = {"OPENROUTER_BASE_URL": f"http://127.0.0.1:{port}/v1"}
    keys = {"OPENROUTER_API_KEY": key} if key else {}
    return read_places(NOTHING_HERE, {**environ, **keys}) if key else ()


def sweeper_of(registry: Registry, sessions: Sessions, bus: Bus, written: tuple[Written, ...]) -> Sweeper:
    return make_sweeper(
        NOTHING_HERE, {}, sessions, registry, bus, monotonic=time.monotonic, wall=time.time, places=written
    )


async def test_a_place_is_there_at_once_and_asked_with_its_key(
    sessions: Sessions, listen_app: ListenApp
) -> None:
    cloud, registry = Cloud(), Registry()
    port = await listen_app(cloud.app)
    sweeper = sweeper_of(registry, sessions, Bus(), ())
    sweeper.rewrite(places(port, "one"))
    (there,) = registry.snapshot.endpoints
    assert (there.id, there.health) == ("openrouter", Health.AWAY)
    await sweeper.sweep("join", everything=True)
    (there,) = registry.snapshot.endpoints
    assert (there.health, cloud.asked) == (Health.UP, ["one"])


async def test_another_key_keeps_the_models_and_asks_again(sessions: Sessions, listen_app: ListenApp) -> None:
    cloud, registry = Cloud(), Registry()
    port = await listen_app(cloud.app)
    sweeper = sweeper_of(registry, sessions, Bus(), places(port, "one"))
    await sweeper.sweep("start", everything=True)
    sweeper.rewrite(places(port, "two"))
    (model,) = registry.snapshot.models
    assert model.endpoint.account is not None
    assert model.endpoint.account.key == "two"
    await sweeper.sweep("join", everything=True)
    assert cloud.asked == ["one", "two"]


async def test_what_is_up_stays_so_until_it_has_been_asked_with_its_new_key(
    sessions: Sessions, listen_app: ListenApp
) -> None:
    cloud, registry = Cloud(), Registry()
    port = await listen_app(cloud.app)
    sweeper = sweeper_of(registry, sessions, Bus(), places(port, "one"))
    await sweeper.sweep("start", everything=True)
    sweeper.rewrite(places(port, "two"))
    (there,), (model,) = registry.snapshot.endpoints, registry.snapshot.models
    assert (there.health, model.endpoint) == (Health.UP, there)
    cloud.status = 401
    await sweeper.sweep("join", everything=True)
    (refused,) = registry.snapshot.endpoints
    sweeper.rewrite(places(port, "three"))
    (unknown,) = registry.snapshot.endpoints
    assert (refused.health, unknown.health) == (Health.REFUSED, Health.AWAY)
    await sweeper.close()


async def test_what_is_taken_away_during_a_look_does_not_come_back_with_it(
    sessions: Sessions, listen_app: ListenApp
) -> None:
    cloud, registry, bus = Cloud(), Registry(), Bus()
    port = await listen_app(cloud.app)
    watcher = bus.watch()
    sweeper = sweeper_of(registry, sessions, bus, places(port, "one"))
    cloud.go_on.clear()
    sweeper.hurry("start", everything=True)
    await cloud.begun.wait()
    sweeper.rewrite(())
    assert registry.snapshot.endpoints == ()
    cloud.go_on.set()
    await sweeper.sweep("join", everything=True)
    assert registry.snapshot.endpoints == ()
    kinds = []
    while happening := await watcher.next(0):
        kinds.append(happening.kind)
    assert "endpoint.gone" in kinds
