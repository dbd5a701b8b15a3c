"""The messages of OpenAI's chat/completions, as far as a decision needs to know them."""

import re
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from pointsman.chat import Message, Part, PartKind, Role
from pointsman.wire.foreign import NOTHING


class SentPart(msgspec.Struct):
    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: msgspec.Raw = msgspec.Raw(b"")
    input_audio: msgspec.Raw = msgspec.Raw(b"")
    video_url: msgspec.Raw = msgspec.Raw(b"")
    file: msgspec.Raw = msgspec.Raw(b"")


class SentMessage(msgspec.Struct):
    role: str
    content: str | list[SentPart] | None = None
    reasoning_content: msgspec.Raw = msgspec.Raw(b"")
    tool_calls: msgspec.Raw = msgspec.Raw(b"")
    name: Any = None
    refusal: msgspec.Raw = msgspec.Raw(b"")
    audio: msgspec.Raw = msgspec.Raw(b"")
    function_call: msgspec.Raw = msgspec.Raw(b"")
    reasoning: msgspec.Raw = msgspec.Raw(b"")
    reasoning_details: msgspec.Raw = msgspec.Raw(b"")

    @property
    def beside(self) -> int:
        """Bytes of what it holds besides its content, which the model may read."""
        thought = (self.reasoning_content, self.reasoning, self.reasoning_details)
        held = (self.tool_calls, self.function_call, self.refusal, *thought)
        return sum(len(bytes(each)) for each in held if bytes(each) not in _EMPTY)


_EMPTY = (*NOTHING, b'""', b"{}")
_ROLES = MappingProxyType(
    {
        "system": Role.SYSTEM,
        "developer": Role.SYSTEM,
        "user": Role.USER,
        "assistant": Role.ASSISTANT,
        "tool": Role.TOOL,
    }
)
_PARTS = MappingProxyType(
    {
        "text": PartKind.TEXT,
        "refusal": PartKind.TEXT,
        "image_url": PartKind.IMAGE,
        "input_audio": PartKind.AUDIO,
        "video_url": PartKind.VIDEO,
        "file": PartKind.FILE,
        "document_url": PartKind.FILE,  # Mistral's
    }
)
_SPEAKERS = MappingProxyType({**_ROLES, "function": Role.TOOL})  # the tool of old, which no other dialect has
# An image in the request itself; what stands elsewhere only some servers fetch.
_ENCLOSED = re.compile(rb'\s*(?:{(?:[^{}]*,)?\s*"url"\s*:\s*)?"data:(?:image\\?/[\w.+-]+)?;base64,')


def read_message(sent: SentMessage) -> Message:
    parts: tuple[Part, ...] = ()
    if isinstance(sent.content, str):
        parts = (Part(PartKind.TEXT, sent.content),)
    elif sent.content:
        parts = tuple(_part(part) for part in sent.content)
    if size := sent.beside:
        parts += (Part(PartKind.OTHER, size=size),)
    return Message(_SPEAKERS.get(sent.role, Role.USER), parts)


def _part(sent: SentPart) -> Part:
    held = (sent.input_audio, sent.video_url, sent.file)
    size = sum(len(bytes(each)) for each in held)
    return Part(_PARTS.get(sent.type, PartKind.OTHER), sent.text or sent.refusal or "", size)


def only_here(messages: Sequence[SentMessage]) -> str:
    """The first thing that other dialects have no words for, by its place; empty if there is none.

    Who speaks is such a thing (`name`), but for a tool: its name they know.
    """
    for number, sent in enumerate(messages):
        if found := _odd_field(sent) or _odd_part(sent):
            return f"messages[{number}].{found}"
    return ""


def _odd_field(sent: SentMessage) -> str:
    if sent.role not in _ROLES:
        return "role"
    if sent.name and sent.role != "tool":
        return "name"
    if bytes(sent.refusal) not in _EMPTY:
        return "refusal"
    if bytes(sent.audio) not in _EMPTY:
        return "audio"
    return "" if bytes(sent.function_call) in _EMPTY else "function_call"


def _odd_part(sent: SentMessage) -> str:
    if not isinstance(sent.content, list):
        return ""
    for number, part in enumerate(sent.content):
        kind = _PARTS.get(part.type)
        if kind is not PartKind.TEXT and not (kind is PartKind.IMAGE and _ENCLOSED.match(part.image_url)):
            return f"content[{number}].{part.type[:40]}"
    return ""
