"""The messages of Anthropic's dialect, as far as a decision needs to know them."""

from types import MappingProxyType

import msgspec

from pointsman.chat import Message, Part, PartKind, Role
from pointsman.wire.openai_usage import UNREADABLE


class SentBlock(msgspec.Struct):
    """What else a block holds is counted by its bytes: arguments, results, thoughts."""

    type: str
    text: str | None = None
    source: msgspec.Raw = msgspec.Raw(b"")
    content: msgspec.Raw = msgspec.Raw(b"")
    input: msgspec.Raw = msgspec.Raw(b"")
    thinking: msgspec.Raw = msgspec.Raw(b"")
    data: msgspec.Raw = msgspec.Raw(b"")


Blocks = str | list[SentBlock]


class SentMessage(msgspec.Struct):
    role: str
    content: Blocks


class _Source(msgspec.Struct):
    type: str = ""


_blocks = msgspec.json.Decoder(Blocks)
_source = msgspec.json.Decoder(_Source)

_ROLES = MappingProxyType({"system": Role.SYSTEM, "assistant": Role.ASSISTANT})
_BROUGHT = MappingProxyType({PartKind.TEXT: PartKind.RESULT})  # no word of the user's
_AS_TEXT = frozenset({"text", "content"})  # kinds of a document's source that any model reads


def read_message(sent: SentMessage) -> Message:
    return Message(_ROLES.get(sent.role, Role.USER), read_parts(sent.content))


def read_parts(content: Blocks) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Part(PartKind.TEXT, content),)
    return tuple(part for block in content for part in _parts(block))


def _parts(block: SentBlock) -> tuple[Part, ...]:
    match block.type:
        case "text":
            return (Part(PartKind.TEXT, block.text or ""),)
        case "image":
            return (Part(PartKind.IMAGE),)
        case "document" if not _is_text(block.source):
            return (Part(PartKind.FILE, size=len(bytes(block.source))),)
        case "tool_result":
            return _result(block)
    return (_counted(block),)


def _result(block: SentBlock) -> tuple[Part, ...]:
    """What a tool brought: pictures too, which are not counted by their bytes."""
    try:
        brought = read_parts(_blocks.decode(block.content))
    except UNREADABLE:
        return (_counted(block),)
    return tuple(one._replace(kind=_BROUGHT.get(one.kind, one.kind)) for one in brought)


def _counted(block: SentBlock) -> Part:
    held = (block.source, block.content, block.input, block.thinking, block.data)
    return Part(PartKind.OTHER, size=len(block.text or "") + sum(len(bytes(each)) for each in held))


def _is_text(source: msgspec.Raw) -> bool:
    try:
        return _source.decode(source).type in _AS_TEXT
    except UNREADABLE:
        return False
