"""What a list says that a model can do, in the words of each cloud. Pure.

Shapes: https://platform.claude.com/docs/en/api/models/list, and types/model_capabilities.py of Anthropic's
own Python client; https://openrouter.ai/docs/api/api-reference/models/get-models (`architecture`,
`supported_parameters`), which Vercel's gateway copies in part; https://docs.mistral.ai/api/endpoint/models
(`capabilities`). Where a list says nothing of it, some models' names do.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import NamedTuple

from pointsman.discovery.fields import inner, items, modalities
from pointsman.types import Ability, Modality


class Can(NamedTuple):
    """`has` and `lacks` share nothing; `writes` None and `reads` None: it does not say."""

    has: Ability = Ability.NONE
    lacks: Ability = Ability.NONE
    reads: Modality | None = None
    writes: Modality | None = None


_ABILITIES = MappingProxyType({"structured_outputs": Ability.JSON, "thinking": Ability.THINKING})
_READS = MappingProxyType({"image_input": Modality.IMAGE, "pdf_input": Modality.FILE})
_MISTRAL = MappingProxyType({"completion_chat": Ability.CHAT, "function_calling": Ability.TOOLS})
_PARAMETERS = MappingProxyType(
    {
        "tools": Ability.TOOLS,
        "response_format": Ability.JSON,
        "structured_outputs": Ability.JSON,
        "reasoning": Ability.THINKING,
        "include_reasoning": Ability.THINKING,
    }
)
_ASKED = reduce(or_, _PARAMETERS.values())
_TOLD_BY_ALL = Ability.TOOLS | Ability.THINKING  # Vercel's parameters leave JSON out even where it works
_KINDS = MappingProxyType(  # Vercel's, Together's; what talks is called chat, language, code or model
    {"embedding": Ability.EMBEDDINGS}
    | dict.fromkeys(("image", "video", "audio", "speech", "transcription", "transcribe"), Ability.NONE)
    | dict.fromkeys(("realtime", "rerank", "reranking", "moderation"), Ability.NONE)
)
_EMBEDS = re.compile(r"(?:^|[-_/.:])embed(?:ding)?s?(?:[-_/.:\d]|$)", re.IGNORECASE)
# Neither chats: what makes sounds, images or films, what listens, ranks or judges by an API of its own; and
# OpenRouter's `:batch`, which only its batch API takes: https://openrouter.ai/docs/guides/features/batch-api
_OTHERS = re.compile(
    r"(?:^|[-_/.:])(?:whisper|tts|dall-e|gpt-image|chatgpt-image|imagen|veo|sora|lyria|omni-moderation"
    r"|text-moderation|transcribe|realtime|live|rerank(?:er)?|(?:babbage|davinci)-002)(?:[-_/.:\d]|$)|:batch$",
    re.IGNORECASE,
)


def read_capabilities(entry: Mapping[str, object], name: str) -> Can:
    """The entry's own word counts; its name only where that says nothing of chats."""
    told = [reader(entry) for key, reader in _READERS if key in entry]
    can = Can(
        reduce(or_, (one.has for one in told), Ability.NONE),
        reduce(or_, (one.lacks for one in told), Ability.NONE),
        next((one.reads for one in told if one.reads is not None), None),
        next((one.writes for one in told if one.writes is not None), None),
    )
    named = _by_name(name) if not Ability.CHAT & (can.has | can.lacks) else Can()
    has = can.has | named.has
    return can._replace(has=has, lacks=(can.lacks | named.lacks) & ~has)


def _anthropics(entry: Mapping[str, object]) -> Can:
    told = inner(entry, "capabilities")
    said = {name: inner(told, name).get("supported") for name in (*_ABILITIES, *_READS)}
    has, lacks = (_flags(_ABILITIES, said, sought) for sought in (True, False))
    reads = reduce(or_, (flag for name, flag in _READS.items() if said[name] is True), Modality.TEXT)
    return Can(has, lacks, reads if any(isinstance(said[name], bool) for name in _READS) else None)


def _mistrals(entry: Mapping[str, object]) -> Can:
    told = inner(entry, "capabilities")
    if not isinstance(told.get("completion_chat"), bool):
        return Can()
    has, lacks = (_flags(_MISTRAL, told, sought) for sought in (True, False))
    sees = Modality.IMAGE if told.get("vision") is True else Modality.NONE
    return Can(has, lacks, Modality.TEXT | sees if isinstance(told.get("vision"), bool) else None)


def _flags(flags: Mapping[str, Ability], said: Mapping[str, object], sought: bool) -> Ability:
    return reduce(or_, (flag for name, flag in flags.items() if said.get(name) is sought), Ability.NONE)


def _parameters(entry: Mapping[str, object]) -> Can:
    """What takes a parameter can do what that asks for."""
    has, lacks = _taken(items(entry, "supported_parameters"), complete="architecture" in entry)
    return Can(has, lacks)


def _openrouters(entry: Mapping[str, object]) -> Can:
    shape = inner(entry, "architecture")
    return _shape(items(shape, "input_modalities"), items(shape, "output_modalities"))


def _vercels(entry: Mapping[str, object]) -> Can:
    shape = inner(entry, "modalities")
    return _shape(items(shape, "input"), items(shape, "output"))


def _shape(takes: Sequence[object], gives: Sequence[object]) -> Can:
    """What writes no text does not chat."""
    reads, writes = modalities(takes), modalities(gives)
    silent = writes and not writes & Modality.TEXT
    return Can(lacks=Ability.CHAT if silent else Ability.NONE, reads=reads or None, writes=writes or None)


def _taken(parameters: Sequence[object], *, complete: bool) -> tuple[Ability, Ability]:
    if not parameters:
        return Ability.NONE, Ability.NONE
    has = reduce(or_, (flag for name, flag in _PARAMETERS.items() if name in parameters), Ability.NONE)
    return has, (_ASKED if complete else _TOLD_BY_ALL) & ~has


def _kind(entry: Mapping[str, object]) -> Can:
    kind = entry.get("type")
    has = _KINDS.get(kind) if isinstance(kind, str) else None
    return Can() if has is None else Can(has, Ability.CHAT)


def _by_name(name: str) -> Can:
    if _EMBEDS.search(name):
        return Can(Ability.EMBEDDINGS, Ability.CHAT)
    return Can(lacks=Ability.CHAT) if _OTHERS.search(name) else Can()


_READERS: tuple[tuple[str, Callable[[Mapping[str, object]], Can]], ...] = (
    ("capabilities", _anthropics),
    ("capabilities", _mistrals),
    ("supported_parameters", _parameters),
    ("architecture", _openrouters),
    ("modalities", _vercels),
    ("type", _kind),
)
