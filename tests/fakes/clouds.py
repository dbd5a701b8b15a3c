"""Fakes of clouds: each one's list in its own shape, what it tells of limits, and how it refuses.

async with FakeCloud(openai_list("gpt-4o"), key="sk") as cloud:
    cloud.listing = b"..."  # bytes as they are, or JSON; None: it has no list
    cloud.pages["/docs"] = b"<code>glm-4.6</code>"
    cloud.faults(groq_limit())
"""

from collections.abc import Mapping

from tests.fakes import answers
from tests.fakes.answers import Json
from tests.fakes.engine import NO_KEY, NOT_FOUND, FakeEngine, Seen, as_json
from tests.fakes.faults import JSON_TYPE, Fault, Kind, Reply

LISTS = ("/v1/models", "/models")
HTML = "text/html"


class FakeCloud(FakeEngine):
    """`open_list`: it gives its list to anybody."""

    def __init__(self, listing: object = None, *models: str, key: str = "", open_list: bool = False) -> None:
        super().__init__(*models, llama=False, key=key)
        self.listing = listing
        self.list_status = 200
        self.open_list = open_list
        self.pages: dict[str, bytes] = {}

    @property
    def lists(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.path in LISTS]

    def _answer(self, seen: Seen) -> Reply:
        if seen.path in self.pages:
            return Reply([self.pages[seen.path]], HTML)
        if seen.method == "GET" and seen.path in LISTS:
            return self._list(seen)
        return super()._answer(seen)

    def _list(self, seen: Seen) -> Reply:
        if self.key and not self.open_list and seen.headers.get("Authorization") != f"Bearer {self.key}":
            return as_json(NO_KEY, 401)
        if self.listing is None:
            return as_json(NOT_FOUND, 404)
        body = self.listing if isinstance(self.listing, bytes) else answers.compact(self.listing)
        return Reply([body], JSON_TYPE, self.list_status)


# Lists.


def openrouter(name: str, prompt: str = "0", completion: str = "0", **more: object) -> Json:
    """One model of OpenRouter's, as its list of August 2026 has them. `pricing` in `more` is added."""
    pricing = more.pop("pricing", {})
    assert isinstance(pricing, Mapping)
    return {
        "id": name,
        "canonical_slug": name,
        "name": f"Vendor: {name}",
        "created": answers.CREATED,
        "description": "A model.",
        "context_length": 131_072,
        "architecture": {
            "modality": "text->text",
            "input_modalities": ["text"],
            "output_modalities": ["text"],
            "tokenizer": "Other",
            "instruct_type": None,
        },
        "pricing": {"prompt": prompt, "completion": completion, **pricing},
        "top_provider": {"context_length": 131_072, "max_completion_tokens": None, "is_moderated": False},
        "per_request_limits": None,
        "supported_parameters": ["max_tokens", "tools", "response_format"],
        "expiration_date": None,
        **more,
    }


def openrouter_list(*models: Json) -> Json:
    return {"data": list(models)}


def openai_list(*names: str, **more: object) -> Json:
    """OpenAI's, DeepSeek's, Cerebras's: names, and nothing of what they cost or can."""
    data = [
        {"id": name, "object": "model", "created": answers.CREATED, "owned_by": "system", **more}
        for name in names
    ]
    return {"object": "list", "data": data}


def gemini_list(*names: str) -> Json:
    return openai_list(*(f"models/{name}" for name in names), owned_by="google")


def groq_list(*names: str, off: tuple[str, ...] = ()) -> Json:
    more: Json = {"context_window": 131_072, "max_completion_tokens": 32_768, "public_apps": None}
    data = [{"id": name, "object": "model", "active": name not in off, **more} for name in names]
    return {"object": "list", "data": data}


def mistral(name: str, *, chats: bool = True, sees: bool = False, **more: object) -> Json:
    return {
        "id": name,
        "object": "model",
        "created": answers.CREATED,
        "owned_by": "mistralai",
        "capabilities": {"completion_chat": chats, "function_calling": chats, "vision": sees},
        "max_context_length": 131_072,
        "aliases": [],
        "deprecation": None,
        **more,
    }


def together(name: str, cost: float, kind: str = "chat") -> Json:
    """Its list is a bare array."""
    pricing = {"hourly": 0, "input": cost, "output": cost, "base": 0, "finetune": 0}
    return {"id": name, "object": "model", "type": kind, "context_length": 131_072, "pricing": pricing}


def vercel(name: str, kind: str = "language", **pricing: object) -> Json:
    return {
        "id": name,
        "object": "model",
        "owned_by": name.partition("/")[0],
        "name": name,
        "context_window": 131_072,
        "max_tokens": 8_192,
        "type": kind,
        "no_training": "all",
        "modalities": {"input": ["text"], "output": ["text"]},
        "supported_parameters": ["max_tokens", "tools"],
        "pricing": pricing,
    }


# What they tell of limits with every answer, and how they refuse.

GROQ_LIMITS: Mapping[str, str] = {
    "x-ratelimit-limit-requests": "14400",
    "x-ratelimit-remaining-requests": "14370",
    "x-ratelimit-reset-requests": "2m59.56s",
    "x-ratelimit-limit-tokens": "18000",
    "x-ratelimit-remaining-tokens": "17997",
    "x-ratelimit-reset-tokens": "7.66s",
}
OPENAI_LIMITS: Mapping[str, str] = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-reset-requests": "1s",
}
CEREBRAS_LIMITS: Mapping[str, str] = {
    "x-ratelimit-limit-requests-day": "14400",
    "x-ratelimit-remaining-requests-day": "14399",
    "x-ratelimit-reset-requests-day": "33011.382867",
}


def refusal(status: int, body: object, **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(Kind.STATUS, status=status, body=body, headers=named)


def openai_quota() -> Fault:
    error = {"message": "You exceeded your current quota", "type": "insufficient_quota", "param": None}
    return refusal(429, {"error": error | {"code": "insufficient_quota"}})


def groq_limit() -> Fault:
    words = "Rate limit reached: Limit 100000, Used 99999 tokens per day (TPD). Please try again in 7m12s"
    return refusal(429, {"error": {"message": words, "type": "tokens"}}, retry_after="432")


def gemini_limit() -> Fault:
    """An array around the error."""
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}]
    error = {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED", "details": details}
    return refusal(429, [{"error": error}])


def cerebras_limit() -> Fault:
    """Flat."""
    words = "Requests per day limit exceeded"
    body = {"message": words, "type": "too_many_requests_error", "param": "quota", "code": "request_quota"}
    return refusal(429, body)


def mistral_limit() -> Fault:
    return refusal(429, {"object": "error", "message": "Rate limit exceeded", "type": "rate", "code": "1300"})


def together_limit() -> Fault:
    error = {"message": "Too many requests", "type": "dynamic_request_limited", "code": "rate_limit"}
    return refusal(429, {"error": error}, x_ratelimit_reset="3")
