"""Who reads what an engine tells beside its list: a page's path and its reader. Pure.

A row names the pages of its engine. A page that is not what it should be changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from pointsman.discovery import lemonade, llama, lm_studio, ollama
from pointsman.discovery.fields import by_name, count, items, word
from pointsman.discovery.listing import Change, Listed, Listing
from pointsman.types import Ability, Modality, ModelState

SWAPPING = MappingProxyType({"ready": ModelState.LOADED, "starting": ModelState.LOADING})


def with_version(listing: Listing, body: object) -> Listing:
    """Ollama, vLLM."""
    return replace(listing, build=word(body.get("version"))) if isinstance(body, dict) else listing


def with_running(listing: Listing, body: object) -> Listing:
    """llama-swap's processes: internal/server/api.go of mostlygeek/llama-swap."""
    if not isinstance(body, dict) or not isinstance(body.get("running"), list):
        return listing
    running = by_name(items(body, "running"), "model")

    def state(model: Listed) -> ModelState:
        return SWAPPING.get(word(running.get(model.served_as, {}).get("state")), ModelState.UNLOADED)

    return listing.changed(lambda model: model if model.runs_at else replace(model, state=state(model)))


def with_system(listing: Listing, body: object) -> Listing:
    """LocalAI's models in memory."""
    if not isinstance(body, dict) or not isinstance(body.get("loaded_models"), list):
        return listing
    loaded = by_name(items(body, "loaded_models"), "id")
    states = (ModelState.UNLOADED, ModelState.LOADED)
    return listing.changed(lambda model: replace(model, state=states[model.served_as in loaded]))


def with_generation(listing: Listing, body: object) -> Listing:
    """SGLang's one model: entrypoints/http_server.py of sgl-project/sglang."""
    if not isinstance(body, dict) or not isinstance(body.get("is_generation"), bool):
        return listing
    if not body["is_generation"]:
        return listing.changed(lambda model: replace(model, has=Ability.EMBEDDINGS, lacks=Ability.CHAT))
    reads = Modality.TEXT
    reads |= Modality.IMAGE if body.get("has_image_understanding") is True else Modality.NONE
    reads |= Modality.AUDIO if body.get("has_audio_understanding") is True else Modality.NONE
    return listing.changed(lambda model: replace(model, has=Ability.CHAT | Ability.JSON, reads=reads))


def with_kobold(listing: Listing, body: object) -> Listing:
    """KoboldCpp says which of its parts have a model."""
    if not isinstance(body, dict):
        return listing
    lacks = Ability.CHAT if body.get("llm") is False else Ability.NONE
    reads = Modality.TEXT | Modality.IMAGE if body.get("vision") is True else None
    told = replace(listing, build=word(body.get("version")))
    return told.changed(lambda model: replace(model, lacks=lacks, reads=reads))


def with_context(listing: Listing, body: object) -> Listing:
    """KoboldCpp's context in force."""
    context = count(body.get("value")) if isinstance(body, dict) else None
    return listing.changed(lambda model: replace(model, context=context or model.context))


Reader = Callable[[Listing, object], Listing]

READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "/props": llama.with_props,
        "/api/version": with_version,
        "/api/tags": ollama.with_tags,
        "/api/ps": ollama.with_loaded,
        "/api/v0/models": lm_studio.with_models,
        "/version": with_version,
        "/running": with_running,
        "/system": with_system,
        "/api/extra/version": with_kobold,
        "/api/extra/true_max_context_length": with_context,
        "/api/v1/models": lemonade.with_models,
        "/api/v1/health": lemonade.with_health,
        "/model_info": with_generation,
    }
)

DESCRIBERS: Mapping[str, Callable[[object], Change | None]] = MappingProxyType(
    {"/api/show": ollama.read_shown}
)
