"""What engines say of themselves, read from their bodies. Pure.

All of it is hostile until read: a field of a wrong type is unknown, a name that could not be shown or
sent is refused and counted, and nothing in a body raises.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from operator import or_
from types import MappingProxyType
from typing import TypeGuard

import msgspec

from pointsman.types import Ability, Modality, ModelState

MOST_MODELS = 2_000
LONGEST_NAME = 256  # characters
LONGEST_WORD = 64
MOST_DIGITS = 12  # of a number on a command line
LARGEST_COUNT = 2**53  # beyond it a JSON number is a rounding of what was meant

# vLLM; OpenRouter, Together, Vercel; Groq; Mistral.
CONTEXT_KEYS = ("max_model_len", "context_length", "context_window", "max_context_length")
MODALITIES = MappingProxyType(
    {
        "text": Modality.TEXT,
        "image": Modality.IMAGE,
        "vision": Modality.IMAGE,
        "audio": Modality.AUDIO,
        "video": Modality.VIDEO,
        "file": Modality.FILE,
    }
)
WEIGHTS = re.compile(r"\.(gguf|safetensors|bin)$", re.IGNORECASE)
ROOTED = re.compile(r"^(/|\.{1,2}/|~/|\\|[A-Za-z]:[\\/])")


@dataclass(frozen=True, slots=True)
class Listed:
    """One model, as an endpoint's list tells of it. None and neither `has` nor `lacks`: it does not say."""

    served_as: str
    aliases: tuple[str, ...] = ()
    state: ModelState = ModelState.LOADED
    context: int | None = None
    max_output: int | None = None
    has: Ability = Ability.NONE
    lacks: Ability = Ability.NONE
    reads: Modality | None = None
    size_bytes: int | None = None
    parameters: int | None = None
    quantisation: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of models, and in plain words what of it could not be used."""

    models: tuple[Listed, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Details:
    """What llama-server's `/props` tells. `router`: it serves many models and speaks for none of them."""

    router: bool = False
    build: str = ""
    alias: str = ""
    context: int | None = None  # tokens of one slot, the most that one conversation gets
    sleeping: bool = False
    has: Ability = Ability.NONE
    lacks: Ability = Ability.NONE
    reads: Modality | None = None
    quantisation: str = ""


def decode(body: bytes) -> object:
    """The JSON in a body; None where it holds none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def read_models(body: object) -> Listing | None:
    """An OpenAI list of models, with what engines add to it. None: it is not such a list."""
    entries = body.get("data") if isinstance(body, dict) else body
    if not isinstance(entries, list):
        return None
    declared = isinstance(body, dict) and body.get("object") == "list"
    if not declared and not any(isinstance(entry, dict) and "id" in entry for entry in entries):
        return None
    return _listing(entries)


def read_props(body: object) -> Details | None:
    """llama-server's `/props`. None: it is something else."""
    if not isinstance(body, dict) or "default_generation_settings" not in body:
        return None
    if body.get("role") == "router":
        return Details(router=True, build=_word(body.get("build_info")))
    has, lacks = _abilities(_dict(body, "chat_template_caps"))
    return Details(
        build=_word(body.get("build_info")),
        alias=alias if is_name(alias := body.get("model_alias")) else "",
        context=_count(_dict(body, "default_generation_settings").get("n_ctx")),
        sleeping=body.get("is_sleeping") is True,
        has=has,
        lacks=lacks,
        reads=_switched_on(body.get("modalities")),
        quantisation=_word(body.get("model_ftype")),
    )


def with_details(listing: Listing, details: Details) -> Listing:
    """The one model of a server that serves one; a router's models stay as its list has them."""
    if details.router:
        return replace(
            listing, models=tuple(replace(model, has=model.has | Ability.JSON) for model in listing.models)
        )
    if len(listing.models) != 1:
        return listing
    return replace(listing, models=(_detailed(listing.models[0], details),))


def is_loading(body: object) -> bool:
    """Whether the body of a 503 says that a model is being loaded."""
    message = _dict(body, "error").get("message")
    return isinstance(message, str) and message.lower().startswith("loading model")


