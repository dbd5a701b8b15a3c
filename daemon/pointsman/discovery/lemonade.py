"""What Lemonade tells at `/api/v1/models` and `/api/v1/health`. Pure.

Source: docs/api/lemonade.md of lemonade-sdk/lemonade. Its list names the trained context; the one in force
is told of what is loaded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pointsman.discovery.fields import by_name, count, inner, items, word
from pointsman.discovery.listing import ELSEWHERE, Listed, Listing
from pointsman.types import Ability, Modality, ModelState

NO_CHAT = frozenset({"embeddings", "reranking", "image", "audio", "transcription", "tts"})


def with_models(listing: Listing, body: object) -> Listing:
    told = by_name(items(body, "data"), "id")
    return listing.changed(lambda model: _told(model, told.get(model.served_as, {})))


def with_health(listing: Listing, body: object) -> Listing:
    if not isinstance(body, dict):
        return listing
    loaded = by_name(items(body, "all_models_loaded"), "model_name")
    one = body.get("model_loaded")  # all that older ones tell

    def change(model: Listed) -> Listed:
        here = loaded.get(model.served_as, {})
        if model.runs_at:
            return model
        if not here and model.served_as != one:
            return replace(model, state=ModelState.UNLOADED)
        context = count(inner(here, "recipe_options").get("ctx_size"))
        return replace(model, state=ModelState.LOADED, context=context)

    told = replace(listing.changed(change), build=word(body.get("version")))
    return replace(told, holds=count(inner(body, "max_models").get("llm")))


def _told(model: Listed, entry: Mapping[str, object]) -> Listed:
    if not entry:
        return replace(model, runs_at=ELSEWHERE)
    labels = items(entry, "labels")
    elsewhere = entry.get("recipe") == "cloud"
    has, lacks = _abilities(labels)
    return replace(
        model,
        context=model.context if elsewhere else None,
        has=has,
        lacks=lacks,
        reads=Modality.TEXT | Modality.IMAGE if "vision" in labels else None,
        runs_at=(word(entry.get("cloud_provider")) or "the cloud") if elsewhere else "",
    )


def _abilities(labels: Sequence[object]) -> tuple[Ability, Ability]:
    """By its labels; a label that is not there says nothing."""
    has = Ability.TOOLS if "tool-calling" in labels else Ability.NONE
    has |= Ability.THINKING if "reasoning" in labels else Ability.NONE
    has |= Ability.EMBEDDINGS if "embeddings" in labels else Ability.NONE
    return has, Ability.CHAT if any(label in labels for label in NO_CHAT) else Ability.NONE
