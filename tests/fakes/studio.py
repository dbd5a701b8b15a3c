"""Fakes of engines that speak OpenAI and tell more of themselves on pages of their own.

async with FakeStudio("qwen3-8b") as engine:  # LM Studio: nothing is loaded yet
    ...
    assert engine.loads == ["qwen3-8b"]  # by a request that named it, never by a look
    assert not engine.unknown  # paths that it has not, which the real one writes into its log
"""

from collections.abc import Callable

from tests.fakes import answers
from tests.fakes.answers import Json
from tests.fakes.engine import CHAT_PATHS, FakeEngine, Seen, as_json
from tests.fakes.faults import Reply


class FakeTeller(FakeEngine):
    """`owner`: whom its list calls the owner of its models. `pages`: what a GET of a path is told."""

    owner = "fake"

    def __init__(self, *models: str, port: int = 0, context: int = 4096) -> None:
        super().__init__(*models, llama=False, port=port, context=context)
        self.pages: dict[str, Callable[[], Json]] = {}
        self.loads: list[str] = []
        self.unknown: list[str] = []

    def _answer(self, seen: Seen) -> Reply:
        if seen.method == "GET" and seen.path in self.pages:
            return as_json(self.pages[seen.path]())
        if seen.path in CHAT_PATHS and (model := str(seen.body.get("model"))) in self.models:
            self._load(model)
        said = super()._answer(seen)
        return self._not_found(seen) if said.status == 404 and seen.method == "GET" else said

    def _not_found(self, seen: Seen) -> Reply:
        self.unknown.append(f"{seen.method} {seen.path}")
        return as_json({"detail": "Not Found"}, 404)

    def _load(self, model: str) -> None:
        """A request names the model."""

    def _listing(self) -> Json:
        return {"object": "list", "data": [self._entry(model) for model in self.models]}

    def _entry(self, model: str) -> Json:
        return {"id": model, "object": "model", "created": answers.CREATED, "owned_by": self.owner}


class FakeStudio(FakeTeller):
    """LM Studio. `loaded`: the context of each loaded model; `kinds`: those that are no `llm`.

    `slow`: whatever it has loaded is still being loaded.
    """

    owner = "organization_owner"

    def __init__(self, *models: str, port: int = 0, context: int = 4096, trained: int = 131_072) -> None:
        super().__init__(*models, port=port, context=context)
        self.trained = trained
        self.loaded: dict[str, int] = {}
        self.kinds: dict[str, str] = {}
        self.tools = True
        self.slow = False
        self.pages["/api/v0/models"] = self._models

    def _not_found(self, seen: Seen) -> Reply:
        self.unknown.append(f"{seen.method} {seen.path}")
        return as_json({"error": f"Unexpected endpoint or method. ({seen.method} {seen.path})"})

    def _load(self, model: str) -> None:
        if model not in self.loaded:
            self.loads.append(model)
            self.loaded[model] = self.context

    def _entry(self, model: str) -> Json:
        return {"id": model, "object": "model", "owned_by": self.owner}

    def _models(self) -> Json:
        return {"object": "list", "data": [self._details(model) for model in self.models]}

    def _details(self, model: str) -> Json:
        loaded = self.loaded.get(model)
        return {
            "id": model,
            "object": "model",
            "type": self.kinds.get(model, "llm"),
            "publisher": "fake",
            "arch": "llama",
            "compatibility_type": "gguf",
            "quantization": "Q4_K_M",
            "state": "not-loaded" if not loaded else "loading" if self.slow else "loaded",
            "max_context_length": self.trained,
            **({"loaded_context_length": loaded} if loaded and not self.slow else {}),
            **({"capabilities": ["tool_use"]} if self.tools else {}),
        }


class FakeVllm(FakeTeller):
    """vLLM, which has its one model in memory from the start."""

    owner = "vllm"

    def __init__(self, *models: str, port: int = 0, context: int = 32_768) -> None:
        super().__init__(*models, port=port, context=context)
        self.pages["/version"] = lambda: {"version": "0.11.0"}

    def _entry(self, model: str) -> Json:
        return super()._entry(model) | {"root": model, "parent": None, "max_model_len": self.context}


class FakeSwap(FakeTeller):
    """llama-swap, with one model at a time. `states`: of those that run."""

    owner = "llama-swap"

    def __init__(self, *models: str, port: int = 0) -> None:
        super().__init__(*models, port=port)
        self.states: dict[str, str] = {}
        self.peers: dict[str, str] = {}  # models that a peer serves, and which
        self.pages["/running"] = self._running

    def _load(self, model: str) -> None:
        if model not in self.states:
            self.loads.append(model)
            self.states = {model: "ready"}

    def _entry(self, model: str) -> Json:
        peer = self.peers.get(model)
        return super()._entry(model) | ({"meta": {"llamaswap": {"peerID": peer}}} if peer else {})

    def _running(self) -> Json:
        running = [
            {"model": model, "state": state, "cmd": "llama-server --port 5800", "ttl": 0}
            for model, state in self.states.items()
        ]
        return {"running": running}
