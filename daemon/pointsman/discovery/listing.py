"""The list of models that an OpenAI API gives, with what servers add to it. Pure.

All of it is hostile until read: a field of a wrong type is unknown, a name that could not be shown or
sent is refused and counted, and nothing in a body raises.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

from pointsman.discovery.capabilities import read_capabilities
from pointsman.discovery.fields import LONGEST_NAME, count, day, inner, is_int, is_name, items, word
from pointsman.discovery.prices import Tag, read_price
from pointsman.money import Price
from pointsman.types import Ability, Modality, ModelState, Stretch

MOST_MODELS = 2_000  # that can be used; the largest gateways have some hundreds
MOST_ROWS = 20_000  # that are looked at, usable or not: a few milliseconds for each thousand
MOST_DIGITS = 12  # of a number on a command line

# vLLM; OpenRouter, Together; Groq, Vercel; Mistral; Anthropic.
CONTEXT_KEYS = (
    *("max_model_len", "context_length", "context_window", "max_context_length"),
    "max_input_tokens",
)
OUTPUT_KEYS = ("max_completion_tokens", "max_tokens")  # Groq; Anthropic, Vercel
END_KEYS = ("expiration_date", "deprecation")  # OpenRouter; Mistral
TITLE_KEYS = ("display_name", "name")  # Anthropic, Together; OpenRouter, Vercel
NO_TRAINING = "no_training"  # Vercel's: all, some or none of those behind it
PREFIX = "models/"  # Gemini's
ELSEWHERE = "a place it does not name"  # where a model runs that may not run here
RETIRED = "retired"  # Anthropic's: in its list as a memory, and no longer answering
WEIGHTS = re.compile(r"\.(gguf|safetensors|bin)$", re.IGNORECASE)
ROOTED = re.compile(r"^(/|\.{1,2}/|~/|\\|[A-Za-z]:[\\/])")


@dataclass(frozen=True, slots=True)
class Listed:
    """One model, as an endpoint tells of it. None and neither `has` nor `lacks`: it does not say."""

    served_as: str
    aliases: tuple[str, ...] = ()
    state: ModelState = ModelState.LOADED
    context: int | None = None
    stretch: Stretch | None = None
    slots: int | None = None
    max_output: int | None = None
    has: Ability = Ability.NONE
    lacks: Ability = Ability.NONE
    reads: Modality | None = None
    size_bytes: int | None = None
    parameters: int | None = None
    quantisation: str = ""
    runs_at: str = ""  # empty: here, as far as it tells
    owner: str = ""
    digest: str = ""  # of its weights and settings
    price: Price | None = None  # as the list says; None: it does not
    free: bool = False  # the list says that it costs nothing
    title: str = ""
    trains: bool | None = None
    source: str = "list"  # or docs, kept, seed
    ends: date | None = None  # its last day, if that is set


Change = Callable[[Listed], Listed]
"""What a page tells of one model, as a change of what was known of it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of models, what its server tells of itself, and in plain words what could not be used."""

    models: tuple[Listed, ...]
    notes: tuple[str, ...] = ()
    holds: int | None = None
    tells_loads: bool = True
    build: str = ""

    def changed(self, change: Change) -> "Listing":
        return replace(self, models=tuple(map(change, self.models)))


def read_models(*pages: object) -> Listing | None:
    """A list of models as OpenAI or Anthropic give it, with what engines add. None: it is not such a list."""
    entries: list[object] = []
    for page in pages:
        if (found := _entries(page)) is None:
            return None
        entries += found
    return _listing(entries)


def _entries(page: object) -> list[object] | None:
    entries = page.get("data") if isinstance(page, dict) else page
    if not isinstance(entries, list):
        return None
    declared = isinstance(page, dict) and (page.get("object") == "list" or "has_more" in page)
    if not declared and not any(isinstance(entry, dict) and "id" in entry for entry in entries):
        return None
    return entries


def short_names(served_as: Sequence[str]) -> tuple[str, ...]:
    """What people call them: a path by its stem, as long as that tells it from the ones before."""
    taken = {whole for whole in served_as if _stem(whole) == whole}
    names: list[str] = []
    for whole in served_as:
        stem = _stem(whole)
        names.append(whole if stem in taken else stem)
        taken.add(stem)
    return tuple(names)


@dataclass(slots=True)
class _Tally:
    """What was read of a list, and what could not be."""

    known: dict[str, Listed] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)  # whom a name that only points at another means
    notes: list[str] = field(default_factory=list)
    unusable: int = 0
    twice: int = 0
    unpriced: int = 0

    def read(self, entry: object) -> None:
        served_as = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not is_name(served_as):
            self.unusable += 1
        elif served_as in self.known:
            self.twice += 1
        elif not _is_over(entry) and (state := _state(entry, served_as, self.notes)) is not None:
            tag = read_price(entry, served_as)
            self.unpriced += tag.broken
            self.known[served_as] = _listed(entry, served_as, state, tag)
            if is_name(target := inner(entry, "alias_target").get("slug")):
                self.targets[served_as] = target

    def models(self) -> tuple[Listed, ...]:
        """A name that points at another model of the list is one of that one's."""
        for name, target in self.targets.items():
            if target in self.known and target not in self.targets:
                meant, pointer = self.known[target], self.known.pop(name)
                self.known[target] = replace(meant, aliases=(*meant.aliases, name, *pointer.aliases))
        return tuple(self.known.values())


