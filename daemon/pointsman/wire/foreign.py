"""What other servers say when something is wrong, in whatever shape they say it."""

import msgspec

from pointsman.errors import UpstreamError

LONGEST_MESSAGE = 500  # characters that are repeated
NOTHING = (b"", b"null")  # a field that is left away, and one that might be: as JSON

_WORDS = ("error", "message", "detail", "msg")  # where the words are; `detail` and `msg` are FastAPI's


def error_message(body: bytes) -> str:
    """The words of an error body or object, shortened and on one line. Hostile until printed."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = body.decode("utf-8", "replace")
    while isinstance(found, list | dict) and found:
        found = found[0] if isinstance(found, list) else next(filter(None, map(found.get, _WORDS)), "")
    return "".join(c if c.isprintable() else " " for c in str(found or "")[:LONGEST_MESSAGE]).strip()


def is_error(told: msgspec.Raw) -> bool:
    """Whether the `error` of what came as an answer says anything: "", {}, [], false and 0 don't."""
    if bytes(told) in NOTHING:
        return False
    try:
        return bool(msgspec.json.decode(told))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return True


def refuse_error(told: msgspec.Raw) -> None:
    """Raises UpstreamError for an error in an answer's place."""
    if is_error(told):
        words = error_message(bytes(told))
        raise UpstreamError(f"it answered 200 with an error inside: {words}", said=bytes(told))


def is_loading(body: bytes) -> bool:
    """Whether the body of a 503 says that a model is being loaded, as llama-server's does."""
    return error_message(body).lower().startswith("loading model")
