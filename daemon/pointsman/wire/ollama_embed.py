"""Ollama's /api/embed: asked where a context is to be set, so that no text is cut without a word."""

import base64
import sys
from array import array
from typing import Any

import msgspec

from pointsman.calls import Call, Candidate, Whole
from pointsman.errors import broken
from pointsman.money import Usage
from pointsman.wire.foreign import refuse_error
from pointsman.wire.ollama import given
from pointsman.wire.ollama_answer import StreamReader
from pointsman.wire.openai_answer import demand_own
from pointsman.wire.openai_embeddings import demand_all
from pointsman.wire.openai_usage import UNREADABLE, count

__all__ = ("AT_ROOT", "PATH", "StreamReader", "encode", "read_whole")

PATH = "/api/embed"
AT_ROOT = True

_AS_THEY_ARE = ("input", "dimensions", "keep_alive")


class _Answer(msgspec.Struct):
    embeddings: list[msgspec.Raw] | None = None
    model: Any = None
    prompt_eval_count: Any = None
    error: msgspec.Raw = msgspec.Raw(b"")


_answer = msgspec.json.Decoder(_Answer)
_vector = msgspec.json.Decoder(list[float])
_json = msgspec.json.Encoder()


def encode(call: Call, candidate: Candidate) -> bytes:
    """Raises UpstreamError for what has no translation: a model is left out for it before it is asked."""
    fields = given(call)
    return _json.encode(
        {
            "model": candidate.model.served_as,
            **{name: fields[name] for name in _AS_THEY_ARE if name in fields},
            "options": {"num_ctx": candidate.context},
            "truncate": False,
        }
    )


def read_whole(body: bytes, call: Call, candidate: Candidate) -> Whole:
    """A plain answer with a vector for each text, as OpenAI's API would have given it, or UpstreamError."""
    model = candidate.model
    try:
        answer = _answer.decode(body)
        vectors = answer.embeddings or []
        data = [_entry(number, vector, call) for number, vector in enumerate(vectors)]
    except UNREADABLE as error:
        raise broken(f"its answer is not a whole list of embeddings: {error}") from None
    refuse_error(answer.error)
    demand_own(answer.model, model.known_as)
    demand_all(vectors, call)
    tokens = count(answer.prompt_eval_count)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    whole = _json.encode({"object": "list", "data": data, "model": model.id, "usage": usage})
    return Whole(whole, Usage(input=tokens), 0)


def _entry(number: int, vector: msgspec.Raw, call: Call) -> dict[str, Any]:
    if not bytes(vector).startswith(b"["):
        raise msgspec.ValidationError("one of them is no list of numbers")
    wish = call.fields.get("encoding_format")
    packed = isinstance(wish, msgspec.Raw) and bytes(wish) == b'"base64"'
    return {"object": "embedding", "embedding": _packed(vector) if packed else vector, "index": number}


def _packed(vector: msgspec.Raw) -> str:
    """As 32-bit floats, the least significant byte first."""
    numbers = array("f", _vector.decode(vector))
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers).decode()
