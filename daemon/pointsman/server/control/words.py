"""Words that several sentences of a status share, and what they look for in models."""

from collections.abc import Sequence

from pointsman.catalogue.providers import provider
from pointsman.types import Ability, Endpoint, Health, Model, ModelState, Snapshot, Tier


def set_context(endpoint: Endpoint, tokens: int) -> str:
    """What to do for a context of so many tokens."""
    row = provider(endpoint.provider)
    if row is None or not row.context_setting:
        return f"start {endpoint.id} with a context of {tokens:,}"
    return f"set {row.context_setting.format(tokens)} for {row.title}"


def set_tools(endpoint: Endpoint) -> str:
    """What to do for tools; empty: that is not known."""
    row = provider(endpoint.provider)
    return f"set {row.tools_setting} for {row.title}" if row and row.tools_setting else ""


def models_of(endpoint: Endpoint, snapshot: Snapshot) -> list[Model]:
    return [model for model in snapshot.models if model.endpoint.id == endpoint.id]


def is_here(model: Model) -> bool:
    """Whether it can be asked, and runs on this machine."""
    there = model.endpoint.health is not Health.AWAY and model.state is not ModelState.FAILED
    return there and model.tier is Tier.LOCAL


def chats(model: Model) -> bool:
    """Whether it is there to talk with. What makes vectors and says no more is not."""
    if model.has & Ability.CHAT:
        return True
    return not (model.lacks & Ability.CHAT or model.has & Ability.EMBEDDINGS)


def who(models: Sequence[Model]) -> str:
    """Models of one endpoint: by name where it is one."""
    return models[0].id if len(models) == 1 else of_endpoint(models[0].endpoint, len(models))


def of_endpoint(endpoint: Endpoint, number: int) -> str:
    return f"{count(number)} of {endpoint.id}"


def count(number: int) -> str:
    return f"{number} model" if number == 1 else f"{number} models"
