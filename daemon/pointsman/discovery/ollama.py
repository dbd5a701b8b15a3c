"""What Ollama tells in its own API. Pure.

Source: api/types.go, server/routes.go and docs/api.md of ollama/ollama. Its OpenAI API cuts a prompt that
is longer than the context without a word, so that every model that runs here has a `stretch`.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import urlsplit

from pointsman.discovery.fields import by_name, count, inner, items, word
from pointsman.discovery.listing import ELSEWHERE, MOST_DIGITS, Change, Listed, Listing
from pointsman.types import Ability, Modality, ModelState, Stretch

ABILITIES = (
    ("completion", Ability.CHAT | Ability.JSON),  # JSON by grammar
    ("tools", Ability.TOOLS),
    ("thinking", Ability.THINKING),
    ("embedding", Ability.EMBEDDINGS),
)
TOLD = Ability.CHAT | Ability.TOOLS | Ability.THINKING  # what a model refuses that does not name it
LEAST = 4_096  # tokens of context that any model is given, where its own limit is not known
CLOUD = "ollama.com"
NEWEST = ":latest"  # the tag that a name without one means
NUM_CTX = re.compile(rf"^num_ctx\s+(\d{{1,{MOST_DIGITS}}})\s*$", re.MULTILINE | re.ASCII)
SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)([KMBT])", re.ASCII)
UNITS = MappingProxyType({"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12})


def with_tags(listing: Listing, body: object) -> Listing:
    """`/api/tags`: all models on the disk, and those of the cloud that were pulled.

    What is on the disk has a size and a digest. There are servers that imitate Ollama and pass prompts on.
    """
    tags = by_name(items(body, "models"), "model", "name")
    return listing.changed(lambda model: _tagged(model, tags.get(model.served_as, {})))


def with_loaded(listing: Listing, body: object) -> Listing:
    """`/api/ps`: the models in memory, each with the context it was loaded with.

    Those too that are only being loaded, and nothing tells which these are (PsHandler in server/routes.go).
    """
    if not isinstance(body, dict) or not isinstance(body.get("models"), list):
        return listing
    loaded = by_name(items(body, "models"), "model", "name")

    def change(model: Listed) -> Listed:
        if (told := loaded.get(model.served_as)) is None or model.runs_at:
            return model
        context = count(told.get("context_length")) or model.context
        return replace(model, state=ModelState.LOADED, context=context)

    return replace(listing, tells_loads=False).changed(change)


def read_shown(body: object) -> Change | None:
    """`/api/show`: one model. None: it is something else."""
    info = inner(body, "model_info")
    if not isinstance(body, dict) or not info:
        return None
    most = count(info.get(f"{word(info.get('general.architecture'))}.context_length"))
    plain = _num_ctx(body.get("parameters"))
    elsewhere = _host(body)
    told = Listed("", parameters=count(info.get("general.parameter_count")))
    told = _able(told, body)

    def change(model: Listed) -> Listed:
        model = replace(
            model,
            runs_at=model.runs_at or elsewhere,
            has=told.has or model.has,
            lacks=told.lacks or model.lacks,
            reads=told.reads or model.reads,
            parameters=told.parameters or model.parameters,
        )
        return _stretched(model, most, plain)

    return change


def _tagged(model: Listed, tag: Mapping[str, object]) -> Listed:
    details = inner(tag, "details")
    elsewhere = _host(tag) or (CLOUD if model.served_as.endswith((":cloud", "-cloud")) else "")
    if not (count(tag.get("size")) and word(tag.get("digest"))):
        elsewhere = elsewhere or ELSEWHERE
    alias = model.served_as.removesuffix(NEWEST)
    model = replace(
        _able(model, tag),
        aliases=(alias,) if alias not in {"", model.served_as} else (),
        state=ModelState.LOADED if elsewhere else ModelState.UNLOADED,
        size_bytes=None if elsewhere else count(tag.get("size")),
        parameters=_parameters(details.get("parameter_size")),
        quantisation=word(details.get("quantization_level")),
        digest=word(tag.get("digest")),
        runs_at=elsewhere,
    )
    return _stretched(model, count(details.get("context_length")), None)


def _stretched(model: Listed, most: int | None, plain: int | None) -> Listed:
    """`most`: what the model was trained for; `plain`: what its own settings ask for."""
    if model.runs_at:
        return replace(model, stretch=None, context=most or model.context)
    most = most or (model.stretch.most if model.stretch else LEAST)
    plain = min(plain, most) if plain else None
    return replace(model, stretch=Stretch(most, plain), context=model.context or plain)


def _able(model: Listed, told: Mapping[str, object]) -> Listed:
    """What a model can, where its server is new enough to tell."""
    names = items(told, "capabilities")
    if not names:
        return model
    has = Ability.NONE
    for name, ability in ABILITIES:
        has |= ability if name in names else Ability.NONE
    reads = Modality.TEXT
    reads |= Modality.IMAGE if "vision" in names else Modality.NONE
    reads |= Modality.AUDIO if "audio" in names else Modality.NONE
    return replace(model, has=has, lacks=TOLD & ~has, reads=reads)


def _host(told: Mapping[str, object]) -> str:
    """Where a model runs that the server only passes prompts on to; empty: it runs here."""
    url, name = told.get("remote_host"), told.get("remote_model")
    if not url and not name:
        return ""
    try:
        return word(urlsplit(url).hostname) or CLOUD if isinstance(url, str) else CLOUD
    except ValueError:
        return CLOUD


def _num_ctx(parameters: object) -> int | None:
    found = NUM_CTX.search(parameters) if isinstance(parameters, str) else None
    return count(int(found[1])) if found else None


def _parameters(size: object) -> int | None:
    """`8.0B`, `334.09M`."""
    found = SIZE.fullmatch(size) if isinstance(size, str) else None
    return count(round(float(found[1]) * UNITS[found[2]])) if found else None
