"""What llama-server tells at `/props`, alone or as a router. Pure.

Source: tools/server/README.md of ggml-org/llama.cpp, and bodies recorded from a real one.
"""

from collections.abc import Mapping
from dataclasses import replace

from pointsman.discovery.fields import count, inner, is_name, modalities, word
from pointsman.discovery.listing import Listed, Listing
from pointsman.types import Ability, Modality, ModelState


def with_props(listing: Listing, body: object) -> Listing:
    """A server's one model gets the details; a router's models stay as its list has them."""
    if not isinstance(body, dict) or "default_generation_settings" not in body:
        return listing
    told = replace(listing, build=word(body.get("build_info")))
    if body.get("role") == "router":
        routed = told.changed(lambda model: replace(model, has=model.has | Ability.JSON))
        return replace(routed, holds=count(body.get("max_instances")))
    return told.changed(lambda model: _detailed(model, body)) if len(told.models) == 1 else told


def _detailed(model: Listed, props: Mapping[str, object]) -> Listed:
    has, lacks = _abilities(inner(props, "chat_template_caps"))
    alias = props.get("model_alias")
    more = (alias,) if is_name(alias) and alias not in {model.served_as, *model.aliases} else ()
    return replace(
        model,
        aliases=(*model.aliases, *more),
        state=ModelState.SLEEPING if props.get("is_sleeping") is True else model.state,
        context=count(inner(props, "default_generation_settings").get("n_ctx")) or model.context,  # of a slot
        slots=count(props.get("total_slots")),
        has=model.has | has,
        lacks=model.lacks | lacks,
        reads=_switched_on(props.get("modalities")) or model.reads,
        quantisation=word(props.get("model_ftype")) or model.quantisation,
    )


def _abilities(caps: Mapping[str, object]) -> tuple[Ability, Ability]:
    """llama.cpp's grammars give every model JSON; for tools the chat template must know calls as well."""
    said = (caps.get("supports_tools"), caps.get("supports_tool_calls"))
    if False in said:
        return Ability.JSON, Ability.TOOLS
    return (Ability.JSON | Ability.TOOLS if True in said else Ability.JSON), Ability.NONE


def _switched_on(told: object) -> Modality | None:
    """`{"vision": true, "audio": false}`: text, and what is true."""
    if not isinstance(told, dict):
        return None
    return Modality.TEXT | modalities(name for name, on in told.items() if on is True)
