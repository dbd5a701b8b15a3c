"""What a call asks of a model, read from its words and its shape: no model is asked, nothing is looked up."""

from math import ceil
from types import MappingProxyType
from typing import NamedTuple

from pointsman.calls import Call, CallKind, Task
from pointsman.chat import CHARS_PER_TOKEN, Chat, Message, Part, PartKind
from pointsman.routing.complexity import effort_of
from pointsman.routing.kinds import SHORT, kind_of
from pointsman.routing.signs import Signs
from pointsman.routing.turn import Turn, last_turn
from pointsman.types import Ability, Complexity, Grade, Modality, TaskKind, flag_names

MAIN_FLOOR = Grade.ROUTINE  # of the role main, which `auto` plays
TOKENS_PER_MESSAGE = 8
TOKENS_PER_IMAGE = 1_500  # the order of what vision encoders make of a large picture

# What can't be exceeded, by what each provider says of itself:
# - OpenAI makes 10,000 tokens of the largest image (gpt-4o-mini more, of cheap ones), Anthropic and Gemini
#   half as many: https://platform.openai.com/docs/guides/images-vision;
# - with tools Anthropic adds a prompt of its own, of 530 tokens for Claude 3 Opus, the longest that was seen:
#   https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview;
# - Gemini hears 32 tokens in a second of audio, OpenAI and Mistral fewer. A second takes a kilobyte or more,
#   and a third more than that in base64: https://ai.google.dev/gemini-api/docs/tokens.
MOST_PER_IMAGE = 10_000
MOST_FOR_TOOLS = 1_000
MOST_PER_AUDIO_BYTE = 32 * 3 / 4 / 1_000

_NEEDS = MappingProxyType(
    {
        CallKind.CHAT: Ability.CHAT,
        CallKind.COMPLETION: Ability.CHAT,  # who can talk can go on with a text
        CallKind.EMBEDDING: Ability.EMBEDDINGS,
        CallKind.COUNT: Ability.CHAT,
    }
)

# The least grade that will do, and the tokens of an answer.
_DEMANDS = MappingProxyType(
    {
        Complexity.TRIVIAL: (Grade.SIMPLE, 1_024),
        Complexity.SIMPLE: (Grade.SIMPLE, 2_048),
        Complexity.STANDARD: (Grade.ROUTINE, 8_192),
        Complexity.COMPLEX: (Grade.GENERATION, 16_384),
        Complexity.EXPERT: (Grade.REASONING, 32_768),
    }
)
_CHATS = frozenset({CallKind.CHAT, CallKind.COUNT})
_MODALITIES = (
    (PartKind.IMAGE, Modality.IMAGE),
    (PartKind.AUDIO, Modality.AUDIO),
    (PartKind.VIDEO, Modality.VIDEO),
    (PartKind.FILE, Modality.FILE),
)

# In the words of prices.
_MEDIA = MappingProxyType({Modality.IMAGE: "images", Modality.AUDIO: "audio", Modality.VIDEO: "video"})
_BEYOND_TEXT = frozenset(kind for kind, _ in _MODALITIES)


class Verdict(NamedTuple):
    """What a conversation is about, how much it demands, and by what that is seen."""

    kind: TaskKind
    complexity: Complexity
    reasons: tuple[str, ...] = ()


STANDARD = Verdict(TaskKind.GENERAL, Complexity.STANDARD)


def classify(
    call: Call, floor: Grade = MAIN_FLOOR, *, chosen: bool = True, signs: Signs[TaskKind] | None = None
) -> Task:
    """The floor is raised by what the call turns out to be, and never lowered.

    `chosen`: Pointsman chooses who answers. Who is named answers whatever is asked, and at length.
    `signs`: the user's own.
    """
    chat = call.chat or Chat(())
    needs = _NEEDS[call.kind]
    needs |= (Ability.TOOLS if chat.tools else Ability.NONE) | (Ability.JSON if chat.json else Ability.NONE)
    reads = _modalities(chat)
    prompt, ceiling = _prompt(call, chat)
    verdict = STANDARD if call.kind is CallKind.EMBEDDING else judge(chat, signs, revises=call.hints.revises)
    grade, expected = _DEMANDS[verdict.complexity if chosen else Complexity.STANDARD]
    return Task(
        grade=max(floor, grade) if chosen else floor,
        needs=needs,
        reads=reads,
        prompt_tokens=prompt,
        max_tokens=call.max_tokens,
        privacy=call.hints.privacy,
        kind=verdict.kind,
        complexity=verdict.complexity,
        prompt_ceiling=ceiling,
        untranslatable=call.untranslatable,
        format=call.format,
        text_bytes=_text_bytes(chat),
        extra_tokens=_extra_tokens(chat),
        expected_output=expected,
        extras=call.extras | _media(reads),
        reasons=(*verdict.reasons, *_reasons(chat, reads, prompt)),
    )


