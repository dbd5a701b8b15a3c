"""A fake Ollama: its own API and its OpenAI one, over a library of models that load, reload and are evicted.

    async with FakeOllama(OllamaModel("qwen3:8b", context=8192)) as engine:
        engine.plain_context = 4096  # what a request gets that sets nothing
        ...
        assert engine.loads == [Load("qwen3:8b", 16_384, "/api/chat")]
        assert not engine.truncated  # the requests of which a part was cut off without a word

About the context it behaves as the real one: over /v1 a longer prompt is cut in silence, which shows in
the count of its tokens alone; its own API refuses it where that was asked for; another context loads the
model anew. Looking (a GET, /api/show) loads nothing, and tells of a model from the moment that its load
begins. A token is four letters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.fakes import answers, ollama_answers, texts
from tests.fakes.answers import Answer, Json
from tests.fakes.engine import FakeEngine, Seen, as_json
from tests.fakes.faults import Reply, Voice

LETTERS = 4  # of a token
TOO_LONG = "the input length exceeds the context length"
TEXT_TYPE = "text/plain; charset=utf-8"
UNTIL = "2026-11-21T07:00:00.123456789+01:00"


@dataclass(frozen=True, slots=True)
class OllamaModel:
    """One of the library. `remote_host` makes it a cloud model; `context` is its own `num_ctx` parameter."""

    name: str = "fake:latest"
    capabilities: tuple[str, ...] = ("completion",)
    trained: int = 32_768
    context: int | None = None
    size: int = 4_920_753_328
    family: str = "llama"
    parameters: str = "8.0B"
    quantization: str = "Q4_K_M"
    remote_host: str = ""

    @property
    def details(self) -> Json:
        return {
            "parent_model": "",
            "format": "gguf",
            "family": self.family,
            "families": [self.family],
            "parameter_size": self.parameters,
            "quantization_level": self.quantization,
        }

    @property
    def remote(self) -> Json:
        if not self.remote_host:
            return {}
        return {"remote_host": self.remote_host, "remote_model": self.name.partition(":")[0]}


@dataclass(frozen=True, slots=True)
class Load:
    """A request that made it load a model."""

    model: str
    context: int
    path: str


class Refusal(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class FakeOllama(FakeEngine):
    """`loaded` holds the context of each loaded model, the one used last at the end."""

    def __init__(
        self,
        *library: OllamaModel,
        port: int = 0,
        plain_context: int = 4096,
        most_loaded: int = 3,
        answer: Answer = answers.USUAL,
    ) -> None:
        self.library = library or (OllamaModel(),)
        super().__init__(*(model.name for model in self.library), llama=False, port=port, answer=answer)
        self.plain_context = plain_context
        self.most_loaded = most_loaded
        self.version = "0.13.5"
        self.loaded: dict[str, int] = {}
        self.loads: list[Load] = []
        self.truncated: list[Seen] = []

    @property
    def chats(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.path in ("/api/chat", "/v1/chat/completions")]

    def _answer(self, seen: Seen) -> Reply:
        try:
            return self._look(seen) if seen.method != "POST" else self._do(seen)
        except Refusal as refusal:
            return _error(seen, refusal.status, str(refusal))

    def _look(self, seen: Seen) -> Reply:
        match seen.path:
            case "/":
                return Reply([] if seen.method == "HEAD" else [b"Ollama is running"], TEXT_TYPE)
            case "/api/version":
                return as_json({"version": self.version})
            case "/api/tags":
                return as_json({"models": [_tag(model) for model in self.library]})
            case "/api/ps":
                return as_json({"models": [self._running(name) for name in self.loaded]})
            case "/v1/models":
                return as_json({"object": "list", "data": [_listed(model) for model in self.library]})
        return Reply([b"404 page not found"], TEXT_TYPE, 404)

    def _do(self, seen: Seen) -> Reply:
        match seen.path:
            case "/api/show":
                return as_json(_shown(self._model(seen)))
            case "/api/chat":
                return self._chat_natively(seen)
            case "/api/generate":
                return self._generate(seen)
            case "/api/embed" | "/v1/embeddings":
                return self._embed(seen)
            case "/v1/chat/completions":
                return self._talk(seen, _prompt(seen.body), answers, "chat")
            case "/v1/completions":
                return self._talk(seen, str(seen.body.get("prompt")), texts, "generate")
        return Reply([b"404 page not found"], TEXT_TYPE, 404)

    # -- what asks a model

    def _chat_natively(self, seen: Seen) -> Reply:
        if not seen.body.get("messages"):
            return self._only_load(seen)
        return self._talk(seen, _prompt(seen.body), ollama_answers, "chat")

    def _only_load(self, seen: Seen) -> Reply:
        model = self._model(seen)
        leave = seen.body.get("keep_alive") == 0
        if leave:
            self.loaded.pop(model.name, None)
        else:
            self._load(seen, model)
        said = {"created_at": ollama_answers.TIME, "message": {"role": "assistant", "content": ""}}
        return as_json(
            {"model": model.name, **said, "done": True, "done_reason": "unload" if leave else "load"}
        )

    def _generate(self, seen: Seen) -> Reply:
        """Plain alone: nobody here asks it for more."""
        model = self._model(seen)
        told = self._read(seen, model, str(seen.body.get("prompt")))
        counts: Json = {"prompt_eval_count": told, "eval_count": len(self.answer.pieces)}
        said = {"created_at": ollama_answers.TIME, "response": self.answer.text, "done": True}
        return as_json({"model": model.name, **said, "done_reason": "stop", "context": [1, 2], **counts})

    def _embed(self, seen: Seen) -> Reply:
        model = self._model(seen)
        if "embedding" not in model.capabilities:
            raise Refusal(400, f'"{model.name}" does not support embeddings')
        given = seen.body.get("input")
        told = [
            self._read(seen, model, str(text)) for text in (given if isinstance(given, list) else [given])
        ]
        if seen.path == "/v1/embeddings":
            return as_json(texts.embeddings(seen.body, model.name))
        vectors = [texts.VECTOR] * len(told)
        return as_json({"model": model.name, "embeddings": vectors, "prompt_eval_count": sum(told)})

    def _talk(self, seen: Seen, prompt: str, voice: Voice, deed: str) -> Reply:
        model = self._model(seen)
        if "completion" not in model.capabilities:
            raise Refusal(400, f'"{model.name}" does not support {deed}')
        if seen.body.get("tools") and "tools" not in model.capabilities:
            raise Refusal(400, f"registry.ollama.ai/library/{model.name} does not support tools")
        told = self._read(seen, model, prompt)
        stream = seen.body.get("stream", voice is ollama_answers) is True
        return self._say(seen, replace(self.answer, prompt=told), model.name, voice, stream=stream)

    def _read(self, seen: Seen, model: OllamaModel, prompt: str) -> int:
        """The tokens that the model gets to read of a prompt."""
        context = self._load(seen, model)
        tokens = -(-len(prompt) // LETTERS)
        if tokens > context:
            if seen.body.get("truncate") is False and seen.path.startswith("/api/"):
                raise Refusal(400, TOO_LONG)
            self.truncated.append(seen)
        return min(tokens, context)

    def _load(self, seen: Seen, model: OllamaModel) -> int:
        """The context that the request gets; the model is loaded with it if it is not."""
        context = self._context(seen, model)
        if model.remote_host:
            return context
        if self.loaded.pop(model.name, None) != context:
            self.loads.append(Load(model.name, context, seen.path))
        self.loaded[model.name] = context
        while len(self.loaded) > self.most_loaded:
            del self.loaded[next(iter(self.loaded))]
        return context

    def _context(self, seen: Seen, model: OllamaModel) -> int:
        options = seen.body.get("options")
        asked = (
            options.get("num_ctx") if isinstance(options, dict) and seen.path.startswith("/api/") else None
        )
        return min(asked or model.context or self.plain_context, model.trained)

    def _model(self, seen: Seen) -> OllamaModel:
        name = str(seen.body.get("model") or seen.body.get("name") or "")
        for model in self.library:
            if model.name in (name, f"{name}:latest"):
                return model
        raise Refusal(404, f"model '{name}' not found")

    def _running(self, name: str) -> Json:
        model = next(model for model in self.library if model.name == name)
        more = {"expires_at": UNTIL, "size_vram": model.size, "context_length": self.loaded[name]}
        return _tag(model) | more


def _error(seen: Seen, status: int, message: str) -> Reply:
    """In the form of the API that was asked."""
    if not seen.path.startswith("/v1/"):
        return as_json({"error": message}, status)
    kind = {400: "invalid_request_error", 404: "not_found_error"}.get(status, "api_error")
    return as_json({"error": {"message": message, "type": kind, "param": None, "code": None}}, status)


def _tag(model: OllamaModel) -> Json:
    known = {"modified_at": ollama_answers.TIME, "size": model.size, "digest": "0" * 64}
    return {"name": model.name, "model": model.name, **known, "details": model.details, **model.remote}


def _listed(model: OllamaModel) -> Json:
    return {"id": model.name, "object": "model", "created": answers.CREATED, "owned_by": "library"}


def _shown(model: OllamaModel) -> Json:
    info = {
        "general.architecture": model.family,
        "general.parameter_count": round(float(model.parameters.rstrip("B")) * 1e9),
        f"{model.family}.context_length": model.trained,
        f"{model.family}.embedding_length": len(texts.VECTOR),
    }
    own = {"parameters": f"num_ctx                        {model.context}"} if model.context else {}
    known = {"template": "{{ .Prompt }}", "modified_at": ollama_answers.TIME, "details": model.details}
    return {**own, **known, **model.remote, "model_info": info, "capabilities": list(model.capabilities)}


def _prompt(body: Mapping[str, Any]) -> str:
    """All that a chat says."""
    contents = [message.get("content") or "" for message in _dicts(body.get("messages"))]
    return "".join(
        content
        if isinstance(content, str)
        else "".join(str(part.get("text") or "") for part in _dicts(content))
        for content in contents
    )


def _dicts(value: object) -> Sequence[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
