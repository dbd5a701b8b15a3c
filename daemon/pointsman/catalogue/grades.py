"""How far a model can be trusted, and whose word that is.

The user's word comes before all of this. Then, the first that says anything:

1. `family`: its makers' own words on what it is for, by its name. An engine on this machine may call any
   weights `gpt-4o`: there only names of open weights count.
2. `size`: the parameters that are told, else those in its name, else those that its bytes would hold. Below
   two billion a model follows simple instructions and little more; from twenty billion on it writes at length
   what holds together. The limits are a judgement, drawn so that what a laptop runs well does routine work.
   Of a mixture of experts (`30b-a3b`) the geometric mean of all and active parameters counts, as a rule of
   thumb. Below three bits a weight a model counts for a grade less.
3. `price`: elsewhere. What is sold dear is seldom small; what is sold for little need not be simple.
4. Nothing: routine.

Neither size nor price shows that a model reasons: both end at GENERATION.
"""

import re
from dataclasses import dataclass
from math import sqrt

from pointsman.money import NANO, Price
from pointsman.types import Grade, Tier

ANTHROPIC = "platform.claude.com/docs/about-claude/models/overview, 2026-11-21"
OPENAI = "developers.openai.com/api/docs/models, 2026-11-21"
GOOGLE = "ai.google.dev/gemini-api/docs/models, 2026-11-21"
MISTRAL = "docs.aws.amazon.com/bedrock/latest/userguide/model-cards-mistral-ai, 2026-11-21"
NANO_MODELS = "openrouter.ai/openai/gpt-5-nano, 2026-11-21"
HUGGING_FACE = "sizes on huggingface.co, 2026-11-21"
JUDGED = "a judgement: it is older than what its makers' page still describes"
BY_NAME = "its name: it tells what is harmful from what is not"

BILLION = 1_000_000_000
ROUTINE_FROM = 2 * BILLION  # parameters
GENERATION_FROM = 20 * BILLION
USUAL_BITS = 5.0  # a weight takes in files for engines on this machine, if the quantisation is not told
GENERATION_PRICE = 2 * NANO  # for a million tokens of answers
MEDIUM_COST = 1 * NANO  # a million tokens, three quarters of them read
HIGH_COST = 5 * NANO


@dataclass(frozen=True, slots=True)
class Family:
    """Models by the beginning of their name, without their maker's; the first that fits counts."""

    name: str  # a regular expression
    grade: Grade
    source: str
    open: bool = False  # whoever has its weights may run it


FAMILIES = (
    Family(r".*(guard|safety|moderation)", Grade.SIMPLE, BY_NAME, open=True),
    Family(r"claude.*(opus|fable)", Grade.REASONING, ANTHROPIC),
    Family(r"claude.*sonnet", Grade.GENERATION, ANTHROPIC),
    Family(r"claude.*haiku", Grade.ROUTINE, ANTHROPIC),
    Family(r"gpt-\d.*-nano\b", Grade.SIMPLE, NANO_MODELS),
    Family(r"gpt-\d.*-luna\b", Grade.ROUTINE, OPENAI),
    Family(r"gpt-\d.*-mini\b", Grade.ROUTINE, JUDGED),
    Family(r"gpt-\d.*-terra\b", Grade.GENERATION, OPENAI),
    Family(r"gpt-([5-9]|\d\d)", Grade.REASONING, OPENAI),
    Family(r"gpt-3\.5", Grade.ROUTINE, JUDGED),
    Family(r"gpt-4[.o]", Grade.GENERATION, JUDGED),
    Family(r"o[134]-mini", Grade.GENERATION, JUDGED),
    Family(r"o[134]\b", Grade.REASONING, JUDGED),
    Family(r"gemini.*-8b", Grade.SIMPLE, GOOGLE),
    Family(r"gemini.*flash-lite", Grade.ROUTINE, GOOGLE),
    Family(r"gemini.*flash", Grade.GENERATION, GOOGLE),
    Family(r"gemini.*pro\b", Grade.REASONING, GOOGLE),
    Family(r"mistral-large", Grade.GENERATION, MISTRAL),
    Family(r"mistral-small", Grade.ROUTINE, MISTRAL),
    Family(r"kimi-k[23]", Grade.GENERATION, HUGGING_FACE, open=True),
    Family(r"deepseek-v4-(pro|flash)", Grade.GENERATION, HUGGING_FACE, open=True),
    Family(r"glm-5(\.\d)?\b(?!-flash|v)", Grade.GENERATION, HUGGING_FACE, open=True),
)