def judge(chat: Chat, signs: Signs[TaskKind] | None = None, *, revises: bool = False) -> Verdict:
    """By the user's last turn, and by what came with it.

    `revises`: its client says that it asks anew for what was just answered: that was not good enough.
    """
    turn = last_turn(chat)
    kind, why = kind_of(turn, signs)
    complexity, _, how = effort_of(turn, kind, chat, revises=revises)
    if kind is TaskKind.GENERAL and _is_fast(turn, complexity, chat):
        kind, why = TaskKind.FAST, "short, general"
    reasons = f"kind:{kind} ({why})", f"complexity:{complexity.word} ({how})"
    return Verdict(kind, complexity, (*reasons, "revision: one step up") if revises else reasons)


def _is_fast(turn: Turn, complexity: Complexity, chat: Chat) -> bool:
    return turn.size <= SHORT and complexity < Complexity.STANDARD and not chat.tools


def estimate_tokens(chat: Chat) -> int:
    """The prompt's tokens, tools included."""
    return round(chat.tools_size / CHARS_PER_TOKEN + sum(_of_message(message) for message in chat.messages))


def _prompt(call: Call, chat: Chat) -> tuple[int, int]:
    """Its tokens as estimated, and what they can't exceed: no token of a text is shorter than a byte."""
    if call.kind in _CHATS:
        return estimate_tokens(chat), call.size + TOKENS_PER_IMAGE * _images(chat)
    texts = chat.messages  # each is read by itself, with a mark at either end
    ceiling = TOKENS_PER_MESSAGE + max(map(_bytes, texts), default=0)
    return round(max(map(_of_message, texts), default=0)), ceiling


def _text_bytes(chat: Chat) -> int:
    """Of all texts, and of what they are accompanied by: tools, a schema, files. Audio is counted apart."""
    texts = sum(map(_bytes, chat.messages)) - _audio_size(chat)
    return texts + chat.tools_size + chat.schema_size


def _extra_tokens(chat: Chat) -> int:
    """The most that templates, pictures and sounds come to."""
    around = TOKENS_PER_MESSAGE * len(chat.messages) + (MOST_FOR_TOOLS if chat.tools else 0)
    return around + MOST_PER_IMAGE * _images(chat) + ceil(MOST_PER_AUDIO_BYTE * _audio_size(chat))


def _audio_size(chat: Chat) -> int:
    parts = (part for message in chat.messages for part in message.parts)
    return sum(part.size for part in parts if part.kind is PartKind.AUDIO)


def _images(chat: Chat) -> int:
    """A picture of one colour may have fewer bytes than tokens."""
    return sum(part.kind is PartKind.IMAGE for message in chat.messages for part in message.parts)


def _bytes(message: Message) -> int:
    return sum(_utf8(part.text) + part.size for part in message.parts)


def _utf8(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _of_message(message: Message) -> float:
    return TOKENS_PER_MESSAGE + sum(_tokens(part) for part in message.parts)


def _tokens(part: Part) -> float:
    """A character outside ASCII takes more than its share. The bytes of sounds and files say little."""
    if part.kind is PartKind.IMAGE:
        return TOKENS_PER_IMAGE
    if part.kind in _BEYOND_TEXT:
        return 0
    return (len(part.text) + part.size) / CHARS_PER_TOKEN + (_utf8(part.text) - len(part.text)) / 2


def _modalities(chat: Chat) -> Modality:
    beyond = {
        part.kind for message in chat.messages for part in message.parts if part.kind is not PartKind.TEXT
    }
    found = Modality.TEXT
    for kind, modality in _MODALITIES if beyond else ():
        if kind in beyond:
            found |= modality
    return found


def _media(reads: Modality) -> frozenset[str]:
    return frozenset(word for modality, word in _MEDIA.items() if modality in reads)


def _reasons(chat: Chat, reads: Modality, prompt: int) -> list[str]:
    reasons = [f"prompt of about {prompt:,} tokens"]
    if chat.tools:
        reasons.append(f"offers {chat.tools} tools")
    if chat.json:
        reasons.append("demands JSON")
    if reads is not Modality.TEXT:
        reasons.append("holds " + ", ".join(flag_names(reads & ~Modality.TEXT)))
    return reasons
