"""What other servers say when something is wrong, in whatever shape they say it."""

import msgspec

LONGEST_MESSAGE = 500  # characters that are repeated

_WORDS = ("error", "message", "detail", "msg")  # where the words are; `detail` and `msg` are FastAPI's

# llama-server's error type; OpenAI's and OpenRouter's error code; vLLM has words alone
_CONTEXT_ERRORS = (b"exceed_context_size_error", b"context_length_exceeded", b"maximum context length is")


def error_message(body: bytes) -> str:
    """The words of an error body or object, shortened and on one line. Hostile until printed."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = body.decode("utf-8", "replace")
    while isinstance(found, list | dict) and found:
        found = found[0] if isinstance(found, list) else next(filter(None, map(found.get, _WORDS)), "")
    return "".join(c if c.isprintable() else " " for c in str(found or "")[:LONGEST_MESSAGE]).strip()


def is_context_error(body: bytes) -> bool:
    """Whether a refusal says that the prompt is too long for this model: another may take it."""
    return any(mark in body for mark in _CONTEXT_ERRORS)
