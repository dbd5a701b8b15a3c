"""With which model a conversation stays: the one that answered last, while its cache may hold the prompt.

Another model reads all of it anew, for its full price and time. Pure: the time comes from outside. All of it
is forgotten when the daemon ends: whoever answers then reads the prompt anew, once.
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import NamedTuple

from pointsman.calls import Call, CallKind, Wanted
from pointsman.chat import Chat, PartKind, Role
from pointsman.types import Model, Tier
from pointsman.wire.typed import typed_in

LOOKED_AT = 2_000  # characters of a text that tell one conversation from another
MOST = 2_000  # conversations that are known at a time: more than one machine's programs hold in half an hour

# Seconds after an answer in which its prompt may be read from a cache.
# - Anthropic keeps it for five minutes from its last use on, OpenAI for five to ten:
#   https://platform.claude.com/docs/en/build-with-claude/prompt-caching,
#   https://platform.openai.com/docs/guides/prompt-caching.
# - An engine here has no clock: it keeps it until its model leaves the memory, which is seen, or
#   another prompt takes its place, which is not. In half an hour one has.
ELSEWHERE = 300.0
HERE = 1_800.0

# Claude Code begins its system prompt with a line that is another for each request:
# https://github.com/anthropics/claude-code/issues/68900
_NEVER_THE_SAME = "x-anthropic-billing-header:"
_BROUGHT = frozenset({PartKind.RESULT, PartKind.OTHER})  # where what a tool says comes as the user's turn


class Conversation(NamedTuple):
    """What all of its turns have in common. Its first, in which it does not go on yet, may go to anybody."""

    id: bytes = b""  # empty: of a call that is no turn
    goes_on: bool = False


NO_CONVERSATION = Conversation()


class _Key(NamedTuple):
    """By another role or profile another model may be the right one, in the same conversation."""

    id: bytes
    role: str
    profile: str


class _Stay(NamedTuple):
    model: str
    until: float


class Conversations:
    """Those in which a model of our choice answered a short time ago. `now` is a clock that nobody sets."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._stays: dict[_Key, _Stay] = {}  # whoever was answered last is at the end

    def __len__(self) -> int:
        return len(self._stays)

    def model(self, conversation: Conversation, wanted: Wanted, *, in_tool_loop: bool = False) -> str:
        """The id of the model with which it stays; empty: with none, or no longer.

        How long a tool takes does not count: whoever called it is to be told.
        """
        known = wanted.chosen and conversation.goes_on
        stay = self._stays.get(_key(conversation, wanted)) if known else None
        return stay.model if stay is not None and (in_tool_loop or self._now() < stay.until) else ""

    def answered(self, conversation: Conversation, wanted: Wanted, model: Model) -> None:
        """It stays with this one from now on. Of too many, the one with the oldest answer is forgotten."""
        if not conversation.id or not wanted.chosen:
            return
        self._stays.pop(key := _key(conversation, wanted), None)
        lasts = HERE if model.tier is Tier.LOCAL else ELSEWHERE
        self._stays[key] = _Stay(model.id, self._now() + lasts)
        if len(self._stays) > MOST:
            del self._stays[next(iter(self._stays))]


def _key(conversation: Conversation, wanted: Wanted) -> _Key:
    return _Key(conversation.id, wanted.role, wanted.profile.name)


def conversation_of(call: Call, *caller: str) -> Conversation:
    """It is told from all others of its caller by the client's own word, or by how it began.

    The call is looked at as it came, with the names that its user mentions.
    """
    if call.kind is not CallKind.CHAT or call.chat is None:
        return NO_CONVERSATION
    if session := call.hints.session:
        return Conversation(_digest([*caller, session]), goes_on=True)
    goes_on = any(message.role is Role.ASSISTANT for message in call.chat.messages)
    return Conversation(_digest([*caller, "", *_beginning(call.chat)]), goes_on)


def is_in_tool_loop(chat: Chat | None) -> bool:
    """Whether the last message brings what a tool was called for: whoever called it goes on."""
    last = chat.messages[-1] if chat and chat.messages else None
    if last is None:
        return False
    brought = any(part.kind in _BROUGHT for part in last.parts)
    return last.role is Role.TOOL or (last.role is Role.USER and brought)


def _beginning(chat: Chat) -> Iterator[str]:
    """Of each text a bounded piece: no more is read of a prompt, however long it is."""
    system = (part.text for one in chat.messages if one.role is Role.SYSTEM for part in one.parts)
    lasting = (text for text in system if text and not text.startswith(_NEVER_THE_SAME))
    typed = (text for message in chat.messages for text in typed_in(message))
    yield from (
        next(lasting, "")[:LOOKED_AT],
        str(chat.tools),
        str(chat.tools_size),
        next(typed, "")[:LOOKED_AT],
    )


def _digest(words: Iterable[str]) -> bytes:
    """Of several words, each told from its neighbours by its length."""
    digest = blake2b(digest_size=16)
    for word in words:
        told = word.encode("utf-8", "replace")
        digest.update(b"%d:%b" % (len(told), told))
    return digest.digest()
