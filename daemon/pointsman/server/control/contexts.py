"""Contexts that are too small: for what was sent today, or for what agents usually send."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from pointsman.ledger.queries import Decided
from pointsman.routing import policy
from pointsman.routing.context import ANSWER_ROOM, fits, holding
from pointsman.server.control.words import chats, is_here, models_of, set_context, who
from pointsman.types import Endpoint, Model, Snapshot

SMALL = 16_384  # tokens: an agent's first request alone may hold more
ENOUGH = 32_768


@dataclass(frozen=True, slots=True)
class TooLong:
    """The longest prompt of today that a model was too small for, and still is."""

    app: str
    tokens: int
    models: tuple[Model, ...]  # of one endpoint


def turned_away(snapshot: Snapshot, decided: Sequence[Decided]) -> dict[str, str]:
    """The longest prompt that was too long for an endpoint, by endpoint: a sentence each."""
    found = {endpoint.id: _longest(_talkers(endpoint, snapshot), decided) for endpoint in snapshot.endpoints}
    return {name: _too_long_for(longest) for name, longest in found.items() if longest}


def small(snapshot: Snapshot, but: Container[str]) -> Iterator[str]:
    """At most one sentence for each endpoint, of which nothing worse was said."""
    for endpoint in snapshot.endpoints:
        tight = [model for model in _talkers(endpoint, snapshot) if _is_small(model)]
        if tight and endpoint.id not in but:
            yield _small(tight)


def _talkers(endpoint: Endpoint, snapshot: Snapshot) -> list[Model]:
    return [model for model in models_of(endpoint, snapshot) if is_here(model) and chats(model)]


def _longest(models: Sequence[Model], decided: Sequence[Decided]) -> TooLong | None:
    found = [too_long for one in decided if (too_long := _too_long(models, one)) is not None]
    return max(found, key=lambda one: one.tokens, default=None)


def _too_long(models: Sequence[Model], one: Decided) -> TooLong | None:
    tokens = one.decision["task"]["prompt_tokens"]
    ids = {
        name
        for group in one.decision["excluded"]
        if group["rule"] == policy.CONTEXT
        for name in group["models"]
    }
    short = tuple(model for model in models if model.id in ids and _is_short(model, tokens))
    return TooLong(one.app, tokens, short) if short else None


def _is_short(model: Model, tokens: int) -> bool:
    """It may have been given more since."""
    has = _has(model)
    return has is not None and not fits(tokens, ANSWER_ROOM, has)


def _has(model: Model) -> int | None:
    """What is in force; else, where that is set by each request, the most that it may be."""
    return model.context or (model.stretch.most if model.stretch else None)


def _too_long_for(longest: TooLong) -> str:
    most = max(_has(model) or 0 for model in longest.models)
    has = "has" if len(longest.models) == 1 else "have"
    return (
        f"{longest.app or 'a program'} sent about {longest.tokens:,} tokens, and {who(longest.models)} {has} "
        f"{most:,} of context: {_advice(longest.models, longest.tokens + ANSWER_ROOM)}"
    )


def _is_small(model: Model) -> bool:
    """A context that can't grow is no reason to say anything."""
    if model.context is None or model.context >= SMALL:
        return False
    return model.stretch is None or model.stretch.most > model.context


def _small(models: Sequence[Model]) -> str:
    figures = sorted({model.context for model in models if model.context})
    spread = f"{figures[0]:,}" if len(figures) == 1 else f"{figures[0]:,} to {figures[-1]:,}"
    most = _most(models)
    of = f" of {most:,}" if most else ""
    has = "has" if len(models) == 1 else "have"
    return (
        f"{who(models)} {has} {spread} tokens of context in force{of}, and agents send more: "
        f"{_advice(models, min(ENOUGH, most or ENOUGH))}"
    )


def _most(models: Sequence[Model]) -> int | None:
    """What the largest of them could have; None: not known."""
    return max((model.stretch.most for model in models if model.stretch), default=None)


def _advice(models: Sequence[Model], tokens: int) -> str:
    most = _most(models)
    if most is not None and most < tokens:
        return f"load a model that can have more than {most:,}"
    enough = holding(tokens)
    return set_context(models[0].endpoint, min(enough, most or enough))
