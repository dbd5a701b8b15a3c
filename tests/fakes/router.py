"""A fake llama-server in router mode: it loads what is asked for, and throws out what was used least lately.

    async with FakeRouter("a", "b") as router:  # holds one model at a time
        router.auto = False  # loads wait for `finish`
        ...
        await router.load(1)  # the first load has begun
        router.finish()  # ... and ends well; `finish(ok=False)`: with an error

As the real one does, it cuts the answers of a model that it throws out, and hears of its clients' leaving
without giving up the load that they asked for.
"""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from tests.fakes import answers
from tests.fakes.answers import Json
from tests.fakes.engine import CHAT_PATHS, PATIENCE, FakeEngine, Seen
from tests.fakes.faults import JSON_TYPE, Reply

BUILD = "b1-fake"


@dataclass(slots=True, eq=False)
class Instance:
    """The child that serves one model."""

    model: str
    state: str = "unloaded"
    ended: asyncio.Event = field(default_factory=asyncio.Event)  # its load has, well or not
    asked: list[tuple[web.Request, Seen]] = field(default_factory=list)


class FakeRouter(FakeEngine):
    """`loads`, `evictions` (models) and `aborted` (requests) tell what happened, in order."""

    def __init__(self, *models: str, holds: int = 1, tells_holds: bool = True) -> None:
        super().__init__(*models)
        self.holds = holds
        self.tells_holds = tells_holds
        self.auto = True
        self.broken: set[str] = set()  # models that fail to load
        self.loads: list[str] = []
        self.evictions: list[str] = []
        self.aborted: list[Seen] = []
        self.most_loading = 0
        self._instances = {model: Instance(model) for model in self.models}
        self._lately: list[str] = []  # models, the last asked one at the end

    # -- what tests do with it

    def finish(self, *, ok: bool = True) -> None:
        """Ends the loads under way."""
        for instance in self._instances.values():
            if instance.state == "loading":
                instance.state = "loaded" if ok and instance.model not in self.broken else "failed"
                instance.ended.set()

    def put(self, model: str, state: str) -> None:
        """Has a model in a state, as if somebody else had brought it there."""
        self._instances[model].state = state

    async def load(self, number: int = 1) -> None:
        """Waits until the load of that number, from 1, has begun."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: len(self.loads) >= number)

    async def stop(self) -> None:
        self._stopping = True
        for instance in self._instances.values():
            _cut(instance)
        await super().stop()

    @property
    def gets(self) -> list[str]:
        return [seen.path for seen in self.seen if seen.method == "GET"]

    # -- one request

    def _chat(self, seen: Seen) -> Reply:
        model = seen.body.get("model")
        if model not in self._instances:
            return _refusal(400, f"model '{model}' not found", "invalid_request_error")
        return super()._chat(seen)

    async def _act(self, request: web.Request, seen: Seen, said: Reply) -> web.StreamResponse:
        instance = self._instances.get(str(seen.body.get("model")))
        if seen.path not in CHAT_PATHS or said.status != 200 or instance is None:
            return await super()._act(request, seen, said)
        instance.asked.append((request, seen))
        try:
            await self._have(instance)
            if instance.state != "loaded":
                said = _refusal(500, f"model name={instance.model} failed to load", "server_error")
            return await super()._act(request, seen, said)
        finally:
            instance.asked.remove((request, seen))

    async def _have(self, instance: Instance) -> None:
        self._use(instance.model)
        if instance.state in {"unloaded", "failed", "sleeping"}:
            await self._begin(instance)
        if instance.state == "loading":
            await instance.ended.wait()

    def _use(self, model: str) -> None:
        self._lately = [*(other for other in self._lately if other != model), model]

    async def _begin(self, instance: Instance) -> None:
        if instance.state != "sleeping":
            self._make_room()
        instance.state = "loading"
        instance.ended = asyncio.Event()
        self.most_loading = max(self.most_loading, len(self._in("loading")))
        async with self._news:
            self.loads.append(instance.model)
            self._news.notify_all()
        if self.auto:
            asyncio.get_running_loop().call_soon(self.finish)

    def _make_room(self) -> None:
        there = self._in("loaded", "sleeping", "loading")
        if len(there) < self.holds:
            return
        out = min(there, key=lambda one: self._lately.index(one.model) if one.model in self._lately else -1)
        out.state = "unloaded"
        out.ended.set()
        self.evictions.append(out.model)
        self.aborted += [seen for _, seen in out.asked]
        _cut(out)

    def _in(self, *states: str) -> list[Instance]:
        return [instance for instance in self._instances.values() if instance.state in states]

    # -- what it tells of itself

    def _listing(self) -> Json:
        return {"data": [self._entry(one) for one in self._instances.values()], "object": "list"}

    def _entry(self, instance: Instance) -> Json:
        failed = instance.state == "failed"
        status: Json = {"value": "unloaded" if failed else instance.state, "args": ["--port", "0"]}
        if failed:
            status |= {"exit_code": 1, "failed": True}
        meta: Json = (
            {"meta": {"n_ctx": self.context, "n_params": 8_030_261_248}} if instance.state == "loaded" else {}
        )
        return {
            "id": instance.model,
            "aliases": [],
            "object": "model",
            "owned_by": "llamacpp",
            "created": answers.CREATED,
            "status": status,
        } | meta

    def _props(self) -> Json:
        return {
            "role": "router",
            **({"max_instances": self.holds} if self.tells_holds else {}),
            "models_autoload": True,
            "model_alias": "llama-server",
            "model_path": "none",
            "default_generation_settings": {"params": None, "n_ctx": 0},
            "build_info": BUILD,
        }


def _refusal(status: int, words: str, kind: str) -> Reply:
    return Reply([answers.compact(answers.error(status, words, kind))], JSON_TYPE, status)


def _cut(instance: Instance) -> None:
    for request, _ in instance.asked:
        if request.transport is not None:
            request.transport.abort()
