"""Anthropic's messages: the plain answer, put together from its stream.

Events: https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from io import StringIO
from typing import Any

import msgspec

from pointsman.errors import broken
from pointsman.wire import halves
from pointsman.wire.openai_usage import UNREADABLE
from pointsman.wire.pieces import Events, Json, add, collecting, fields, replace, written

_json = msgspec.json.Decoder()

# An answer that stopped for this may have been writing a tool's input.
_CUT_SHORT = frozenset({"max_tokens", "model_context_window_exceeded"})


class Collector:
    """The answer of one model, known to its client as `model`. `feed` it the stream, which ends well."""

    def __init__(self, model: str) -> None:
        self._events = Events()
        self._model = model
        self._message: Json = {"type": "message", "role": "assistant", "model": model}
        self._blocks: dict[int, Json] = {}
        self._inputs: dict[int, StringIO] = {}  # of tools: JSON, in pieces

    def feed(self, raw: bytes) -> None:
        """Raises UpstreamError for what can't be put together, as `whole` does."""
        with collecting():
            for event in self._events.feed(raw):
                self._hear(event)

    def whole(self) -> bytes:
        for number, text in self._inputs.items():
            if told := text.getvalue():
                self._blocks.setdefault(number, {})["input"] = self._input(told)
        content = [self._blocks[number] for number in sorted(self._blocks)]
        with collecting():
            return written(self._message | {"content": content, "model": self._model})

    def _hear(self, event: Json) -> None:
        number = event.get("index")
        number = number if isinstance(number, int) else 0
        match event.get("type"):
            case "message_start":
                replace(self._message, fields(event.get("message")))
            case "content_block_start":
                self._blocks[number] = fields(event.get("content_block"))
            case "content_block_delta":
                self._add(number, fields(event.get("delta")))
            case "message_delta":
                replace(self._message, fields(event.pop("delta", None)))
                replace(self._message, {name: event[name] for name in event if name != "type"})

    def _add(self, number: int, delta: Json) -> None:
        kind = str(delta.pop("type", ""))
        block = self._blocks.setdefault(number, {"type": kind.removesuffix("_delta")})
        if kind == "input_json_delta":
            self._inputs.setdefault(number, StringIO()).write(str(delta.get("partial_json") or ""))
        elif kind == "citations_delta":
            add(block, {"citations": [delta.get("citation")]})
        else:
            add(block, delta)

    def _input(self, told: str) -> Any:
        """What a tool is called with. Of one that was cut short nothing is left, and its reader knows why."""
        try:
            return halves.decode(_json, told.encode())
        except UNREADABLE as error:
            if self._message.get("stop_reason") in _CUT_SHORT:
                return {}
            raise broken(f"it calls a tool with what is no JSON: {error}") from None
