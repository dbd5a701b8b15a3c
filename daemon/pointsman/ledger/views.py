"""The shape of a decision as plain JSON, apart from what makes it: the CLI loads no more than this.

What is `NotRequired` is missing from decisions that were written down before it was known.
"""

from typing import NotRequired, TypedDict


class WantedView(TypedDict):
    asked: str
    chosen: bool  # true: Pointsman chose among all
    models: list[str]
    named: int  # how many of them the name itself means; the rest are its fallbacks
    via: str
    missing: list[str]
    role: NotRequired[str]  # that it plays; empty: none
    profile: NotRequired[str]  # by which Pointsman chose
    floor: NotRequired[str]  # the least grade that it could choose
    needs: NotRequired[list[str]]  # what the role asks of a model
    priority: NotRequired[str | None]  # the role's
    is_minor: NotRequired[bool]  # of two models here, the smaller serves it
    preferred: NotRequired[list[str]]  # those that came first, on whatever rung
    preferred_by: NotRequired[str]
    fallback: NotRequired[list[str]]  # those that were to be asked when the chosen one failed
    fallback_by: NotRequired[str]
    avoids: NotRequired[list[str]]  # those that it never gets
    spares: NotRequired[list[str]]  # those here that it gets after their likes
    allowed: NotRequired[list[str] | None]  # the only ones that its program may use; null: all


class TaskView(TypedDict):
    """Tokens are estimates that err on the high side; `max_tokens` is null where the client named none.

    `prompt_ceiling` is what the prompt can't exceed, in tokens of whichever vocabulary.
    """

    grade: str
    needs: list[str]
    reads: list[str]
    prompt_tokens: int
    max_tokens: int | None
    privacy: str
    kind: NotRequired[str]  # code, reasoning, analysis, creative, summarize ...
    complexity: NotRequired[str]  # trivial | simple | standard | complex | expert
    prompt_ceiling: NotRequired[int]
    untranslatable: NotRequired[str]  # a field that only an OpenAI API can be asked with; empty: none
    format: NotRequired[str]  # of the call: openai.chat, anthropic.messages ...
    priority: NotRequired[str]  # critical | normal | background
    mode: NotRequired[str]  # in force when it was asked: normal | no-paid | local-only | paused
    at_most: NotRequired[int | None]  # nano-dollars that the answer may cost, by the request's own word
    caller: NotRequired["CallerView"]
    text_bytes: NotRequired[int]  # of all that is read as text
    extra_tokens: NotRequired[int]  # that the prompt has at the most besides
    expected_output: NotRequired[int]  # tokens
    extras: NotRequired[list[str]]  # all it asks for but text: images, audio, web search ...
    reasons: list[str]
    stays_with: NotRequired[str]  # the model that answered in this conversation a short time before
    in_tool_loop: NotRequired[bool]  # it brings what a tool was called for


class CandidateView(TypedDict):
    model: str
    tier: str
    reason: str
    degraded: bool
    trains: NotRequired[bool | None]  # whether its provider may train on prompts
    context: NotRequired[int | None]  # tokens that the engine is asked to load it with; null: as it is


class ExcludedView(TypedDict):
    """All models that one rule left out for the same reason; of a past request the first of them."""

    rule: str
    reason: str
    models: list[str]
    more: NotRequired[int]  # how many are not in the list


class CallerView(TypedDict):
    """Who asked; empty: it is not known, or nobody said."""

    app: str
    role: str
    user: str


class DecisionView(TypedDict):
    id: str
    wanted: WantedView
    task: TaskView
    candidates: list[CandidateView]
    more: NotRequired[int]  # how many candidates come after these
    excluded: list[ExcludedView]
    spending: NotRequired[str]  # what holds spending back, for people; empty: nothing does
