"""OpenAI's chat/completions and completions: the plain answer, put together from its stream."""

from types import MappingProxyType
from typing import Any

from pointsman.wire.pieces import Events, Json, add, collecting, fields, objects, replace, written

# What a choice tells in pieces; of all else the last word counts. `token_ids` are vLLM's.
_IN_PIECES = ("delta", "text", "logprobs", "token_ids")

_OF_A_STREAM = frozenset({"choices", "obfuscation"})  # OpenAI's filling, which hides how long a piece is

_SILENT = MappingProxyType({"role": "assistant", "content": None})


class Collector:
    """The answer of one model, known to its client as `model`. `feed` it the stream, which ends well."""

    def __init__(self, model: str) -> None:
        self._events = Events()
        self._answer: Json = {"model": model}
        self._choices: dict[int, Json] = {}

    def feed(self, raw: bytes) -> None:
        """Raises UpstreamError for what can't be put together, as `whole` does."""
        with collecting():
            for chunk in self._events.feed(raw):
                replace(self._answer, {name: chunk[name] for name in chunk.keys() - _OF_A_STREAM})
                for choice in objects(chunk.get("choices")):
                    self._hear(choice)

    def whole(self) -> bytes:
        answer = self._answer | {
            "choices": [_choice(self._choices[index]) for index in sorted(self._choices)]
        }
        if isinstance(kind := answer.get("object"), str):
            answer["object"] = kind.removesuffix(".chunk")
        with collecting():
            return written(answer)

    def _hear(self, choice: Json) -> None:
        index = choice.get("index")
        number = index if isinstance(index, int) else 0
        known = self._choices.setdefault(number, {"index": 0, "finish_reason": None})
        pieces = {name: choice.pop(name) for name in _IN_PIECES if name in choice}
        if "delta" in pieces:
            pieces["delta"] = fields(pieces["delta"])
        add(known, pieces)
        replace(known, choice)


def _choice(known: Json) -> Json:
    """As a plain answer has it: of a chat, with a message."""
    if "text" in known and "delta" not in known:
        return known
    message: Json = {**_SILENT, **fields(known.get("delta"))}
    if isinstance(calls := message.get("tool_calls"), list):
        message["tool_calls"] = [_call(call) for call in calls]
    return {name: known[name] for name in known if name != "delta"} | {"message": message}


def _call(call: Any) -> Any:
    """A call of a tool has a number only while it is told in pieces."""
    return {name: call[name] for name in call if name != "index"} if isinstance(call, dict) else call
