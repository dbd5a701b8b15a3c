"""Whether a request asks the model to think before it answers, in the words of each dialect.

OpenAI says `reasoning_effort`, OpenRouter `reasoning`, Anthropic `thinking`:
https://platform.openai.com/docs/api-reference/chat, https://openrouter.ai/docs/use-cases/reasoning-tokens,
https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking
"""

from collections.abc import Mapping

import msgspec

_NOT = frozenset({"none", "minimal", "disabled"})


class _Wish(msgspec.Struct):
    type: str | None = None
    effort: str | None = None
    enabled: bool | None = None


_wish = msgspec.json.Decoder(_Wish | str | None)


def asks_to_think(fields: Mapping[str, msgspec.Raw]) -> bool:
    """What can't be read is no wish: the server that is asked says what is wrong with it."""
    return any(_wanted(fields[key]) for key in ("reasoning_effort", "reasoning", "thinking") if key in fields)


def _wanted(raw: msgspec.Raw) -> bool:
    try:
        wish = _wish.decode(raw)
    except msgspec.DecodeError:
        return False
    if isinstance(wish, _Wish):
        return wish.enabled is not False and _NOT.isdisjoint({wish.type, wish.effort})
    return wish is not None and wish not in _NOT
