"""Texts to go on with or to embed: one or many, in letters or as a model's own tokens."""

from pointsman.chat import CHARS_PER_TOKEN, Chat, Message, Part, PartKind, Role
from pointsman.errors import BadRequest

Texts = str | list[str | int | list[int]]

WHAT_THEY_ARE = "a text, a list of texts, a list of tokens, or a list of those"


def read_texts(name: str, given: Texts) -> tuple[Part, ...]:
    """A part for each text. Raises BadRequest for what is none of the four shapes."""
    if isinstance(given, str):
        return (Part(PartKind.TEXT, given),)
    if not given:
        raise BadRequest(f"`{name}` is empty: it is {WHAT_THEY_ARE}", name)
    kinds = {type(one) for one in given}
    if len(kinds) > 1:
        raise BadRequest(f"`{name}` mixes kinds: it is {WHAT_THEY_ARE}", name)
    if kinds == {int}:
        return (_tokens(len(given)),)
    return tuple(Part(PartKind.TEXT, one) if isinstance(one, str) else _tokens(_size(one)) for one in given)


def chat_of(texts: tuple[Part, ...]) -> Chat:
    """A message for each text, so that a decision can count them."""
    return Chat(tuple(Message(Role.USER, (text,)) for text in texts))


def _size(tokens: int | list[int]) -> int:
    return len(tokens) if isinstance(tokens, list) else 1


def _tokens(count: int) -> Part:
    """Of the size that is counted as so many tokens."""
    return Part(PartKind.OTHER, size=round(count * CHARS_PER_TOKEN))
