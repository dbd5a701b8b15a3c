"""What LM Studio tells at `/api/v0/models`. Pure.

Source: 1_developer/2_rest/endpoints.md of lmstudio-ai/docs. A model that is not loaded will be loaded with
the context of its own load settings, which the page does not tell: `max_context_length` is the trained one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from pointsman.discovery.fields import by_name, count, items, word
from pointsman.discovery.listing import Listed, Listing
from pointsman.types import Ability, Modality, ModelState

STATES = MappingProxyType({"loaded": ModelState.LOADED, "loading": ModelState.LOADING})
CHATS = MappingProxyType({"llm": Modality.TEXT, "vlm": Modality.TEXT | Modality.IMAGE})


def with_models(listing: Listing, body: object) -> Listing:
    told = by_name(items(body, "data"), "id")
    return listing.changed(lambda model: _told(model, told.get(model.served_as, {})))


def _told(model: Listed, entry: Mapping[str, object]) -> Listed:
    if not entry:
        return model
    state = STATES.get(word(entry.get("state")), ModelState.UNLOADED)
    loaded = count(entry.get("loaded_context_length")) if state is ModelState.LOADED else None
    has, lacks = _abilities(word(entry.get("type")), items(entry, "capabilities"))
    return replace(
        model,
        state=state,
        context=loaded,
        has=has,
        lacks=lacks,
        reads=CHATS.get(word(entry.get("type"))),
        quantisation=word(entry.get("quantization")),
    )


def _abilities(kind: str, capabilities: Sequence[object]) -> tuple[Ability, Ability]:
    """Any chat model can be forced into JSON; one that is not trained for tools may still be given them."""
    if kind == "embeddings":
        return Ability.EMBEDDINGS, Ability.CHAT
    if kind not in CHATS:
        return Ability.NONE, Ability.NONE
    tools = Ability.TOOLS if "tool_use" in capabilities else Ability.NONE
    return Ability.CHAT | Ability.JSON | tools, Ability.NONE
