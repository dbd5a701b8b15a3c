"""Anthropic's messages: a plain answer, told as the stream that was asked for."""

from collections.abc import Iterator

from pointsman.wire.pieces import Json, objects, read_object, written


def retold(body: bytes) -> list[bytes]:
    """The events that say the same, each without its end; of what is no JSON object the body as it is."""
    if (answer := read_object(body)) is None:
        return [body]
    if answer.get("type") != "message":
        return [b"data: " + written(answer)]
    return [b"event: %b\ndata: %b" % (event["type"].encode(), written(event)) for event in _events(answer)]


def _events(message: Json) -> Iterator[Json]:
    begun = message | {"content": [], "stop_reason": None, "stop_sequence": None}
    yield {"type": "message_start", "message": begun}
    for index, block in enumerate(objects(message.get("content"))):
        for event in _block(block):
            yield event | {"index": index}
    ended = {name: message.get(name) for name in ("stop_reason", "stop_sequence")}
    usage = {"usage": message["usage"]} if message.get("usage") else {}
    yield {"type": "message_delta", "delta": ended, **usage}
    yield {"type": "message_stop"}


def _block(block: Json) -> Iterator[Json]:
    """How it begins, and what is added in the one piece that it comes in."""
    deltas = list(_deltas(block))
    empty = {name: {} if name == "input" else "" for name in ("text", "thinking", "signature", "input")}
    rest = {name: empty[name] for name in empty if name in block} if deltas else {}
    yield {"type": "content_block_start", "content_block": block | rest}
    yield from ({"type": "content_block_delta", "delta": delta} for delta in deltas)
    yield {"type": "content_block_stop"}


def _deltas(block: Json) -> Iterator[Json]:
    match block:
        case {"type": "text", "text": text}:
            yield {"type": "text_delta", "text": text}
        case {"type": "thinking", "thinking": thought}:
            yield {"type": "thinking_delta", "thinking": thought}
            yield {"type": "signature_delta", "signature": block.get("signature", "")}
        case {"type": "tool_use" | "server_tool_use", "input": told}:
            yield {"type": "input_json_delta", "partial_json": written(told).decode()}
