"""What a call asks of a model, read from its shape alone: no model is asked, nothing is looked up."""

from pointsman.chat import CHARS_PER_TOKEN, Chat, Part, PartKind
from pointsman.types import Ability, Call, Grade, Modality, Task, flag_names

MAIN_FLOOR = Grade.ROUTINE  # of the role main, which `auto` plays
TOKENS_PER_MESSAGE = 8
TOKENS_PER_IMAGE = 1_500  # the order of what vision encoders make of a large picture

_MODALITIES = (
    (PartKind.IMAGE, Modality.IMAGE),
    (PartKind.AUDIO, Modality.AUDIO),
    (PartKind.VIDEO, Modality.VIDEO),
    (PartKind.FILE, Modality.FILE),
)


def classify(call: Call) -> Task:
    chat = call.chat or Chat(())
    needs = (Ability.TOOLS if chat.tools else Ability.NONE) | (Ability.JSON if chat.json else Ability.NONE)
    reads = _modalities(chat)
    prompt = estimate_tokens(chat)
    return Task(
        grade=MAIN_FLOOR,
        needs=needs,
        reads=reads,
        prompt_tokens=prompt,
        max_tokens=call.max_tokens,
        privacy=call.hints.privacy,
        reasons=tuple(_reasons(chat, reads, prompt)),
    )


def estimate_tokens(chat: Chat) -> int:
    """The prompt's tokens, tools included."""
    tokens = chat.tools_size / CHARS_PER_TOKEN
    for message in chat.messages:
        tokens += TOKENS_PER_MESSAGE + sum(_tokens(part) for part in message.parts)
    return round(tokens)


def _tokens(part: Part) -> float:
    """A character outside ASCII takes more than its share."""
    if part.kind is PartKind.IMAGE:
        return TOKENS_PER_IMAGE
    tokens = (len(part.text) + part.size) / CHARS_PER_TOKEN
    if not part.text.isascii():
        tokens += (len(part.text.encode("utf-8", "replace")) - len(part.text)) / 2
    return tokens


def _modalities(chat: Chat) -> Modality:
    beyond = {
        part.kind for message in chat.messages for part in message.parts if part.kind is not PartKind.TEXT
    }
    found = Modality.TEXT
    for kind, modality in _MODALITIES if beyond else ():
        if kind in beyond:
            found |= modality
    return found


def _reasons(chat: Chat, reads: Modality, prompt: int) -> list[str]:
    reasons = [f"prompt of about {prompt:,} tokens"]
    if chat.tools:
        reasons.append(f"offers {chat.tools} tools")
    if chat.json:
        reasons.append("demands JSON")
    if reads is not Modality.TEXT:
        reasons.append("holds " + ", ".join(flag_names(reads & ~Modality.TEXT)))
    return reasons
