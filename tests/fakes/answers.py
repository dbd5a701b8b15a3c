"""What a fake engine says when nothing is wrong: OpenAI chat bodies, as llama-server shapes them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

TEXT = "Grüße aus Zürich: naïve Köche kochen 東京 ラーメン 🚂 — für 5 €."  # two, three and four byte letters
ID = "chatcmpl-fake"
CREATED = 1_795_225_221
TIMINGS = {"predicted_n": 5, "predicted_per_second": 4.2}  # a field that no client asks for and none may lose
DONE = b"data: [DONE]\n\n"
STREAM_TYPE = "text/event-stream"

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says. `prompt`: the tokens the prompt is said to have, `cached` of them from a cache.

    `written` of them went into a cache, `written_hour` of these for an hour: Anthropic alone tells.
    """

    text: str = TEXT
    reasoning: str = ""
    tool: str = ""  # the name of a tool to call
    arguments: str = "{}"
    prompt: int = 19
    cached: int = 4
    written: int = 0
    written_hour: int = 0
    cost: float | None = None  # dollars, as its provider tells them

    @property
    def pieces(self) -> tuple[str, ...]:
        """The text, cut where a model would cut it; joined they are the text."""
        return tuple(re.findall(r"\S+\s*|\s+", self.text))

    @property
    def finish(self) -> str:
        return "tool_calls" if self.tool else "stop"

    @property
    def usage(self) -> Json:
        completion = len(self.pieces) + (3 if self.tool else 0) + len(self.reasoning.split())
        told = {} if self.cost is None else {"cost": self.cost}
        return {
            "completion_tokens": completion,
            "prompt_tokens": self.prompt,
            "total_tokens": self.prompt + completion,
            "prompt_tokens_details": {"cached_tokens": self.cached},
            **told,
        }

    def deltas(self) -> Iterator[Mapping[str, object]]:
        """What each content chunk adds, in order."""
        if self.reasoning:
            yield {"reasoning_content": self.reasoning}
        yield from ({"content": piece} for piece in self.pieces)
        if self.tool:
            call = {"name": self.tool, "arguments": ""}
            yield {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": call}]}
            yield {"tool_calls": [{"index": 0, "function": {"arguments": self.arguments}}]}


USUAL = Answer()
NOTHING = Answer(text="")


def compact(body: object) -> bytes:
    """JSON with its letters unescaped, as engines send it: a byte-wise reader meets half of an ü."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def completion(answer: Answer, model: str) -> bytes:
    """The body of a plain answer."""
    return compact(
        {
            "choices": [{"finish_reason": answer.finish, "index": 0, "message": _message(answer)}],
            "created": CREATED,
            "model": model,
            "object": "chat.completion",
            "usage": answer.usage,
            "id": ID,
            "timings": TIMINGS,
        }
    )


def opening(model: str) -> bytes:
    """The first event: a role and no content."""
    return _chunk(model, {"role": "assistant", "content": None})


def contents(answer: Answer, model: str) -> list[bytes]:
    """The events that hold content, one each."""
    return [_chunk(model, delta) for delta in answer.deltas()]


def closing(answer: Answer, model: str, *, usage: bool) -> list[bytes]:
    """The finish reason and, if it was asked for, the usage in a chunk without choices; [DONE] apart."""
    finish = _chunk(model, {}, finish=answer.finish)
    if not usage:
        return [finish]
    return [finish, event(_envelope(model) | {"choices": [], "usage": answer.usage, "timings": TIMINGS})]


def event(body: object) -> bytes:
    return framed(compact(body))


def framed(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"


def error(status: int, message: str, kind: str, **more: object) -> Json:
    """An error body in llama-server's shape."""
    return {"error": {"code": status, "message": message, "type": kind, **more}}


def _message(answer: Answer) -> Json:
    message: Json = {"role": "assistant", "content": answer.text}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.tool:
        call = {"name": answer.tool, "arguments": answer.arguments}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": call}]
    return message


def _chunk(model: str, delta: Mapping[str, object], finish: str | None = None) -> bytes:
    return event({"choices": [{"finish_reason": finish, "index": 0, "delta": delta}]} | _envelope(model))


def _envelope(model: str) -> Json:
    return {"created": CREATED, "id": ID, "model": model, "object": "chat.completion.chunk"}
