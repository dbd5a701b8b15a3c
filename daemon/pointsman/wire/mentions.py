"""To whom a user speaks: a first word `@name` in what he typed, and his request without it.

What begins so may as well be a file's name or an address: whether somebody is called that, others know, and
until they say so nothing is touched.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import msgspec

from pointsman.calls import Call
from pointsman.chat import Message
from pointsman.wire import anthropic_messages, openai_messages
from pointsman.wire.openai_request import LONGEST_NAME
from pointsman.wire.typed import typed, typed_in, typed_span

_MENTION = re.compile(rf"@([^\s@]{{0,{LONGEST_NAME - 1}}}[^\s@,:])[,:]?(?:\s+|$)")


class _Part(msgspec.Struct):
    type: str
    text: str | None = None


_raws = msgspec.json.Decoder(list[msgspec.Raw])
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_content = msgspec.json.Decoder(str | list[msgspec.Raw])
_part = msgspec.json.Decoder(_Part)
_openai = msgspec.json.Decoder(openai_messages.SentMessage)
_anthropic = msgspec.json.Decoder(anthropic_messages.SentMessage)
_json = msgspec.json.Encoder()

# How a message is read again once it has been cut. In other formats nobody is spoken to.
_READERS: Mapping[str, Callable[[msgspec.Raw], Message]] = MappingProxyType(
    {
        "openai.chat": lambda raw: openai_messages.read_message(_openai.decode(raw)),
        "anthropic.messages": lambda raw: anthropic_messages.read_message(_anthropic.decode(raw)),
    }
)


def mention_of(call: Call) -> str:
    """The name with which what the user typed last begins; empty: it begins with none."""
    if call.format not in _READERS or call.chat is None:
        return ""
    turns = (texts[0] for message in reversed(call.chat.messages) if (texts := typed_in(message)))
    found = _MENTION.match(next(turns, ""))
    return found[1] if found else ""


def without_mention(call: Call, name: str) -> Call:
    """The call to whom its user means. Every turn of his that begins with the name loses it."""
    messages, sent = call.fields.get("messages"), call.chat
    if not isinstance(messages, msgspec.Raw) or sent is None:
        return call
    raws, read = _raws.decode(messages), list(sent.messages)
    before = len(read) - len(raws)  # Anthropic's system prompt is none of the messages on the wire
    for place, raw in enumerate(raws):
        if any(cut(text, name) != text for text in typed_in(read[before + place])[:1]):
            raws[place] = _without(raw, name)
            read[before + place] = _READERS[call.format](raws[place])
    fields = {**call.fields, "messages": _encoded(raws)}
    return replace(call, mention=name, fields=fields, chat=replace(sent, messages=tuple(read)))


def cut(text: str, name: str) -> str:
    """A text without the `@name` that it begins with; any other as it is.

    So is one that is nothing else: there are servers that refuse a turn without a word.
    """
    start, end = typed_span(text)
    found = _MENTION.match(text, start, end)
    if found is None or found[1] != name or found.end() == end:
        return text
    return text[:start] + text[found.end() :]


def _without(message: msgspec.Raw, name: str) -> msgspec.Raw:
    """One text in it is written anew; all else is as it was sent."""
    fields = _fields.decode(message)
    content = _content.decode(fields["content"])
    fields["content"] = _encoded(
        cut(content, name) if isinstance(content, str) else _cut_first(content, name)
    )
    return _encoded(fields)


def _cut_first(parts: list[msgspec.Raw], name: str) -> list[msgspec.Raw]:
    """The part that the user's words begin in."""
    for place, raw in enumerate(parts):
        part = _part.decode(raw)
        if part.type == "text" and part.text and typed(part.text):
            text = _encoded(cut(part.text, name))
            return [*parts[:place], _encoded({**_fields.decode(raw), "text": text}), *parts[place + 1 :]]
    return parts


def _encoded(value: object) -> msgspec.Raw:
    return msgspec.Raw(_json.encode(value))
