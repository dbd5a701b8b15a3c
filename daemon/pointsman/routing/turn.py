"""What the user asked last, as far as it is looked at: a bounded piece of it, whatever came in."""

import re
from dataclasses import dataclass

from pointsman.chat import Chat, Role
from pointsman.wire.typed import typed_in

LOOKED_AT = 2_000  # characters, at either end
STOP = "."  # the end of a sentence or of a line, among the words
NUMBER = "0"

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
        if texts := typed_in(chat.messages[place]):
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
