"""Anthropic's count_tokens: what a prompt comes to for a model, which writes nothing.

Shapes: https://platform.claude.com/docs/en/api/messages-count-tokens
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

import msgspec

from pointsman.calls import Call, CallKind, Candidate, Whole
from pointsman.errors import broken
from pointsman.wire import anthropic
from pointsman.wire.anthropic_answer import StreamReader
from pointsman.wire.anthropic_request import WAITING, encode, error_body, error_event
from pointsman.wire.foreign import refuse_error
from pointsman.wire.openai_usage import MOST_TOKENS, UNREADABLE

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

PATH = "/messages/count_tokens"
AT_ROOT = False


class _Counted(msgspec.Struct):
    input_tokens: Annotated[int, msgspec.Meta(ge=0, le=MOST_TOKENS)] | None = None
    error: msgspec.Raw = msgspec.Raw(b"")


_counted = msgspec.json.Decoder(_Counted)


def decode(body: bytes, headers: Mapping[str, str]) -> Call:
    """Without its chat: what is only counted need not fit a context, and no model is too blind for it."""
    call = anthropic.decode(body, headers)
    counting = replace(call, kind=CallKind.COUNT, format="anthropic.count")
    return replace(counting, stream=False, max_tokens=None, chat=None)


def read_whole(body: bytes, _call: Call, _candidate: Candidate) -> Whole:
    """Raises UpstreamError for what is no count."""
    try:
        counted = _counted.decode(body)
    except UNREADABLE as error:
        raise broken(f"its answer is not a count of tokens: {error}") from None
    refuse_error(counted.error)
    if counted.input_tokens is None:
        raise broken("its answer is not a count of tokens")
    return Whole(body, None, 0)
