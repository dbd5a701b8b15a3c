"""A fake of Anthropic's own API: its list of models in pages, its messages, its counts, its errors.

    async with FakeClaude("claude-a", "claude-b", key="sk-ant") as cloud:
        cloud.page = 1  # models that it lists at once
        cloud.faults(claude.overloaded())
        ...
        assert cloud.asked[-1].headers["x-api-key"] == "sk-ant"

Without `anthropic-version` it refuses, and chat/completions it does not know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from tests.fakes import messages
from tests.fakes.answers import Answer, Json, compact
from tests.fakes.engine import FakeEngine, Seen, as_json
from tests.fakes.faults import Fault, Kind, Reply

VERSIONS = ("2023-06-01", "2026-10-21")
CAPABLE: Json = {
    "image_input": {"supported": True},
    "pdf_input": {"supported": True},
    "structured_outputs": {"supported": True},
    "thinking": {"supported": True, "types": {"enabled": {"supported": True}}},
}
ANSWER = Answer(text="one two three", prompt=1000, cached=600, written=300, written_hour=100)


def error(kind: str, message: str) -> Json:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_fake"}


def refused(status: int, kind: str, message: str, **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(Kind.STATUS, status=status, body=error(kind, message), headers=named)


def overloaded() -> Fault:
    return refused(529, "overloaded_error", "Overloaded")


def no_credit() -> Fault:
    words = "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."
    return refused(400, "invalid_request_error", words)


def too_many(**headers: str) -> Fault:
    return refused(429, "rate_limit_error", "This request would exceed your rate limit", **headers)


def breaks(after: int = 0) -> Fault:
    """200, and then an error event."""
    return Fault(Kind.ERROR, after, body=error("overloaded_error", "Overloaded"))


@dataclass(frozen=True, slots=True)
class Voice:
    """As llama-server says it, but for the figures, which the end of a stream tells in full."""

    answer: Answer

    DONE = messages.DONE
    STREAM_TYPE = messages.STREAM_TYPE

    def completion(self, answer: Answer, model: str) -> bytes:
        said = messages.message(model) | {
            "content": messages.blocks(answer),
            "stop_reason": messages.stopped(answer),
        }
        return compact(said | {"usage": self._figures() | {"output_tokens": messages.written(answer)}})

    def opening(self, model: str) -> bytes:
        """Before anything is searched or fetched: less than it will be."""
        begun = self._figures() | {"input_tokens": 1, "output_tokens": 1}
        return messages.event(
            "message_start", message=messages.message(model) | {"content": [], "usage": begun}
        )

    def contents(self, answer: Answer, model: str) -> list[bytes]:
        return [messages.event("ping"), *messages.contents(answer, model)]

    def closing(self, answer: Answer, model: str, *, usage: bool) -> list[bytes]:
        figures = self._figures() | {"output_tokens": messages.written(answer)}
        del figures["cache_creation"]  # told at the beginning alone
        stop = {"stop_reason": messages.stopped(answer), "stop_sequence": None}
        return [messages.event("message_delta", delta=stop, usage=figures)]

    def framed(self, data: bytes) -> bytes:
        return b"event: error\ndata: " + data + b"\n\n"

    def _figures(self) -> Json:
        said = self.answer
        return {
            "input_tokens": said.prompt - said.cached - said.written,
            "cache_read_input_tokens": said.cached,
            "cache_creation_input_tokens": said.written,
            "cache_creation": {
                "ephemeral_5m_input_tokens": said.written - said.written_hour,
                "ephemeral_1h_input_tokens": said.written_hour,
            },
        }


class FakeClaude(FakeEngine):
    """`retired`: names that are listed and answer no more."""

    def __init__(self, *models: str, key: str = "", answer: Answer = ANSWER) -> None:
        super().__init__(*(models or ("claude-fake",)), llama=False, key=key, answer=answer)
        self.page = 20
        self.retired: tuple[str, ...] = ()

    @property
    def asked(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == "POST"]

    def _answer(self, seen: Seen) -> Reply:
        if refusal := self._refusal(seen):
            return as_json(error(*refusal[1:]), refusal[0])
        match seen.method, seen.path:
            case "GET", "/v1/models":
                return as_json(self._page(parse_qs(seen.query)))
            case "POST", "/v1/messages":
                return self._say(seen, self.answer, str(seen.body.get("model")), Voice(self.answer))
            case "POST", "/v1/messages/count_tokens":
                return as_json(messages.count(self.answer.prompt))
        return as_json(error("not_found_error", "Not found"), 404)

    def _refusal(self, seen: Seen) -> tuple[int, str, str] | None:
        given = (seen.headers.get("x-api-key"), seen.headers.get("Authorization"))
        if self.key and given not in ((self.key, None), (None, f"Bearer {self.key}")):
            return 401, "authentication_error", "invalid x-api-key"
        if seen.headers.get("anthropic-version") not in VERSIONS:
            return 400, "invalid_request_error", "anthropic-version: header is required"
        model = seen.body.get("model")
        if seen.method == "POST" and (model not in self.models or model in self.retired):
            return 404, "not_found_error", f"model: {model}"
        return None

    def _page(self, query: Mapping[str, list[str]]) -> Json:
        begin = self.models.index(query["after_id"][0]) + 1 if "after_id" in query else 0
        names = self.models[begin : begin + min(int(query.get("limit", ["20"])[0]), self.page)]
        return {
            "data": [self._entry(name) for name in names],
            "has_more": begin + len(names) < len(self.models),
            "first_id": names[0] if names else None,
            "last_id": names[-1] if names else None,
        }

    def _entry(self, name: str) -> Json:
        return {
            "type": "model",
            "id": name,
            "display_name": name.title(),
            "created_at": "2026-02-17T00:00:00Z",
            "lifecycle": "retired" if name in self.retired else "active",
            "max_input_tokens": 200_000,
            "max_tokens": 64_000,
            "capabilities": CAPABLE,
        }
