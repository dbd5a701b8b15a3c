"""What the user asked last, as far as it is looked at: a bounded piece of it, whatever came in."""

import re
from dataclasses import dataclass

from pointsman.chat import Chat, Message, PartKind, Role

LOOKED_AT = 2_000  # characters, at either end
STOP = "."  # the end of a sentence or of a line, among the words
NUMBER = "0"

# Blocks that programs put before or after what their user typed, or send in its place.
_BLOCKS = tuple(
    (f"<{name}>", f"</{name}>")
    for name in (
        "system-reminder",  # Claude Code
        "local-command-stdout",
        "local-command-caveat",
        "command-message",
        "ide_opened_file",
        "ide_selection",
        "environment_details",  # Cline, Roo Code
        "environment_context",  # Codex
        "user_instructions",
        "reminderInstructions",  # Copilot
        "attachments",
        "additional_data",  # Cursor
    )
)
_OPENED = tuple(opened for opened, _ in _BLOCKS)
_CLOSED = tuple(closed for _, closed in _BLOCKS)
_MOST_BLOCKS = 16  # at either end
_BETWEEN = 64  # characters of white space between two of them, at the most
_FENCE = "```"
_WORDS = re.compile(r"[a-z][a-z0-9']*[+#]{0,2}|[0-9]+|[.!?:;](?=\s|$)|\n+")


@dataclass(frozen=True, slots=True)
class Turn:
    """`text` is in small letters and without code in fences; `words` has numbers and stops among them."""

    text: str = ""
    words: tuple[str, ...] = ()
    size: int = 0  # characters, of all of it
    fenced: bool = False  # there is code in fences
    follows: bool = False  # something had been answered before


def last_turn(chat: Chat) -> Turn:
    """What the user said last in words: not what a tool brought, nor what his program reminds of."""
    for place in range(len(chat.messages) - 1, -1, -1):
        if texts := _typed_in(chat.messages[place]):
            earlier = chat.messages[:place]
            return read(texts, follows=any(one.role is Role.ASSISTANT for one in earlier))
    return Turn()


def read(texts: list[str], *, follows: bool = False) -> Turn:
    """Of a turn in several texts the ends of each are enough, and of them the ends."""
    prose = _excerpt("\n".join(map(_excerpt, texts))).split(_FENCE)
    text = "\n".join(prose[::2]).lower().replace("\u2019", "'")
    return Turn(text, words_of(text), sum(map(len, texts)), fenced=len(prose) > 1, follows=follows)


def words_of(text: str) -> tuple[str, ...]:
    return tuple([found if found[0] >= "a" else _mark(found) for found in _WORDS.findall(text)])


def _mark(found: str) -> str:
    return NUMBER if found.isdecimal() else STOP


def _excerpt(text: str) -> str:
    return text if len(text) <= 2 * LOOKED_AT else f"{text[:LOOKED_AT]}\n{text[-LOOKED_AT:]}"


def _typed_in(message: Message) -> list[str]:
    if message.role is not Role.USER:
        return []
    return [text for part in message.parts if part.kind is PartKind.TEXT and (text := typed(part.text))]


def typed(text: str) -> str:
    """A text without the blocks that were put before and after it."""
    text = text.strip()
    start, end = 0, len(text)
    for _ in range(_MOST_BLOCKS):
        rest = _past_block(text, start, end), end
        rest = rest[0], _before_block(text, *rest)
        if rest == (start, end):
            break
        start, end = rest
    return text[start:end].strip()


def _past_block(text: str, start: int, end: int) -> int:
    blank = text[start : min(end, start + _BETWEEN)]
    begin = start + len(blank) - len(blank.lstrip())
    if text.startswith(_OPENED, begin, end):
        for opened, closed in _BLOCKS:
            if text.startswith(opened, begin, end) and (found := text.find(closed, begin, end)) >= 0:
                return found + len(closed)
    return start


def _before_block(text: str, start: int, end: int) -> int:
    blank = text[max(start, end - _BETWEEN) : end]
    finish = end - len(blank) + len(blank.rstrip())
    if text.endswith(_CLOSED, start, finish):
        for opened, closed in _BLOCKS:
            if text.endswith(closed, start, finish) and (found := text.rfind(opened, start, finish)) >= 0:
                return found
    return end
