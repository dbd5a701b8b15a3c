"""A conversation without a dialect: what every wire format is read into and written from.

What there are many of in one request is a named tuple: a third of the time that a frozen dataclass takes.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

# Of English and code; real ones are nearer 4, and too many tokens is the safer side.
CHARS_PER_TOKEN = 3.6


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class PartKind(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    FILE = "file"
    RESULT = "result"  # the text that a tool brought, where it is sent as if the user had said it
    OTHER = "other"


class Part(NamedTuple):
    """A piece of a message. `text` is set for text and results alone; `size` is its bytes on the wire.

    An image has no size: what it comes to depends on its pixels.
    """

    kind: PartKind
    text: str = ""
    size: int = 0


class Message(NamedTuple):
    role: Role
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation, and what it asks of the model besides words."""

    messages: tuple[Message, ...]
    tools: int = 0  # how many are offered
    tools_size: int = 0  # bytes of their descriptions
    json: bool = False  # a JSON object or schema is demanded
    schema_size: int = 0  # bytes of what says so


class EventKind(StrEnum):
    TEXT = "text"
    REASONING = "reasoning"
    REFUSAL = "refusal"
    TOOL_CALL = "tool_call"
    ARGUMENTS = "arguments"  # of a tool call, or a piece of them
    MEDIA = "media"
    FINISH = "finish"
    ANSWERED = "answered"  # a finish whose usage counts answer tokens, though no text was seen
    ERROR = "error"
    DONE = "done"


CONTENT = frozenset(
    {
        EventKind.TEXT,
        EventKind.REASONING,
        EventKind.REFUSAL,
        EventKind.TOOL_CALL,
        EventKind.MEDIA,
        EventKind.ANSWERED,
    }
)
"""What makes an answer more than nothing: the point of no return for a stream."""

WORDS = CONTENT | {EventKind.ARGUMENTS}
"""What a model wrote: its length tells what an answer came to where nobody counted."""


class Event(NamedTuple):
    """One thing a model said. `choice` is the index of the answer it belongs to."""

    kind: EventKind
    choice: int = 0
    text: str = ""  # words, a finish reason, an error's message
    said: bytes = b""  # an error as its provider's JSON
