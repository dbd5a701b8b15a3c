"""What an answer of OpenAI's dialect says that it used, in the words of each who speaks it.

- OpenAI: `prompt_tokens` holds what was cached and what is audio, `completion_tokens` what was thought:
  https://platform.openai.com/docs/api-reference/chat/object
- xAI and Gemini leave thoughts out of `completion_tokens`, and count them in `total_tokens` alone:
  https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/grok/capabilities/reasoning,
  and issue 1290 of mozilla-ai/any-llm. What is beyond prompt and answer is taken for thoughts.
- DeepSeek tells of its cache beside the details, or without any: `prompt_cache_hit_tokens`
  (https://api-docs.deepseek.com/guides/kv_cache).
- OpenRouter says what it cost, `cost` in dollars. For who brought a key of their own that is the fee alone,
  and `cost_details.upstream_inference_cost` comes on top:
  https://openrouter.ai/docs/use-cases/usage-accounting
"""

from decimal import ROUND_CEILING, Decimal
from typing import Annotated, Any

import msgspec

from pointsman.money import MOST, NANO, Usage

MOST_TOKENS = 1_000_000_000  # of one answer: a larger count is none
MOST_THOUGHTS = 1 << 20  # tokens; a total that is farther beyond its parts is no sum of theirs
DEAREST = Decimal(MOST) / NANO  # dollars

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_Count = Annotated[int, msgspec.Meta(ge=0, le=MOST_TOKENS)]


class _PromptDetails(msgspec.Struct):
    cached_tokens: _Count | None = None
    cache_write_tokens: _Count | None = None
    audio_tokens: _Count | None = None


class _AnswerDetails(msgspec.Struct):
    reasoning_tokens: _Count | None = None
    audio_tokens: _Count | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: _Count | None = None
    completion_tokens: _Count | None = None
    total_tokens: Any = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _AnswerDetails | None = None
    prompt_cache_hit_tokens: Any = None
    cost: msgspec.Raw = msgspec.Raw(b"")
    cost_details: msgspec.Raw = msgspec.Raw(b"")
    is_byok: Any = None


class _CostDetails(msgspec.Struct):
    upstream_inference_cost: msgspec.Raw = msgspec.Raw(b"")


_usage = msgspec.json.Decoder(_Usage | None)
_details = msgspec.json.Decoder(_CostDetails)
_dollars = msgspec.json.Decoder(Decimal)


def read_usage(raw: msgspec.Raw | None) -> Usage | None:
    """None also for figures that can't be read: no reason to throw a good answer away."""
    try:
        usage = _usage.decode(raw) if raw is not None else None
    except UNREADABLE:
        return None
    if usage is None or usage.prompt_tokens is None:
        return None
    prompt = usage.prompt_tokens_details or _PromptDetails()
    answer = usage.completion_tokens_details or _AnswerDetails()
    thought = _beyond(usage)
    cached = prompt.cached_tokens
    return Usage(
        input=usage.prompt_tokens,
        output=(usage.completion_tokens or 0) + thought,
        cache_read=count(usage.prompt_cache_hit_tokens) if cached is None else cached,
        cache_write=prompt.cache_write_tokens or 0,
        reasoning=max(answer.reasoning_tokens or 0, thought),
        audio=prompt.audio_tokens or 0,
        audio_output=answer.audio_tokens or 0,
        told=_told(usage),
    )


def count(value: object) -> int:
    """Of tokens; 0 for what is left away, or is no such count."""
    return value if type(value) is int and 0 < value <= MOST_TOKENS else 0


def _beyond(usage: _Usage) -> int:
    """How much the total is more than prompt and answer."""
    known = (usage.prompt_tokens or 0) + (usage.completion_tokens or 0)
    beyond = max(count(usage.total_tokens) - known, 0)
    return beyond if beyond <= MOST_THOUGHTS else 0


def _told(usage: _Usage) -> int | None:
    """What its provider says it cost, in nano-dollars; of two costs both must be known."""
    costs = [_cost(usage.cost)]
    if usage.is_byok is True:
        costs.append(_upstream(usage.cost_details))
    known = [cost for cost in costs if cost is not None]
    return min(sum(known), MOST) if len(known) == len(costs) else None


def _upstream(raw: msgspec.Raw) -> int | None:
    try:
        return _cost(_details.decode(raw).upstream_inference_cost)
    except UNREADABLE:
        return None


def _cost(raw: msgspec.Raw) -> int | None:
    """Read to the last digit and rounded up; None for what is no sum of money."""
    try:
        dollars = _dollars.decode(raw)
    except UNREADABLE:
        return None
    if not dollars.is_finite() or not 0 <= dollars <= DEAREST:
        return None
    return int((dollars * NANO).to_integral_value(ROUND_CEILING))
