"""What a fake engine says in Anthropic's dialect, as llama-server shapes it."""

import json

from tests.fakes.answers import STREAM_TYPE, Answer, Json, compact

__all__ = (
    "DONE",
    "STREAM_TYPE",
    "blocks",
    "closing",
    "completion",
    "contents",
    "count",
    "event",
    "framed",
    "message",
    "opening",
    "stopped",
    "written",
)

ID = "msg-fake"


def completion(answer: Answer, model: str) -> bytes:
    said = message(model) | {"content": blocks(answer), "stop_reason": stopped(answer)}
    return compact(said | {"usage": _usage(answer)})


def opening(model: str) -> bytes:
    usage = {"cache_read_input_tokens": 4, "input_tokens": 15, "output_tokens": 0}
    return event("message_start", message=message(model) | {"content": [], "usage": usage})


def contents(answer: Answer, model: str) -> list[bytes]:
    pieces = [{"type": "text_delta", "text": piece} for piece in answer.pieces]
    said = [event("content_block_delta", index=0, delta=piece) for piece in pieces]
    if said:
        said[0] = event("content_block_start", index=0, content_block={"type": "text", "text": ""}) + said[0]
        said[-1] += event("content_block_stop", index=0)
    return [*said, *_call(answer, 1 if said else 0)]


def closing(answer: Answer, model: str, *, usage: bool) -> list[bytes]:
    stop = {"stop_reason": stopped(answer), "stop_sequence": None}
    return [event("message_delta", delta=stop, usage={"output_tokens": written(answer)})]


def framed(data: bytes) -> bytes:
    return b"event: content_block_delta\ndata: " + data + b"\n\n"


def count(words: int) -> Json:
    return {"input_tokens": words}


def _call(answer: Answer, index: int) -> list[bytes]:
    if not answer.tool:
        return []
    block = {"type": "tool_use", "id": "toolu_1", "name": answer.tool, "input": {}}
    arguments = {"type": "input_json_delta", "partial_json": answer.arguments}
    return [
        event("content_block_start", index=index, content_block=block),
        event("content_block_delta", index=index, delta=arguments),
        event("content_block_stop", index=index),
    ]


def blocks(answer: Answer) -> list[Json]:
    blocks: list[Json] = [{"type": "text", "text": answer.text}] if answer.text else []
    call: Json = {"type": "tool_use", "id": "toolu_1", "name": answer.tool}
    call["input"] = json.loads(answer.arguments)
    return [*blocks, call] if answer.tool else blocks


def stopped(answer: Answer) -> str:
    return "tool_use" if answer.tool else "end_turn"


def written(answer: Answer) -> int:
    return len(answer.pieces) + (3 if answer.tool else 0)


def _usage(answer: Answer) -> Json:
    fresh = answer.prompt - answer.cached
    return {
        "cache_read_input_tokens": answer.cached,
        "input_tokens": fresh,
        "output_tokens": written(answer),
    }


def message(model: str) -> Json:
    said: Json = {"id": ID, "type": "message", "role": "assistant", "model": model}
    return said | {"stop_reason": None, "stop_sequence": None}


def event(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\ndata: ".encode() + compact({"type": kind, **fields}) + b"\n\n"


DONE = event("message_stop")