def is_name(value: object) -> TypeGuard[str]:
    """A name that can be shown and sent: not too long, one line, no control characters."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= LONGEST_NAME
        and value.isprintable()
        and value == value.strip()
    )


def short_names(served_as: Sequence[str]) -> tuple[str, ...]:
    """What people call them: a path by its stem, as long as that tells it from the ones before."""
    taken = {whole for whole in served_as if _stem(whole) == whole}
    names: list[str] = []
    for whole in served_as:
        stem = _stem(whole)
        names.append(whole if stem in taken else stem)
        taken.add(stem)
    return tuple(names)


def _listing(entries: list[object]) -> Listing:
    known: dict[str, Listed] = {}
    unusable = twice = 0
    notes: list[str] = []
    for entry in entries[:MOST_MODELS]:
        served_as = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not is_name(served_as):
            unusable += 1
        elif served_as in known:
            twice += 1
        elif (state := _state(entry, served_as, notes)) is not None:
            known[served_as] = _listed(entry, served_as, state)
    return Listing(tuple(known.values()), (*_complaints(len(entries), unusable, twice), *notes))


def _complaints(listed: int, unusable: int, twice: int) -> Iterable[str]:
    if listed > MOST_MODELS:
        yield f"it lists {listed} models, of which the first {MOST_MODELS} are used"
    if unusable:
        yield (
            f"{unusable} of the models it lists left out: the name is missing, longer than "
            f"{LONGEST_NAME} characters, or holds control characters"
        )
    if twice:
        yield f"{twice} of the models it lists are named twice"


def _listed(entry: Mapping[str, object], served_as: str, state: ModelState) -> Listed:
    meta = _dict(entry, "meta")
    aliases = _list(entry, "aliases")
    return Listed(
        served_as,
        aliases=tuple(alias for alias in aliases if is_name(alias) and alias != served_as),
        state=state,
        context=_context(entry, meta),
        max_output=_count(entry.get("max_completion_tokens")),
        reads=_named(_dict(entry, "architecture").get("input_modalities")),
        size_bytes=_count(meta.get("size")),
        parameters=_count(meta.get("n_params")),
        quantisation=_word(meta.get("ftype")),
    )


def _state(entry: Mapping[str, object], served_as: str, notes: list[str]) -> ModelState | None:
    """None: its state is one that Pointsman can't use, which `notes` is told."""
    status = _dict(entry, "status")
    value = status.get("value", ModelState.LOADED)
    if value == ModelState.FAILED or status.get("failed") is True:
        code = status.get("exit_code")
        notes.append(f"{served_as} failed to load" + (f" (exit code {code})" if _is_int(code) else ""))
        return ModelState.FAILED
    if value in tuple(ModelState):
        return ModelState(str(value))
    notes.append(f"{served_as} left out: its state is {_word(value) or 'not a word'}")
    return None


def _context(entry: Mapping[str, object], meta: Mapping[str, object]) -> int | None:
    """Tokens in force: what is loaded, else what the router will load it with, else what a cloud says."""
    in_force = _count(meta.get("n_ctx")) or _slot_context(_list(_dict(entry, "status"), "args"))
    stated = (_count(entry.get(key)) for key in CONTEXT_KEYS)
    return in_force or next((count for count in stated if count), None)


def _slot_context(args: Sequence[object]) -> int | None:
    """`--ctx-size` is shared by the `--parallel` slots; without the latter each gets all of it."""
    total = _flag(args, "--ctx-size", "-c")
    return total // (_flag(args, "--parallel", "-np") or 1) or None if total else None


def _flag(args: Sequence[object], *names: str) -> int | None:
    for name, value in pairwise(args):
        if name in names and isinstance(value, str) and value.isdecimal() and len(value) <= MOST_DIGITS:
            return int(value)
    return None


def _abilities(caps: Mapping[str, object]) -> tuple[Ability, Ability]:
    """llama.cpp's grammars give every model JSON; for tools the chat template must know calls as well."""
    said = (caps.get("supports_tools"), caps.get("supports_tool_calls"))
    if False in said:
        return Ability.JSON, Ability.TOOLS
    return (Ability.JSON | Ability.TOOLS if True in said else Ability.JSON), Ability.NONE


def _detailed(model: Listed, details: Details) -> Listed:
    more = (details.alias,) if details.alias not in {"", model.served_as, *model.aliases} else ()
    return replace(
        model,
        aliases=(*model.aliases, *more),
        state=ModelState.SLEEPING if details.sleeping else model.state,
        context=details.context or model.context,
        has=model.has | details.has,
        lacks=model.lacks | details.lacks,
        reads=details.reads or model.reads,
        quantisation=details.quantisation or model.quantisation,
    )


def _switched_on(modalities: object) -> Modality | None:
    """`{"vision": true, "audio": false}`: text, and what is true."""
    if not isinstance(modalities, dict):
        return None
    return Modality.TEXT | _together(name for name, on in modalities.items() if on is True)


def _named(modalities: object) -> Modality | None:
    """`["text", "image"]`."""
    return _together(modalities) or None if isinstance(modalities, list) else None


def _together(names: Iterable[object]) -> Modality:
    known = (MODALITIES.get(name, Modality.NONE) for name in names if isinstance(name, str))
    return reduce(or_, known, Modality.NONE)


def _stem(whole: str) -> str:
    if not (ROOTED.match(whole) or whole.lower().endswith(".gguf")):
        return whole
    last = re.split(r"[\\/]", whole.rstrip("\\/"))[-1]
    return WEIGHTS.sub("", last) or whole


def _dict(value: object, key: str) -> Mapping[str, object]:
    inner = value.get(key) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, dict) else {}


def _list(value: Mapping[str, object], key: str) -> Sequence[object]:
    inner = value.get(key)
    return inner if isinstance(inner, list) else ()


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _count(value: object) -> int | None:
    """A count of something that is there: a whole number above zero."""
    return value if _is_int(value) and 0 < value < LARGEST_COUNT else None


def _word(value: object) -> str:
    """A short text for people, or nothing."""
    return value if isinstance(value, str) and len(value) <= LONGEST_WORD and value.isprintable() else ""