def _listing(entries: list[object]) -> Listing:
    tally, rows = _Tally(), 0
    for entry in entries[:MOST_ROWS]:
        if len(tally.known) == MOST_MODELS:
            break
        tally.read(entry)
        rows += 1
    return Listing(tally.models(), (*_complaints(len(entries), rows, tally), *tally.notes))


def _is_over(entry: Mapping[str, object]) -> bool:
    """Anthropic's retired ones, and Groq's that are not active."""
    return entry.get("lifecycle") == RETIRED or entry.get("active") is False


def _complaints(listed: int, looked_at: int, tally: _Tally) -> Iterable[str]:
    if looked_at < listed:
        yield f"it lists {listed} models, of which the first {len(tally.known)} are used"
    if tally.unusable:
        yield (
            f"{tally.unusable} of the models it lists left out: the name is missing, longer than "
            f"{LONGEST_NAME} characters, or holds control characters"
        )
    if tally.twice:
        yield f"{tally.twice} of the models it lists are named twice"
    if tally.unpriced:
        yield f"{tally.unpriced} of the models it lists have a price that is none, such as -1: it is unknown"


def _listed(entry: Mapping[str, object], served_as: str, state: ModelState, tag: Tag) -> Listed:
    """Who writes more than text for nothing is paid by the piece, which its list does not say."""
    meta = inner(entry, "meta")
    can = read_capabilities(entry, served_as)
    makes_more = can.writes is not None and can.writes is not Modality.TEXT
    price, free, _ = Tag() if tag.free and makes_more else tag
    return Listed(
        served_as,
        aliases=tuple(name for name in items(entry, "aliases") if is_name(name) and name != served_as),
        state=state,
        context=_context(entry, meta),
        max_output=_max_output(entry),
        has=can.has,
        lacks=can.lacks,
        reads=can.reads,
        size_bytes=count(meta.get("size")),
        parameters=count(meta.get("n_params")),
        quantisation=word(meta.get("ftype")),
        runs_at=word(inner(meta, "llamaswap").get("peerID")),  # llama-swap passes on to its peers
        owner=word(entry.get("owned_by")),
        price=price,
        free=free,
        title=next(filter(None, (word(entry.get(key)) for key in TITLE_KEYS)), ""),
        trains=False if entry.get(NO_TRAINING) == "all" else None,
        ends=next(filter(None, (day(entry.get(key)) for key in END_KEYS)), None),
    )


def _max_output(entry: Mapping[str, object]) -> int | None:
    stated = [entry.get(key) for key in OUTPUT_KEYS]
    top = inner(entry, "top_provider").get("max_completion_tokens")
    return next(filter(None, map(count, (top, *stated))), None)


def _state(entry: Mapping[str, object], served_as: str, notes: list[str]) -> ModelState | None:
    """None: its state is one that Pointsman can't use, which `notes` is told."""
    status = inner(entry, "status")
    value = status.get("value", ModelState.LOADED)
    if value == ModelState.FAILED or status.get("failed") is True:
        code = status.get("exit_code")
        notes.append(f"{served_as} failed to load" + (f" (exit code {code})" if is_int(code) else ""))
        return ModelState.FAILED
    if value in tuple(ModelState):
        return ModelState(str(value))
    notes.append(f"{served_as} left out: its state is {word(value) or 'not a word'}")
    return None


def _context(entry: Mapping[str, object], meta: Mapping[str, object]) -> int | None:
    """Tokens in force: what is loaded, else what the router will load it with, else what a cloud says.

    A gateway's first provider may hold less than the best that it has.
    """
    in_force = count(meta.get("n_ctx")) or _slot_context(items(inner(entry, "status"), "args"))
    stated = next(filter(None, (count(entry.get(key)) for key in CONTEXT_KEYS)), None)
    first = count(inner(entry, "top_provider").get("context_length"))
    return in_force or min(filter(None, (stated, first)), default=None)


def _slot_context(args: Sequence[object]) -> int | None:
    """`--ctx-size` is shared by the `--parallel` slots; without the latter each gets all of it."""
    total = _flag(args, "--ctx-size", "-c")
    return total // (_flag(args, "--parallel", "-np") or 1) or None if total else None


def _flag(args: Sequence[object], *names: str) -> int | None:
    for name, value in pairwise(args):
        if name in names and isinstance(value, str) and value.isdecimal() and len(value) <= MOST_DIGITS:
            return int(value)
    return None


def _stem(whole: str) -> str:
    if not (ROOTED.match(whole) or whole.lower().endswith(".gguf")):
        return whole.removeprefix(PREFIX) or whole
    last = re.split(r"[\\/]", whole.rstrip("\\/"))[-1]
    return WEIGHTS.sub("", last) or whole
