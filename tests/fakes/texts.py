"""What a fake engine says besides chats: OpenAI's completions of a text, and its embeddings."""

import base64
import struct
from collections.abc import Mapping, Sequence

from tests.fakes.answers import CREATED, DONE, STREAM_TYPE, Answer, Json, compact, event, framed

__all__ = ("DONE", "STREAM_TYPE", "closing", "completion", "contents", "embeddings", "framed", "opening")

VECTOR = (0.5, -0.25, 0.125, 1.0)  # exact in 32 bits


def completion(answer: Answer, model: str) -> bytes:
    return compact(_envelope(model) | {"choices": [_choice(answer.text, "stop")], "usage": answer.usage})


def opening(model: str) -> bytes:
    """A chat begins with a role; a text just begins."""
    return b""


def contents(answer: Answer, model: str) -> list[bytes]:
    return [event(_envelope(model) | {"choices": [_choice(piece)]}) for piece in answer.pieces]


def closing(answer: Answer, model: str, *, usage: bool) -> list[bytes]:
    finish = event(_envelope(model) | {"choices": [_choice("", "stop")]})
    return [finish, event(_envelope(model) | {"choices": [], "usage": answer.usage})] if usage else [finish]


def embeddings(body: Mapping[str, object], model: str) -> Json:
    """A vector for each text of a request, in the form it asks for."""
    packed = base64.b64encode(struct.pack(f"<{len(VECTOR)}f", *VECTOR)).decode()
    vector = packed if body.get("encoding_format") == "base64" else VECTOR
    number = count(body.get("input"))
    data = [{"object": "embedding", "embedding": vector, "index": index} for index in range(number)]
    usage = {"prompt_tokens": 3 * number, "total_tokens": 3 * number}
    return {"object": "list", "data": data, "model": model, "usage": usage}


def count(texts: object) -> int:
    """How many texts a request's input holds."""
    several = isinstance(texts, Sequence) and texts and not isinstance(texts, str | bytes)
    return len(texts) if isinstance(texts, Sequence) and several and not isinstance(texts[0], int) else 1


def _choice(text: str, finish: str | None = None) -> Json:
    return {"text": text, "index": 0, "finish_reason": finish, "logprobs": None}


def _envelope(model: str) -> Json:
    return {"id": "cmpl-fake", "object": "text_completion", "created": CREATED, "model": model}
