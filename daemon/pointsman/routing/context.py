"""Whether a prompt fits a model's context, and which context to ask an engine for that lets it be set.

Such an engine cuts a longer prompt without a word when it is asked plainly. It is asked so only where
the prompt can't exceed what it then gets; for all else its own dialect names a context, and refuses.
"""

from pointsman.calls import Task
from pointsman.catalogue.providers import provider
from pointsman.types import Ability, Dialect, Kind, Model, Stretch

ANSWER_ROOM = 1_024  # tokens an answer is given in the context when the client names no limit
PLAIN = 4_096  # tokens of an engine that lets them be set and does not say: the least that Ollama defaults to
SMALLEST = 8_192  # tokens asked for, so that a growing conversation does not reload its model each turn


def objection(model: Model, task: Task) -> str | None:
    """Why the prompt can't be given to the model whole, and what helps; None if it can."""
    stretch = model.stretch
    if stretch is None:
        if model.context is None or _fits(task, model.context):
            return None
        return f"{_figures(task, model.context)} {_advice(model, task)}".rstrip()
    if _plainly(model, stretch, task) or _asked(model, stretch, task):
        return None
    if (why := _only_openai(model, task)) and _fits(task, stretch.most):
        return (
            f"{why} it can only be asked over an API that cuts what does not fit "
            f"{_sure(model, stretch):,} tokens without a word {_advice(model, task)}"
        ).rstrip()
    return _figures(task, stretch.most)


def all_fit(kind: Kind, task: Task) -> bool:
    """Whether it is known without a look at each that the prompt fits all models of a kind."""
    return kind.models[0].stretch is None and (kind.least is None or _fits(task, kind.least))


def to_ask(model: Model, task: Task) -> int | None:
    """Tokens of context to ask for; None: it is asked plainly. For a model to which there is no objection."""
    stretch = model.stretch
    if stretch is None or (_plainly(model, stretch, task) and not _loaded_otherwise(model, stretch)):
        return None
    return _asked(model, stretch, task)


def fits(prompt: int, answer: int, context: int) -> bool:
    """Whether a context holds both, in tokens; of a small one, an answer is left a quarter."""
    return prompt + _left(answer, context) <= context


def holding(tokens: int) -> int:
    """A context to ask for that holds so many tokens: a power of two."""
    return max(SMALLEST, 1 << (tokens - 1).bit_length())


def reloads(model: Model, context: int | None) -> bool:
    """Whether asking for this context makes the engine load the model anew."""
    return context is not None and context != model.context


def _only_openai(model: Model, task: Task) -> str:
    """Why the engine's own dialect can't be used; empty: it can."""
    if task.untranslatable:
        return f"with `{task.untranslatable}`"
    return 'as kind = "openai"' if model.endpoint.dialect is Dialect.OPENAI else ""


def _plain(stretch: Stretch) -> int:
    """Tokens that a plain request is given: never more than the model can read."""
    return min(stretch.plain or PLAIN, stretch.most)


def _sure(model: Model, stretch: Stretch) -> int:
    """What it gets at the least: an engine that does not say may load all its models as small as this one."""
    return _plain(stretch) if stretch.plain else min(_plain(stretch), model.context or PLAIN)


def _plainly(model: Model, stretch: Stretch, task: Task) -> bool:
    """Whether it is sure that nothing is cut: no vocabulary has tokens shorter than a byte."""
    return fits(task.prompt_ceiling, _answer(task), _sure(model, stretch))


def _loaded_otherwise(model: Model, stretch: Stretch) -> bool:
    """A plain request would make the engine load the model anew, with the context it gives by itself."""
    return model.context not in {None, _plain(stretch)}


def _asked(model: Model, stretch: Stretch, task: Task) -> int | None:
    """What it is loaded with if that will do, else the next power of two; None if it can't be asked so.

    Vectors come from the one model that is named: whether a text is too long its engine tells exactly.
    """
    if _only_openai(model, task):
        return None
    if model.context is not None and _fits(task, model.context):
        return model.context
    if not _fits(task, stretch.most) and task.needs is not Ability.EMBEDDINGS:
        return None
    return min(_enough(task), stretch.most)


def _fits(task: Task, context: int) -> bool:
    return fits(task.prompt_tokens, _answer(task), context)


def _answer(task: Task) -> int:
    """Tokens for the answer. Vectors take none."""
    return 0 if task.needs is Ability.EMBEDDINGS else task.max_tokens or ANSWER_ROOM


def _left(answer: int, context: int) -> int:
    return min(answer, context // 4)


def _enough(task: Task) -> int:
    return holding(task.prompt_tokens + _answer(task))


def _figures(task: Task, context: int) -> str:
    return (
        f"about {task.prompt_tokens:,} tokens of prompt and {_left(_answer(task), context):,} for the answer "
        f"don't fit its context of {context:,}"
    )


def _advice(model: Model, task: Task) -> str:
    """The setting that helps, where the engine is known."""
    row = provider(model.endpoint.provider)
    if row is None or not row.context_setting:
        return ""
    return f"(to give it more: {row.context_setting.format(_enough(task))})"
