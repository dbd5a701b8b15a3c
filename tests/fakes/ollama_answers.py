"""What a fake Ollama says in its own dialect: a JSON object in a line, the last of them with `done`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from tests.fakes.answers import Answer, Json, compact

DONE = b""  # the last line says it
STREAM_TYPE = "application/x-ndjson"
TIME = "2026-11-21T06:00:21.123456789Z"


def completion(answer: Answer, model: str) -> bytes:
    message: Json = {"content": answer.text}
    for delta in _deltas(replace(answer, text="")):
        message |= delta
    return compact(_line(model, message) | _end(answer))


def opening(model: str) -> bytes:
    """There is none: the first line brings the first words."""
    return b""


def contents(answer: Answer, model: str) -> list[bytes]:
    return [framed(compact(_line(model, delta) | {"done": False})) for delta in _deltas(answer)]


def closing(answer: Answer, model: str, *, usage: bool) -> list[bytes]:
    """Counts are always in it, but for a zero, which is left away."""
    return [framed(compact(_line(model, {}) | _end(answer)))]


def framed(data: bytes) -> bytes:
    return data + b"\n"


def _deltas(answer: Answer) -> Iterator[Mapping[str, object]]:
    if answer.reasoning:
        yield {"thinking": answer.reasoning}
    yield from ({"content": piece} for piece in answer.pieces)
    if answer.tool:
        yield {"tool_calls": [{"function": {"name": answer.tool, "arguments": json.loads(answer.arguments)}}]}


def _line(model: str, message: Mapping[str, object]) -> Json:
    said = {"role": "assistant", "content": "", **message}
    return {"model": model, "created_at": TIME, "message": said}


def _end(answer: Answer) -> Json:
    durations = {"total_duration": 5_000_000, "load_duration": 1_000_000, "eval_duration": 3_000_000}
    counts = {"prompt_eval_count": answer.prompt, "eval_count": answer.usage["completion_tokens"]}
    return {
        "done": True,
        "done_reason": "stop",
        **durations,
        **{name: value for name, value in counts.items() if value},
    }
