"""OpenAI's embeddings: texts in, a vector for each out. The vectors go through as the bytes they came in.

Shapes: https://platform.openai.com/docs/api-reference/embeddings
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from pointsman.calls import Call, CallKind, Candidate, Whole
from pointsman.chat import PartKind
from pointsman.errors import BadRequest, UpstreamError, broken
from pointsman.wire import openai_request
from pointsman.wire.hints import read_hints
from pointsman.wire.openai_answer import read_fields, said_by
from pointsman.wire.openai_only import in_embedding
from pointsman.wire.openai_request import at_least, error_body, error_event, model_name, read_body
from pointsman.wire.openai_stream import StreamReader
from pointsman.wire.openai_texts import WHAT_THEY_ARE, Texts, chat_of, read_texts
from pointsman.wire.openai_usage import UNREADABLE, read_usage
from pointsman.wire.sse import WAITING

__all__ = (
    "AT_ROOT",
    "PATH",
    "WAITING",
    "StreamReader",
    "decode",
    "encode",
    "error_body",
    "error_event",
    "read_whole",
)

PATH = "/embeddings"
AT_ROOT = False

NAMELESS = "gpt-3.5-turbo"  # what an older llama-server (tools/server/utils.hpp) calls one that nobody named
NO_VECTOR = (b"", b"null", b"[]", b'""')


class _Body(msgspec.Struct):
    input: Texts
    model: str | None = None
    dimensions: int | None = None
    encoding_format: str | None = None


class _Entry(msgspec.Struct):
    embedding: msgspec.Raw = msgspec.Raw(b"")


_body = msgspec.json.Decoder(_Body)
_entries = msgspec.json.Decoder(list[_Entry])
_json = msgspec.json.Encoder()

_MISSING = MappingProxyType({"input": WHAT_THEY_ARE})


def decode(body: bytes, headers: Mapping[str, str]) -> Call:
    """Raises BadRequest, which names the field that is wrong."""
    fields, parsed = read_body(body, _body, _MISSING)
    model = model_name(parsed.model)
    at_least(1, dimensions=parsed.dimensions)
    if parsed.input == "":
        raise BadRequest(f"`input` is empty: it is {WHAT_THEY_ARE}", "input")
    texts = read_texts("input", parsed.input)
    return Call(
        kind=CallKind.EMBEDDING,
        format="openai.embeddings",
        model=model,
        fields=fields,
        size=len(body),
        choices=len(texts),
        chat=chat_of(texts),
        untranslatable=in_embedding(fields) if texts[0].kind is PartKind.TEXT else "input",
        hints=read_hints(headers),
    )


def encode(call: Call, candidate: Candidate) -> bytes:
    """As any call. A llama-server alone answers vectors under whatever name it is asked for: it is asked
    for none, so that it tells its model's own. A router, whose models tell no slots, needs the name.
    """
    model = candidate.model
    if model.known_as and model.slots is not None:
        fields = {name: raw for name, raw in call.fields.items() if name != "model"}
        return _json.encode(fields)
    return openai_request.encode(call, candidate)


def read_whole(body: bytes, call: Call, candidate: Candidate) -> Whole:
    """A plain answer with a vector for each text, or UpstreamError."""
    model = candidate.model
    try:
        fields = read_fields(body, model.known_as and {*model.known_as, NAMELESS})
        entries = _entries.decode(fields.get("data", b""))
    except UNREADABLE as error:
        raise broken(f"its answer is not a whole list of embeddings: {error}") from None
    demand_all([entry.embedding for entry in entries], call)
    return Whole(said_by(model.id, fields), read_usage(fields.get("usage")), 0)


def demand_all(vectors: list[msgspec.Raw], call: Call) -> None:
    """Raises UpstreamError unless there is a vector for each text that was sent."""
    if len(vectors) != call.choices:
        raise broken(f"it answered {len(vectors):,} embeddings for {call.choices:,} texts")
    if any(bytes(vector) in NO_VECTOR for vector in vectors):
        raise UpstreamError("one of its embeddings is empty")