# `8x22b`, `1.5b`, `e4b`, `2.4t`, `270m`, and beside it the active ones, `a3b`.
SIZED = re.compile(
    r"(?<![a-z0-9.])(?:(\d{1,2})x)?e?(\d{1,4}(?:\.\d{1,2})?)(b|t)(?![a-z0-9])|(?<![a-z0-9.])(\d{2,3})m(?![a-z0-9])"
)
ACTIVE = re.compile(r"(?<![a-z0-9])a(\d{1,4}(?:\.\d{1,2})?)b(?![a-z0-9])")
BITS = re.compile(r"(?:^|[^a-z])(?:i?q|tq|f|bf|fp|int)(\d{1,2})", re.IGNORECASE)
FEW_BITS = 3


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a model, each only if it is."""

    name: str
    tier: Tier | None
    parameters: int | None = None
    size_bytes: int | None = None
    quantisation: str = ""
    price: Price | None = None


def grade_of(told: Told) -> tuple[Grade, str]:
    """With what it is read from: family, size, price, or unknown."""
    if family := family_of(told.name, local=told.tier is Tier.LOCAL):
        return family.grade, "family"
    if (parameters := _parameters(told)) is not None:
        return _by_size(parameters, _bits(told.quantisation)), "size"
    if told.tier is not Tier.LOCAL and told.price is not None and told.price.output:
        return _by_price(told.price.output), "price"
    return Grade.ROUTINE, "unknown"


def family_of(name: str, *, local: bool) -> Family | None:
    plain = _plain(name)
    fitting = (family for family in FAMILIES if re.match(family.name, plain))
    return next((family for family in fitting if family.open or not local), None)


def cost_class(price: Price | None) -> str:
    """low, medium or high, of a usual request; none: nothing to pay; empty: unknown."""
    if price is None or (cost := price.usual) is None:
        return ""
    if cost == 0 and price.request == 0:
        return "none"
    if cost < MEDIUM_COST:
        return "low"
    return "medium" if cost < HIGH_COST else "high"


def named_size(name: str) -> int | None:
    """Parameters, as a model's name tells them."""
    plain = _plain(name)
    found = [_size(match) for match in SIZED.finditer(plain)]
    if not found:
        return None
    active = ACTIVE.search(plain)
    return round(sqrt(max(found) * float(active[1]) * BILLION)) if active else round(max(found))


def _plain(name: str) -> str:
    return name.lower().rsplit("/", 1)[-1]


def _size(match: re.Match[str]) -> float:
    times, number, unit, millions = match.groups()
    if millions:
        return int(millions) * BILLION / 1_000
    return int(times or 1) * float(number) * BILLION * (1_000 if unit == "t" else 1)


def _parameters(told: Told) -> int | None:
    """Of a mixture of experts the name knows more than the sum that an engine tells."""
    named = named_size(told.name)
    if told.parameters is not None:
        return min(told.parameters, named) if named and ACTIVE.search(_plain(told.name)) else told.parameters
    if named is not None:
        return named
    bits = _bits(told.quantisation) or USUAL_BITS
    return None if told.size_bytes is None else round(told.size_bytes * 8 / bits)


def _bits(quantisation: str) -> int | None:
    """Of a weight: 4 of `Q4_K_M`, 2 of `IQ2_XXS`, 16 of `BF16`."""
    found = BITS.search(quantisation)
    return int(found[1]) or None if found else None


def _by_size(parameters: int, bits: int | None) -> Grade:
    reached = sum(parameters >= least for least in (ROUTINE_FROM, GENERATION_FROM))
    return Grade(max(reached - (bits is not None and bits < FEW_BITS), Grade.SIMPLE))


def _by_price(output: int) -> Grade:
    return Grade.GENERATION if output >= GENERATION_PRICE else Grade.ROUTINE
